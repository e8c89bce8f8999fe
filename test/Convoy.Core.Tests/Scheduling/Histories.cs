using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>What happens in a random history, and after how long.</summary>
/// <param name="Job">Null where a job is cancelled, or a node lost or found.</param>
/// <param name="Which">The job that is cancelled, by number; or the node.</param>
/// <param name="Runs">Null goes on for ever.</param>
internal sealed record Happening(int Minutes, HappeningKind Kind, int Which, PendingJob? Job, TimeSpan? Runs);

internal enum HappeningKind
{
    Submit,
    Cancel,
    LoseNode,
    FindNode,
}

/// <summary>Random histories of a cluster of four nodes, which two teams share.</summary>
internal static class Histories
{
    private const int Devices = 8;
    private static readonly string[] People = ["ann", "bob", "eve", "joe"];
    private static readonly string[] Levels = ["engineer", "engineer", "senior", "intern"];

    public static readonly Node[] Nodes = [.. Enumerable.Range(0, 4).Select(i => Worlds.Node($"n{i}", Devices) with { Topology = ["region", "zone", "block", $"rack-{i / 2}"] })];

    /// <summary>Everybody under the organisation, whose people are all of one level.</summary>
    public static SchedulingPolicy OneLevel { get; } = new(Level.Defaults) { MovesJobs = true };

    /// <summary>Teams with nominal, a queue by attained service, and interns who are left alone for a quarter of an hour.</summary>
    public static Gen<SchedulingPolicy> Policies { get; } =
        from red in Gen.OneOf<int?>(null, 8, 16)
        from blue in Gen.OneOf<int?>(null, 8, 16)
        from ordering in Gen.Enum<QueueOrdering>()
        from minutes in Gen.OneOf(0, 15)
        select new SchedulingPolicy([new Level("intern", 10) { MinRunTime = TimeSpan.FromMinutes(minutes) }, new Level("engineer", 20), new Level("senior", 30)])
        {
            Queues = [Team("red", red), Team("blue", blue) with { Ordering = ordering }],
            MovesJobs = true,
        };

    /// <summary>Jobs of two teams and all levels, some elastic, some that may not be evicted, some that declare less than they take; nodes come and go.</summary>
    public static Gen<Happening[]> Of(int most, bool hasEnd) =>
        (from kind in Gen.Frequency((8, Gen.Const(HappeningKind.Submit)), (1, Gen.Const(HappeningKind.Cancel)), (1, Gen.Const(HappeningKind.LoseNode)), (1, Gen.Const(HappeningKind.FindNode)))
         from gap in Gen.Int[0, 40]
         from which in Gen.Int[0, 40]
         from shape in Gen.Select(Gen.Int[1, 3], Gen.OneOf(1, 2, 4, 8), Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[1, 4])))
         from who in Gen.Select(Gen.Int[0, 3], Gen.OneOf("red", "blue"), Gen.Enum<JobPriority>())
         from minutes in Gen.Int[5, 200]
         from halves in Gen.OneOf(0, 1, 2, 2, 4)
         from isProtected in Gen.Frequency((8, Gen.Const(false)), (1, Gen.Const(true)))
         select new Happening(gap, kind, which, kind != HappeningKind.Submit ? null : Job(who, shape) with
         {
             Preemptible = !isProtected,
             MaxDuration = halves == 0 ? null : TimeSpan.FromMinutes(minutes * halves / 2),
         }, hasEnd ? TimeSpan.FromMinutes(minutes) : null)).Array[1, most].Select(Numbered);

    /// <summary>Jobs of people of one level, who say truly how long they take; nothing goes wrong.</summary>
    public static Gen<Happening[]> Truthful(int most) =>
        (from gap in Gen.Int[0, 40]
         from shape in Gen.Select(Gen.Int[1, 4], Gen.OneOf(1, 2, 4, 8), Gen.Const(0))
         from owner in Gen.Int[0, 3]
         from priority in Gen.Enum<JobPriority>()
         from minutes in Gen.Int[5, 300]
         select new Happening(gap, HappeningKind.Submit, 0, Job((owner, QueueTree.RootName, priority), shape) with
         {
             MaxDuration = TimeSpan.FromMinutes(minutes),
         }, TimeSpan.FromMinutes(minutes))).Array[1, most].Select(happenings => Numbered([.. happenings.Select(each => each with { Job = each.Job! with { Standing = each.Job.Standing with { Level = "engineer" } } })]));

    /// <summary>All that happens, in a history that is then as it is after the last of it.</summary>
    public static History Play(this History history, IEnumerable<Happening> happenings)
    {
        foreach (var happening in happenings)
        {
            history.GoOnTo(history.Now + TimeSpan.FromMinutes(happening.Minutes));
            switch (happening.Kind)
            {
                case HappeningKind.Submit:
                    history.Submit(happening.Job!, happening.Runs, TimeSpan.FromMinutes(5));
                    break;
                case HappeningKind.Cancel when history.Unfinished.Count > 0:
                    history.Cancel(history.Unfinished.ElementAt(happening.Which % history.Unfinished.Count).Id);
                    break;
                case HappeningKind.LoseNode:
                    history.SetHealth(Nodes[happening.Which % Nodes.Length].Name, NodeHealth.Gone);
                    break;
                case HappeningKind.FindNode:
                    history.SetHealth(Nodes[happening.Which % Nodes.Length].Name, NodeHealth.Ready);
                    break;
            }

            history.Plan();
        }

        return history;
    }

    private static PendingJob Job((int Owner, string Queue, JobPriority Priority) who, (int Tasks, int Gpus, int Surplus) shape) => new(
        new Standing(default, People[who.Owner], Levels[who.Owner], who.Queue, who.Priority, 0),
        0,
        [new RoleDemand("worker", shape.Tasks, shape.Tasks + shape.Surplus, new ResourceVector(1000, 0, shape.Gpus), [])],
        ["any"],
        null);

    private static Happening[] Numbered(Happening[] happenings) => [.. happenings.Select((each, i) => each.Job is not { } job ? each
        : each with { Job = job with { Standing = job.Standing with { Id = JobId.FromKey(job.Standing.Owner, $"job {i}"), SubmitSequence = i } } })];

    private static QueueSpec Team(string name, int? nominal) =>
        new(name) { Quotas = nominal is null ? new Dictionary<string, Quota>() : new Dictionary<string, Quota> { ["A100-80G"] = new(nominal) } };
}
