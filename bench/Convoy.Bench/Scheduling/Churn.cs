using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Bench.Scheduling;

/// <summary>
/// Nodes of 8 devices in racks of 16 and blocks of 16 racks, and jobs that come and go on them. It keeps its snapshot as the server does.
/// </summary>
internal sealed class Churn
{
    public const int DevicesPerNode = 8;
    private const long Gibibyte = 1L << 30;
    private readonly Random random = new(1);
    private readonly List<RunningJob> running = [];
    private readonly OrderedRecords<RunningJob> records = new(job => job.Standing.SubmitSequence);
    private readonly List<PendingJob> pending = [];
    private int submitted;

    public Churn(int nodes) => Nodes =
    [
        .. Enumerable.Range(0, nodes).Select(i => new Node("c", $"n{i:d6}", NodeHealth.Ready, 96_000, 768 * Gibibyte, "H100-80G", [0, 1, 2, 3, 4, 5, 6, 7], true)
        {
            Topology = ["region", "zone", $"b{i / 256}", $"r{i / 16}"],
        }),
    ];

    public IReadOnlyList<Node> Nodes { get; }

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public IReadOnlyList<PendingJob> Pending => pending;

    public int Running => running.Count;

    public int DevicesHeld { get; private set; }

    public ClusterSnapshot Snapshot() => new(0, Nodes, [.. pending], records.Take());

    public PendingJob Submit(int tasks, int gpus, string level = "engineer", TopologyWish? topology = null, string queue = "default")
    {
        var sequence = submitted++;
        var owner = $"u{sequence % 100}";
        var job = new PendingJob(
            new Standing(JobId.FromKey("bench", $"{sequence}"), owner, level, queue, JobPriority.Normal, sequence), 1,
            [new RoleDemand("worker", tasks, tasks, gpus == 0 ? new ResourceVector(1000, Gibibyte, 0) : new ResourceVector(gpus * 4000, gpus * 16 * Gibibyte, gpus), [])], ["any"], null)
        {
            Topology = topology, SubmittedAt = Now,
        };
        pending.Add(job);
        return job;
    }

    /// <summary>So many jobs of the running ones end, wherever they are.</summary>
    public void End(int jobs)
    {
        for (var i = 0; i < jobs && running.Count > 0; i++)
        {
            var at = random.Next(running.Count);
            DevicesHeld -= running[at].Devices;
            records.Set(running[at].Standing.SubmitSequence, null);
            running[at] = running[^1];
            running.RemoveAt(running.Count - 1);
        }
    }

    public void EndWhere(Predicate<RunningJob> isOver)
    {
        foreach (var job in running.FindAll(isOver)) records.Set(job.Standing.SubmitSequence, null);
        running.RemoveAll(isOver);
        DevicesHeld = running.Sum(job => job.Devices);
    }

    public void Cancel() => pending.Clear();

    public void Pass(TimeSpan time) => Now += time;

    /// <summary>What the plan starts runs; what it evicts waits again.</summary>
    public void Apply(Plan plan)
    {
        var waiting = pending.ToDictionary(job => job.Standing.Id);
        foreach (var gang in plan.Gangs)
        {
            if (plan.MustWait(gang.Job) || !waiting.Remove(gang.Job, out var job)) continue;
            var each = job.Roles.ToDictionary(role => role.Role, role => role.Each);
            running.Add(new RunningJob(job.Standing, gang.Cluster, [.. gang.Tasks.Select(task => new HeldPlace(task.Node, each[task.Role], task.Devices) { Role = task.Role })])
            {
                Revision = 1, StartedAt = Now, Accelerator = gang.Accelerator,
            });
            records.Set(job.Standing.SubmitSequence, running[^1]);
            DevicesHeld += running[^1].Devices;
        }

        pending.RemoveAll(job => !waiting.ContainsKey(job.Standing.Id));
    }
}
