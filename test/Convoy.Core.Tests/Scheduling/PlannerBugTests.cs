using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>
/// Mistakes that a planner could make, one by one and by hand. Each is found under the number of the guarantee that it breaks, the job that
/// it was made for is dropped, and all else of the plan is applied.
/// </summary>
public sealed class PlannerBugTests
{
    private const string A100 = "A100-80G";
    private static readonly Node[] Nodes =
    [
        Worlds.Node("n0", 4), Worlds.Node("n1", 4), Worlds.Node("counted", 4, assigns: false), Worlds.Node("sick", 4, health: NodeHealth.Draining), Worlds.Node("spare", 4, "V100-32G"), Worlds.Node("alike", 4, "V100-32G"),
    ];

    /// <summary>Without room but for one gang of each type.</summary>
    private static readonly Node[] Full = [Nodes[0], Nodes[4]];
    private static readonly PendingJob Wronged = Worlds.Pending(1, 2, 2, "ann", "senior", types: [A100]);
    private static readonly PendingJob Other = Worlds.Pending(2, 1, 4, "bob", types: ["V100-32G"]);
    private static readonly PlannedGang Sound = Gang(Other, "V100-32G", ("spare", [0, 1, 2, 3]));
    private static readonly RunningJob Intern = Running(7, "eve", "intern", "n0", 4);
    private static readonly RunningJob Engineer = Running(8, "eve", "engineer", "n0", 4);

    /// <summary>Two tasks on n0, and as much room on n1.</summary>
    private static readonly RunningJob Movable = Intern with
    {
        Places = [new HeldPlace("n0", new(400, 0, 1), [0]) { Role = "worker" }, new HeldPlace("n0", new(400, 0, 1), [1]) { Role = "worker" }],
        Roles = [new RoleDemand("worker", 2, 2, new(400, 0, 1), [])],
    };

    /// <summary>Nowhere but on n0 four devices for the gang, and on n1 two for who moves.</summary>
    private static readonly Node[] Narrow = [Nodes[0], Worlds.Node("n1", 2) with { CpuMillicores = 800 }, Nodes[3], Nodes[4], Nodes[5]];

    /// <summary>Both teams have a nominal of 4 devices; what is left, another 8, is the organisation's.</summary>
    private static readonly QueueSpec[] Teams = [Team("mine", 4, borrow: 0), Team("poor", 0), Team("theirs", 4)];

    public static TheoryData<string> Bugs => [.. All.Keys];

