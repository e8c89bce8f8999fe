using Convoy.Core.Jobs;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;
using Convoy.Core.Tests.Jobs.Lifecycle;
using Convoy.Core.Tests.Queues;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

public sealed class LiveSnapshotTests
{
    private static readonly QueueTree Tree = Trees.Tree(new QueueSpec("vision"), new QueueSpec("lanes", "vision"));
    private static readonly string[] Queues = ["vision", "lanes", "default", "bob"];
    private static readonly Node[] Nodes = [Worlds.Node("n1", 8), Worlds.Node("n2", 8, "V100-32G")];

    /// <summary>Which job takes a step, which step (<see cref="LifecycleWalk.Step"/>), what the plan promises, and whether a snapshot is taken.</summary>
    private static readonly Gen<(int Job, int Kind, int Rank, int Code, int Promise, bool Takes)[]> Histories =
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 16], Gen.Int[0, 1], Gen.Int[0, 4], Gen.Int[0, 15], Gen.Bool).Array[1, 120];

    [Fact]
    public void After_any_history_it_is_the_same_as_one_that_begins_now_with_what_is_stored() => Histories.Sample(history =>
    {
        var jobs = new LifecycleWalk?[4];
        var live = new LiveSnapshot(Accounts());
        var (now, promises) = (LifecycleWalk.Start, new Dictionary<JobId, PlannedReservation>());
        foreach (var (index, kind, rank, code, promise, takes) in history)
        {
            var job = jobs[index] ??= LifecycleWalk.Of(LifecycleWalk.Spec(2, new() { MaxRestarts = 2 }, gpus: index), index < 2 ? "ann" : "bob", Queues[index], index + 1);
            job.After(now - job.Now).Step(kind, rank, code);
            now = job.Now;
            live.Tell(job.Job);
            if (code == 4) live.Tell(job.Job);
            if (promise < 3)
            {
                promises = jobs.OfType<LifecycleWalk>().Take(promise).ToDictionary(other => other.Job.Id, other => new PlannedReservation(new PlannedGang(other.Job.Id, other.Job.Revision, "local", null, []), other.Now));
                live.Promise(promises);
            }

            if (takes) Text(live, now).ShouldBe(Text(Begun([.. jobs.OfType<LifecycleWalk>().Reverse().Select(walk => walk.Job)], promises), now));
        }

        Text(live, now).ShouldBe(Text(Begun([.. jobs.OfType<LifecycleWalk>().Reverse().Select(walk => walk.Job)], promises), now));
    });

    [Fact]
    public void A_snapshot_that_was_taken_is_not_changed_by_what_comes_after()
    {
        var live = new LiveSnapshot(Accounts());
        var walk = LifecycleWalk.Of();
        live.Tell(walk.Job);
        var before = live.Take(Nodes, Tree, walk.Now);
        live.Tell(walk.Assign().Job);
        var after = live.Take(Nodes, Tree, walk.Now);
        (before.Pending.Count, before.Running.Count, after.Pending.Count, after.Running.Count).ShouldBe((1, 0, 0, 1));
    }

    [Fact]
    public void What_changed_nothing_costs_no_new_list()
    {
        var live = new LiveSnapshot(Accounts());
        var walk = LifecycleWalk.Of();
        live.Tell(walk.Job);
        var before = live.Take(Nodes, Tree, walk.Now);
        live.Tell(walk.Job);
        live.Promise(new Dictionary<JobId, PlannedReservation>());
        live.Take(Nodes, Tree, walk.Now).Pending.ShouldBeSameAs(before.Pending);
    }

    [Fact]
    public void A_job_that_lost_its_node_waits_to_be_repaired_and_one_that_failed_by_itself_does_not()
    {
        PendingJob.Of(LifecycleWalk.Of().Assign().Started(0, 1).Lost(0).Lost(1).Job).IsRepair.ShouldBeTrue();
        PendingJob.Of(LifecycleWalk.Of(LifecycleWalk.Spec(recovery: new() { MaxRestarts = 1 })).Assign().Started(0, 1).Exited(1, 0).Stopped(1).Job).IsRepair.ShouldBeFalse();
        PendingJob.Of(LifecycleWalk.Of().Assign().Started(0, 1).See(TaskState.Exited, new TaskOutcome(1, DeviceError: true), 0).Stopped(1).Job).IsRepair.ShouldBeTrue();
        PendingJob.Of(LifecycleWalk.Of().Job).IsRepair.ShouldBeFalse();
    }

    [Fact]
    public void A_running_job_says_whose_task_holds_each_place_and_of_what_type_its_devices_are()
    {
        var running = RunningJob.Of(LifecycleWalk.Of(LifecycleWalk.Spec(gpus: 2)).Assign().Job).ShouldNotBeNull();
        running.Accelerator.ShouldBe("A100-80G");
        running.Places.ShouldAllBe(place => place.Role == "worker");
    }

    private static UsageAccounts Accounts() => new(FairShare.DefaultHalfLife, LifecycleWalk.Start);

    /// <summary>As after a restart: the store tells of attempts that have ended, and of jobs that have not.</summary>
    private static LiveSnapshot Begun(Job[] jobs, IReadOnlyDictionary<JobId, PlannedReservation> promises)
    {
        var usage = Accounts();
        foreach (var job in jobs)
        {
            foreach (var part in job.Attempts.Where(attempt => attempt.EndedAt is not null).SelectMany(attempt => AttemptUsage.AllOf(job, attempt))) usage.Charge(part);
        }

        var live = new LiveSnapshot(usage);
        live.Promise(promises);
        foreach (var job in jobs.Where(job => !job.Phase.IsFinished())) live.Tell(job);
        return live;
    }

    private static string Text(LiveSnapshot live, DateTimeOffset now) =>
        System.Text.Encoding.UTF8.GetString(new PlanningCase(live.Take(Nodes, Tree, now), Worlds.Policy, now).ToJson());
}
