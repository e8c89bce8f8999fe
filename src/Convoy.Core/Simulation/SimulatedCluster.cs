using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Simulation;

/// <summary>Machines, and who may use them how.</summary>
public sealed record SimulatedCluster(IReadOnlyList<SimulatedNode> Nodes)
{
    public const int MaxNodes = 100_000;

    public IReadOnlyList<Level> Levels { get; init; } = Level.Defaults;

    public IReadOnlyList<QueueSpec> Queues { get; init; } = [];

    /// <summary>Whether running jobs are moved to join fragments.</summary>
    public bool MovesJobs { get; init; }

    /// <summary>A platform's machines, those that are unwell included and those that are gone not, with its queues and levels. Several clusters become one.</summary>
    public static SimulatedCluster Of(ClusterSnapshot snapshot, SchedulingPolicy policy) => new(
    [
        .. snapshot.Nodes.Where(node => node.Health != NodeHealth.Gone).Select(node => new SimulatedNode(node.Devices.Count, node.Accelerator ?? "")
        {
            CpuMillicores = node.CpuMillicores,
            MemoryBytes = node.MemoryBytes,
            Topology = node.Topology,
        }),
    ])
    {
        Levels = policy.Levels,
        Queues = policy.Queues,
        MovesJobs = policy.MovesJobs,
    };

    public SchedulingPolicy Policy => new(Levels) { Queues = Queues, MovesJobs = MovesJobs };

    /// <summary>The trace under a policy. Pure: the same input gives the same result.</summary>
    /// <param name="progress">Told at every instant how many jobs have ended, and the time in the trace.</param>
    /// <exception cref="Documents.BadFileException">The trace takes longer than can be simulated.</exception>
    public SimulationResult Run(IReadOnlyList<SimulatedJob> jobs, SimulationPolicy policy, Action<int, TimeSpan>? progress = null, CancellationToken cancellation = default) =>
        policy == SimulationPolicy.Convoy
            ? VirtualCluster.Run(Nodes, jobs, Policy, progress, null, cancellation)
            : Experiment.Run(Nodes, jobs, policy, progress, cancellation);
}

/// <summary>How long a simulation may go on in its own time: dates beyond cannot be told.</summary>
internal static class SimulatedTime
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(365 * 2000);

    public static TimeSpan Checked(TimeSpan now) => now <= Longest ? now : throw new Documents.BadFileException(
        $"the trace would take more than {Longest.Days / 365} years on this cluster; are the durations in seconds, and is the cluster large enough?");

    public static TimeSpan Earlier(TimeSpan x, TimeSpan y) => x < y ? x : y;
}