    private static Dictionary<string, Bug> All { get; } = new()
    {
        ["a task is missing"] = Bug.Of(1, Gang(Wronged, ("n0", [0, 1]))),
        ["a gang is planned twice"] = Bug.Of(1, Whole, Whole),
        ["a gang uses two types"] = Bug.Of(1, Gang(Wronged, ("n0", [0, 1]), ("alike", [0, 1]))),
        ["a gang lands on a type that it does not accept"] = Bug.Of(1, Gang(Wronged, "V100-32G", ("alike", [0, 1]), ("alike", [2, 3]))),
        ["a gang is on a cluster that it may not use"] = Bug.Of(1, Whole) with { Job = Wronged with { Clusters = ["west"] } },
        ["processors are oversubscribed"] = Bug.Of(2, Whole) with { Job = Asking(new(40_000, 0, 2)) },
        ["memory is oversubscribed"] = Bug.Of(2, Whole) with { Job = Asking(new(1000, 300L << 30, 2)) },
        ["network devices are oversubscribed"] = Bug.Of(2, Whole) with { Job = Asking(new ResourceVector(1000, 0, 2) { Rdma = 1 }) },
        ["what others take of a node is forgotten"] = Bug.Of(2, Whole) with { Nodes = [Nodes[0] with { Foreign = new(63_000, 0, 0) }, .. Nodes[1..]] },
        ["counted devices are oversubscribed"] = Bug.Of(2, Gang(Wronged, ("counted", []), ("counted", []))) with { Running = [Running(9, "eve", "senior", "counted", 1)] },
        ["a device is given twice"] = Bug.Of(2, Gang(Wronged, ("n0", [0, 1]), ("n0", [1, 2]))),
        ["a device is given that is not there"] = Bug.Of(2, Gang(Wronged, ("n0", [0, 1]), ("n0", [2, 4]))),
        ["a device is given that a running job has"] = Bug.Of(2, Whole) with { Running = [Running(9, "eve", "senior", "n0", 1)] },
        ["a device is shared beyond the whole"] = Bug.Of(2, Gang(Wronged, ("n0", [0]), ("n0", [0]))) with { Job = Asking(Share(600)) },
        ["a whole device is shared"] = Bug.Of(2, Gang(Wronged, ("n0", [0]), ("n0", [1]))) with { Job = Asking(Share(100)), Running = [Running(9, "eve", "senior", "n0", 1)] },
        ["a device of which somebody has a share is given whole"] = Bug.Of(2, Whole) with { Running = [Running(9, "eve", "senior", "n0", Share(1), [3])] },
        ["a share is given where devices are counted"] = Bug.Of(2, Gang(Wronged, ("counted", [0]), ("counted", [1]))) with { Job = Asking(Share(100)) },
        ["a person's cap is exceeded"] = Bug.Of(3, Whole) with { Senior = new("senior", 30, MaxGpus: 3) },
        ["a cap per job is exceeded"] = Bug.Of(3, Whole) with { Senior = new("senior", 30, MaxGpusPerJob: 3) },
        ["a cap of running jobs is exceeded"] = Bug.Of(3, Whole) with { Senior = new("senior", 30, MaxRunning: 1), Running = [Running(9, "ann", "senior", "n1", 1)] },
        ["shares are forgotten in a cap"] = Bug.Of(3, Gang(Wronged, ("n0", [0]), ("n0", [1]))) with { Job = Asking(Share(600)), Senior = new("senior", 30, MaxGpus: 1) },
        ["a queue's limit is exceeded"] = Bug.Of(3, Whole) with { Job = In("mine"), Teams = Teams, Running = [In("mine", Running(9, "eve", "intern", "n1", 1))] },
        ["who may not be evicted borrows"] = Bug.Of(4, Whole) with { Job = In("poor") with { Preemptible = false }, Teams = Teams },
        ["who may not be evicted by its level borrows"] = Bug.Of(4, Whole) with { Job = In("poor"), Teams = Teams, Senior = new("senior", 30) { Preemptible = false } },
        ["a borrower evicts one inside nominal"] = Bug.Evicting(4, In("theirs", Intern), EvictionCause.Level) with { Job = In("poor"), Teams = Teams },
        ["one inside nominal evicts another inside nominal of another queue"] = Bug.Evicting(4, In("theirs", Intern), EvictionCause.Level) with { Job = In("mine"), Teams = Teams },
        ["what is not borrowed is reclaimed"] = Bug.Evicting(4, In("theirs", Intern), EvictionCause.Reclaim) with { Job = In("mine"), Teams = Teams },
        ["a borrower reclaims"] = Bug.Evicting(4, In("poor", Intern), EvictionCause.Reclaim) with { Job = In("poor"), Teams = Teams },
        ["an equal is evicted"] = Bug.Evicting(5, Engineer with { Standing = Engineer.Standing with { Level = "senior" } }, EvictionCause.Level),
        ["who may not be evicted is"] = Bug.Evicting(5, Intern with { Preemptible = false }, EvictionCause.Level),
        ["a borrower that may not be evicted is reclaimed from"] = Bug.Evicting(5, In("poor", Intern) with { Preemptible = false }, EvictionCause.Reclaim) with { Job = In("mine"), Teams = Teams },
        ["who has just begun is evicted"] = Bug.Evicting(5, Intern, EvictionCause.Level) with { Intern = new("intern", 10) { MinRunTime = TimeSpan.FromHours(2) } },
        ["a level evicts that may not"] = Bug.Evicting(5, Intern, EvictionCause.Level) with { Senior = new("senior", 30) { MayPreempt = false } },
        ["a cause is named that is none"] = Bug.Evicting(5, Intern, EvictionCause.Priority),
        ["another person's job is evicted by priority"] = Bug.Evicting(5, Low(Engineer), EvictionCause.Priority) with { Job = Wronged with { Standing = Wronged.Standing with { Level = "engineer" } } },
        ["service is named where no queue goes by it"] = Bug.Evicting(5, Engineer, EvictionCause.Service) with { Job = Wronged with { Standing = Wronged.Standing with { Level = "engineer" } } },
        ["who is still expected to run is evicted for a promise"] = Bug.Evicting(5, Engineer, EvictionCause.Overrun) with { Job = Worlds.Promised(Wronged, Worlds.Now) },
        ["who outstays is evicted without a promise"] = Bug.Evicting(5, Engineer with { MaxDuration = TimeSpan.FromMinutes(1) }, EvictionCause.Overrun),
        ["somebody is evicted for a job that does not start"] = Bug.Evicting(6, Intern, EvictionCause.Level) with { Gangs = [] },
        ["a victim is named twice"] = Bug.Evicting(6, Intern, EvictionCause.Level) is var twice ? twice with { Evictions = [.. twice.Evictions, .. twice.Evictions] } : null!,
        ["a victim does not run"] = Bug.Evicting(6, Intern, EvictionCause.Level) with { Running = [] },
        ["a victim is not in the way"] = Bug.Evicting(7, Intern, EvictionCause.Level) with { Gangs = [Gang(Wronged, ("n1", [0, 1]), ("n1", [2, 3]))] },
        ["a victim is in the way though there is room elsewhere"] = Bug.Evicting(7, Intern, EvictionCause.Level),
        ["one of two victims would do"] = Bug.Evicting(7, In("poor", Running(7, "eve", "intern", "n0", 4)), EvictionCause.Reclaim) is var both ? both with
        {
            Nodes = [Nodes[0], Nodes[1], Nodes[4]], Job = In("mine"), Teams = Teams, Gangs = [Gang(Wronged, ("n0", [0, 1]), ("n1", [0, 1]))],
            Running = [.. both.Running, In("poor", Running(9, "eve", "intern", "n1", 4))], Evictions = [.. both.Evictions, new PlannedEviction(Worlds.Standing(9, "eve").Id, 0, Wronged.Standing.Id) { Cause = EvictionCause.Reclaim }],
        } : null!,
        ["what is promised to an equal is taken beyond the promise"] = Bug.Of(9, Whole) with { Nodes = Full, Promised = Worlds.Pending(3, 1, 4, "eve", "senior", types: [A100]) },
        ["a job behind takes the place of one ahead"] = Bug.Of(9) with { Nodes = Full, Behind = Worlds.Pending(4, 1, 4, "cat", "intern", types: [A100]), Waits = WaitingToken.InsufficientResources },
        ["a job of a lower level that asks for the same starts first"] = Bug.Of(9) with { Nodes = Full, Job = OnOneRack(Wronged.Standing), Behind = OnOneRack(Worlds.Standing(4, "cat", "intern") with { Queue = "ann" }), Waits = WaitingToken.Fragmented },
        ["a job of a lower priority that asks for the same starts first"] = Bug.Of(9) with { Nodes = Full, Job = OnOneRack(Wronged.Standing), Behind = OnOneRack(Worlds.Standing(4, "cat", "senior", JobPriority.Low) with { Queue = "ann" }), Waits = WaitingToken.Fragmented },
        ["a job is forgotten"] = Bug.Of(10),
        ["a job waits though there is room"] = Bug.Of(10) with { Waits = WaitingToken.InsufficientResources },
        ["a job waits for ever though it would fit"] = Bug.Of(10) with { Waits = WaitingToken.Infeasible },
        ["a job waits for quota that it has"] = Bug.Of(10) with { Waits = WaitingToken.WaitingForQuota, Teams = Teams, Job = In("mine") },
        ["a job is said to exceed a quota that it does not"] = Bug.Of(10) with { Waits = WaitingToken.ExceedsQueueQuota, Teams = Teams, Job = In("mine") },
        ["a job waits for a domain that it does not ask for"] = Bug.Of(10) with { Nodes = Full, Running = [Running(9, "eve", "senior", "n0", 4)], Waits = WaitingToken.TopologyUnsatisfied },
        ["a job is held beyond its time"] = Bug.Of(10) with { Waits = WaitingToken.Held, Job = Wronged with { NotBefore = Worlds.Now } },
        ["a job waits for a cap that it keeps"] = Bug.Of(10) with { Waits = WaitingToken.ExceedsLevelCap },
        ["a job waits for a promise that nobody has"] = Bug.Of(10) with { Waits = WaitingToken.Reserved },
        ["a job waits for victims that are not there"] = Bug.Of(10) with { Waits = WaitingToken.WaitingForPreemption },
        ["a job is moved for a gang that does not start"] = Bug.Moving(6, Movable, "n1") with { Gangs = [] },
        ["a job of a higher level is moved"] = Bug.Moving(5, Movable with { Standing = Movable.Standing with { Level = "senior" } }, "n1") with { Job = Wronged with { Standing = Wronged.Standing with { Level = "engineer" } } },
        ["who may not be evicted is moved"] = Bug.Moving(8, Movable with { Preemptible = false }, "n1"),
        ["who may not be evicted by its level is moved"] = Bug.Moving(8, Movable, "n1") with { Intern = new("intern", 10) { Preemptible = false } },
        ["who has run for nine minutes is moved"] = Bug.Moving(8, Movable with { StartedAt = Worlds.Now - TimeSpan.FromMinutes(9) }, "n1"),
        ["a job is moved within its level's minimum run time"] = Bug.Moving(8, Movable, "n1") with { Intern = new("intern", 10) { MinRunTime = TimeSpan.FromHours(2) } },
        ["a job is moved twice a day"] = Bug.Moving(8, Movable with { MovedAt = Worlds.Now - TimeSpan.FromHours(23) }, "n1"),
        ["a job is moved that has not saved its work for long"] = Bug.Moving(8, Movable with { StartedAt = Worlds.Now - TimeSpan.FromHours(2) }, "n1"),
        ["a job is moved where moves cannot be carried out"] = Bug.Moving(8, Movable, "n1") with { MovesJobs = false },
        ["a job is moved in part"] = Bug.Moving(1, Movable, "n1", "n0"),
        ["a job is moved at another size"] = Bug.Moving(1, Movable with { Roles = [Movable.Roles[0] with { Min = 1 }] }, "n1") is var small ? small with { Moves = [small.Moves[0] with { Tasks = [small.Moves[0].Tasks[0]] }] } : null!,
        ["the ranks of a moved job are out of order"] = Bug.Moving(1, Movable, "n1") is var turned ? turned with { Moves = [turned.Moves[0] with { Tasks = [.. turned.Moves[0].Tasks.Reverse()] }] } : null!,
        ["a job is moved to another type"] = Bug.Moving(1, Movable, "alike"),
        ["a job is moved to what a running job has"] = Bug.Moving(2, Movable, "n1") is var taken ? taken with { Running = [.. taken.Running, Running(9, "eve", "senior", "n1", 1)] } : null!,
        ["a job is moved to what another is still leaving"] = Bug.Moving(2, Movable, "n1") is var late ? late with { Running = [.. late.Running, Running(9, "eve", "senior", "n1", 1) with { IsStopping = true }] } : null!,
        ["a job is moved to where the gang goes"] = Bug.Moving(2, Movable, "n1") with { Gangs = [Gang(Wronged, ("n0", [0, 1]), ("n1", [0, 1]))] },
        ["a job is moved to a node that is not there"] = Bug.Moving(2, Movable, "nowhere"),
        ["a job is moved that is not in the way"] = Bug.Moving(7, Movable, "n1") with { Nodes = [.. Narrow, Worlds.Node("n2", 4)], Gangs = [Gang(Wronged, ("n2", [0, 1]), ("n2", [2, 3]))] },
        ["a job is moved though the gang would fit elsewhere"] = Bug.Moving(7, Movable, "n1") with { Nodes = [.. Narrow, Worlds.Node("n2", 4)] },
        ["a job is moved that is stopping"] = Bug.Moving(7, Movable with { IsStopping = true }, "n1"),
        ["a job is moved that is on its way already"] = Bug.Moving(7, Movable with { IsResizing = true }, "n1"),
        ["a job is moved to machines that are promised to a higher level"] = Bug.Moving(9, Movable, "n1") with { Promised = Worlds.Pending(3, 1, 2, "eve", "senior", cores: 0, types: [A100]), PromisedOn = "n1" },
        ["a job is moved to a node that is unwell"] = Bug.Moving(12, Movable, "sick"),
        ["a moved job is of another revision"] = Bug.Moving(13, Movable with { Revision = 3 }, "n1"),
        ["a gang lands on a node that is unwell"] = Bug.Of(12, Gang(Wronged, ("sick", [0, 1]), ("sick", [2, 3]))),
        ["a gang is of another revision"] = Bug.Of(13, Whole with { JobRevision = 9 }),
        ["a victim is of another revision"] = Bug.Evicting(13, Intern with { Revision = 3 }, EvictionCause.Level),
    };

