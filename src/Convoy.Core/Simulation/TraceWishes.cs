using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Simulation;

/// <summary>Jobs of a trace as the scheduler is told of them.</summary>
/// <param name="largest">Devices of the largest node.</param>
internal sealed class TraceWishes(SchedulingPolicy policy, int largest)
{
    private readonly Level usual = policy.Levels.FirstOrDefault(level => level.Name == "engineer") ?? policy.Levels.MinBy(level => level.Rank) ?? new Level("engineer", 0);

    /// <param name="sequence">Its place in the order of submission.</param>
    public PendingJob Of(SimulatedJob job, int sequence)
    {
        var level = job.Level ?? usual.Name;
        var queue = job.Queue ?? (job.User == SimulatedJob.Somebody ? QueueTree.RootName : job.User);
        return new PendingJob(new Standing(JobId.FromKey("trace", $"{sequence}"), job.User, level, queue, job.Priority, sequence), 0, Roles(job), ["any"], null)
        {
            Preemptible = job.Preemptible,
            SubmittedAt = VirtualCluster.At(job.Submit),

            // As at submission: who declares no maximum has the level's.
            MaxDuration = policy.Levels.FirstOrDefault(each => each.Name == level)?.MaxDuration,
        };
    }

    /// <summary>At most one machine's devices are one task; more are tasks of whole machines, and the rest on another.</summary>
    private RoleDemand[] Roles(SimulatedJob job)
    {
        return job.Nodes is { } count ? [Role("worker", job.MinNodes ?? count, count, job.Each)]
            : job.Gpus <= largest ? [Role("worker", 1, 1, job.Each)]
            : job.Gpus % largest == 0 ? [Role("worker", job.Gpus / largest, job.Gpus / largest, job.PartOf(largest))]
            : [Role("master", 1, 1, job.PartOf(job.Gpus % largest)), Role("worker", job.Gpus / largest, job.Gpus / largest, job.PartOf(largest))];

        RoleDemand Role(string name, int min, int max, ResourceVector each) => new(name, min, max, each == default ? RoleDemand.LeftOut : each, job.Accelerators);
    }
}