    private static PlannedGang Whole => Gang(Wronged, ("n0", [0, 1]), ("n0", [2, 3]));

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_bug_is_found_and_only_its_job_is_dropped(string name)
    {
        var bug = All[name];
        var (snapshot, policy, plan) = (bug.Snapshot, bug.Policy, bug.Plan);
        var passed = PlanChecker.Check(snapshot, policy, plan, Worlds.Now);
        passed.Violations.ShouldContain(violation => violation.Guarantee == bug.Guarantee && violation.Job == Wronged.Standing.Id);
        passed.Violations.ShouldAllBe(violation => violation.Job == Wronged.Standing.Id);
        var kept = plan.Gangs.Where(gang => gang.Job != Wronged.Standing.Id).Select(gang => gang.Job).ToArray();
        passed.Plan.Gangs.Select(gang => gang.Job).ShouldBe(kept);
        passed.Plan.Evictions.ShouldBeEmpty();
        passed.Plan.Resizes.ShouldBeEmpty();

        var guarded = new GuardedPlanner((_, _, _) => plan).Plan(snapshot, policy, Worlds.Now);
        guarded.Plan.Gangs.Select(gang => gang.Job).ShouldBe(kept);
        guarded.Violations.ShouldContain(violation => violation.Guarantee == bug.Guarantee);
    }

    [Fact]
    public void Without_the_bugs_there_is_nothing_to_find()
    {
        Sane(Bug.Of(0, Whole));
        Sane(Bug.Of(0, Gang(Wronged, ("n0", [0]), ("n0", [0]))) with { Job = Asking(Share(500)) });
        Sane(Bug.Of(0, Whole) with { Job = In("mine") with { Preemptible = false }, Teams = Teams });
        Sane(Bug.Of(0, Whole) with { Nodes = Full, Promised = Worlds.Pending(3, 1, 4, "eve", "engineer", types: [A100]) });
        Sane(Bug.Of(0, Whole) with { Nodes = Full, Promised = Worlds.Pending(3, 1, 4, "eve", "senior", types: [A100]), Job = Wronged with { MaxDuration = TimeSpan.FromHours(1) } });
        Sane(Bug.Evicting(0, Intern, EvictionCause.Level) with { Nodes = Full });
        Sane(Bug.Evicting(0, Engineer with { MaxDuration = TimeSpan.FromMinutes(1) }, EvictionCause.Overrun) with { Nodes = Full, Job = Worlds.Promised(Wronged, Worlds.Now) });
        Sane(Bug.Moving(0, Movable, "n1"));
        Sane(Bug.Moving(0, Movable with { MovedAt = Worlds.Now - TimeSpan.FromDays(1) }, "n1") with { Intern = new("intern", 10) { MinRunTime = TimeSpan.FromHours(1) } });
        var lower = Low(Running(8, "ann", "senior", "n0", 4));
        Sane(Bug.Evicting(0, lower, EvictionCause.Priority) with { Nodes = Full });
        var borrower = In("poor", Running(7, "eve", "senior", "n0", 4)) with { StartedAt = Worlds.Now };
        Sane(Bug.Evicting(0, borrower, EvictionCause.Reclaim) with { Nodes = Full, Job = In("mine"), Teams = Teams, Senior = new("senior", 30) { MinRunTime = TimeSpan.FromDays(1), MayPreempt = false } });

        static void Sane(Bug bug) => PlanChecker.Violations(bug.Snapshot, bug.Policy, bug.Plan, Worlds.Now).ShouldBeEmpty();
    }

    private static PendingJob Asking(ResourceVector each) => Wronged with { Roles = [Wronged.Roles[0] with { Each = each }] };

    private static PendingJob OnOneRack(Standing standing) => Worlds.Pending(0, 1, 4, types: [A100]) with { Standing = standing, Revision = standing.SubmitSequence, Topology = new TopologyWish(TopologyLevel.Rack, IsRequired: true) };

    private static ResourceVector Share(int milli) => new(1000, 0, 0) { Milli = milli };

    private static QueueSpec Team(string name, int nominal, int? borrow = null) => new(name) { Quotas = new Dictionary<string, Quota> { [A100] = new(nominal, borrow) } };

    private static PendingJob In(string queue) => Wronged with { Standing = Wronged.Standing with { Queue = queue } };

    private static RunningJob In(string queue, RunningJob job) => job with { Standing = job.Standing with { Queue = queue } };

    private static RunningJob Low(RunningJob job) => job with { Standing = job.Standing with { Priority = JobPriority.Low } };

    private static RunningJob Running(int sequence, string owner, string level, string node, int devices) =>
        Running(sequence, owner, level, node, new(1000, 0, devices), [.. Enumerable.Range(0, node == "counted" ? 0 : devices)]);

    private static RunningJob Running(int sequence, string owner, string level, string node, ResourceVector taken, int[] devices) =>
        new(Worlds.Standing(sequence, owner, level), "local", [new HeldPlace(node, taken, devices)]) { StartedAt = Worlds.Now - TimeSpan.FromHours(1), Accelerator = A100 };

    private static PlannedGang Gang(PendingJob job, params (string Node, int[] Devices)[] places) => Gang(job, A100, places);

    private static PlannedGang Gang(PendingJob job, string accelerator, params (string Node, int[] Devices)[] places) =>
        new(job.Standing.Id, job.Revision, "local", accelerator, [.. places.Select((place, rank) => new TaskPlacement("worker", rank, rank, place.Node, place.Devices))]);

    /// <summary>A world, and what is planned in it beside the gang that is always sound.</summary>
    private sealed record Bug(int Guarantee, IReadOnlyList<PlannedGang> Gangs, IReadOnlyList<PlannedEviction> Evictions)
    {
        public PendingJob Job { get; init; } = Wronged;

        public IReadOnlyList<Node> Nodes { get; init; } = PlannerBugTests.Nodes;

        public IReadOnlyList<RunningJob> Running { get; init; } = [];

        public IReadOnlyList<PlannedResize> Moves { get; init; } = [];

        public bool MovesJobs { get; init; } = true;

        public IReadOnlyList<QueueSpec> Teams { get; init; } = [];

        public Level Intern { get; init; } = new("intern", 10);

        public Level Senior { get; init; } = new("senior", 30);

        /// <summary>Waits for a promise of a node in two hours.</summary>
        public PendingJob? Promised { get; init; }

        public string PromisedOn { get; init; } = "n0";

        /// <summary>Starts on all of n0.</summary>
        public PendingJob? Behind { get; init; }

        /// <summary>Why the job waits, if it is planned neither to start nor forgotten.</summary>
        public WaitingToken? Waits { get; init; }

        public ClusterSnapshot Snapshot => Worlds.Snapshot(Nodes, [.. new[] { Job, Other, Promised, Behind }.OfType<PendingJob>()], [.. Running]);

        public SchedulingPolicy Policy => new([Intern, new Level("engineer", 20), Senior]) { Queues = Teams, MovesJobs = MovesJobs };

        public Plan Plan => new(1, [.. Gangs, Sound, .. Behind is null ? [] : new[] { Gang(Behind, ("n0", [0, 1, 2, 3])) }], Evictions, [.. Waiting()])
        {
            Resizes = Moves,
            Reservations = Promised is null ? [] : [new PlannedReservation(Gang(Promised, (PromisedOn, [])), Worlds.Now + TimeSpan.FromHours(2))],
        };

        public static Bug Of(int guarantee, params PlannedGang[] gangs) => new(guarantee, gangs, []);

        /// <summary>The gang is planned where the victim is.</summary>
        public static Bug Evicting(int guarantee, RunningJob victim, EvictionCause cause) =>
            new(guarantee, [Whole], [new PlannedEviction(victim.Standing.Id, 0, Wronged.Standing.Id) { Cause = cause }]) { Running = [victim] };

        /// <summary>The gang is planned where the mover is, which goes on on these nodes, its first tasks on its first devices.</summary>
        public static Bug Moving(int guarantee, RunningJob mover, params string[] nodes)
        {
            var tasks = mover.Places.Select((place, rank) => new TaskPlacement("worker", rank, rank, nodes[rank % nodes.Length], [rank]));
            return new(guarantee, [Whole], []) { Nodes = Narrow, Running = [mover], Moves = [new PlannedResize(mover.Standing.Id, 0, [.. tasks], [Wronged.Standing.Id]) { IsMove = true }] };
        }

        private IEnumerable<WaitingJob> Waiting()
        {
            if (Waits is { } token) yield return new(Job.Standing.Id, new WaitingReason(token, WaitingUnit.Devices, 4, 0, 0, 0, Other.Standing.Id));
            if (Promised is not null) yield return new(Promised.Standing.Id, new WaitingReason(WaitingToken.InsufficientResources, WaitingUnit.Devices, 4, 0, 0, 0));
        }
    }
}
