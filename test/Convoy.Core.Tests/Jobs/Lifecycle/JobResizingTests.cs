using Convoy.Core.Jobs;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Jobs.Lifecycle;

/// <summary>An elastic job whose running attempt goes on with more tasks, or with fewer.</summary>
public sealed class JobResizingTests
{
    private static readonly TimeSpan Longer = LifecycleWalk.BindTimeout + TimeSpan.FromSeconds(1);

    [Fact]
    public void A_job_that_grows_keeps_its_attempt_and_its_tasks_and_runs_on_while_the_new_one_starts()
    {
        var walk = Running().Grow();
        walk.Job.Phase.ShouldBe(JobPhase.Running);
        walk.Job.Attempts.ShouldHaveSingleItem().Tasks.Select(task => (task.Placement.Rank, task.Placement.Node, task.State))
            .ShouldBe([(0, "node-0", TaskState.Running), (1, "node-1", TaskState.Running), (2, "node-2", TaskState.Assigned)]);
        walk.Events[^1].ShouldBeOfType<JobResized>().ShouldSatisfyAllConditions(grown => grown.Before.ShouldBe(2), grown => grown.After.ShouldBe(3), grown => grown.Generation.ShouldBe(2));
        Assignment.Of(walk.Job)!.ShouldSatisfyAllConditions(wish => wish.Generation.ShouldBe(2), wish => wish.Attempt.ShouldBe(1), wish => wish.Tasks.Count.ShouldBe(3), wish => wish.Released.ShouldBeEmpty());
        RunningJob.Of(walk.Job)!.IsResizing.ShouldBeTrue();
        walk.Started(2).Exited(0, 0, 1).Job.Phase.ShouldBe(JobPhase.Running);
        walk.Exited(0, 2).Job.Phase.ShouldBe(JobPhase.Succeeded);
    }

    [Fact]
    public void What_a_job_gives_up_is_held_until_it_has_ended_and_how_it_ends_is_nobodys_failure()
    {
        var walk = Running().Shrink();
        Assignment.Of(walk.Job)!.Released.ShouldBe([1]);
        var held = RunningJob.Of(walk.Job)!;
        held.Places.Select(place => (place.Node, place.IsLeaving)).ShouldBe([("node-0", false), ("node-1", true)]);
        (held.IsResizing, held.Devices).ShouldBe((true, 2));
        walk.Exited(1, 1).Job.Phase.ShouldBe(JobPhase.Running);
        walk.Job.Attempts[0].Tasks[1].Outcome!.Code.ShouldBe(1);
        held = RunningJob.Of(walk.Job)!;
        held.Places.ShouldHaveSingleItem().Node.ShouldBe("node-0");
        held.IsResizing.ShouldBeFalse();
        walk.Exited(0, 0).Job.Phase.ShouldBe(JobPhase.Succeeded);
    }

    [Fact]
    public void A_job_whose_tasks_have_all_ended_well_ends_when_what_it_gave_up_has_ended_too()
    {
        var walk = Running().Shrink().Exited(0, 0);
        walk.Job.Phase.ShouldBe(JobPhase.Running);
        walk.Lost(1).Job.Phase.ShouldBe(JobPhase.Succeeded);
    }

    [Fact]
    public void A_task_that_failed_is_replaced_where_it_ran_as_often_as_the_job_may_restart_and_the_others_go_on()
    {
        var walk = Replacing(restarts: 1).Exited(3, 1);
        walk.Job.Phase.ShouldBe(JobPhase.Running);
        walk.Job.Restarts.ShouldBe(1);
        walk.Job.Attempts.ShouldHaveSingleItem().Tasks.Select(task => (task.Placement.Rank, task.Placement.Node, task.IsMember, task.State))
            .ShouldBe([(0, "node-0", true, TaskState.Running), (1, "node-1", false, TaskState.Exited), (2, "node-1", true, TaskState.Assigned)]);
        walk.Events[^1].ShouldBeOfType<JobResized>().ShouldSatisfyAllConditions(e => (e.Before, e.After).ShouldBe((2, 2)), e => e.Failure!.Rank.ShouldBe(1));
        Assignment.Of(walk.Job)!.ShouldSatisfyAllConditions(wish => wish.Generation.ShouldBe(2), wish => wish.Released.ShouldBe([1]), wish => wish.Members.Select(task => task.Rank).ShouldBe([0, 2]));

        walk.Started(2).Exited(3, 2).Job.Phase.ShouldBe(JobPhase.Stopping);
        walk.Stopped(0).Job.Phase.ShouldBe(JobPhase.Failed);
        walk.Job.Failure!.Rank.ShouldBe(2);
    }

    [Fact]
    public void A_job_whose_tasks_were_replaced_succeeds_when_those_have_ended_well()
    {
        Replacing(restarts: 3).Exited(1, 1).Started(2).Exited(1, 2).Started(3).Exited(0, 0, 3).Job.ShouldSatisfyAllConditions(job => job.Phase.ShouldBe(JobPhase.Succeeded), job => job.Restarts.ShouldBe(2));
    }

    [Fact]
    public void The_first_rank_and_what_the_job_did_not_name_and_what_is_not_its_own_fault_are_not_replaced()
    {
        Replacing(restarts: 1).Exited(3, 0).Job.Phase.ShouldBe(JobPhase.Stopping);
        Replacing(restarts: 1).Lost(1).Job.ShouldSatisfyAllConditions(job => job.Phase.ShouldBe(JobPhase.Stopping), job => job.Restarts.ShouldBe(0));
        Replacing(restarts: 1, [33]).Exited(3, 1).Job.Phase.ShouldBe(JobPhase.Stopping);
        Replacing(restarts: 1, [33]).Exited(33, 1).Job.Phase.ShouldBe(JobPhase.Running);
        Replacing(restarts: 1).See(TaskState.Exited, new TaskOutcome(null, 9, OutOfMemory: true), 1).Job.Phase.ShouldBe(JobPhase.Stopping);
        LifecycleWalk.Of(LifecycleWalk.Spec(2, new() { MaxRestarts = 1 }, gpus: 1, most: 3)).Assign().Started(0, 1, 2).Exited(3, 1).Job.Phase.ShouldBe(JobPhase.Stopping);
    }

    [Fact]
    public void A_job_that_would_be_too_small_without_a_replacement_that_does_not_come_to_run_starts_again_as_a_whole()
    {
        Replacing(restarts: 3).Exited(3, 1).Lost(2).Job.ShouldSatisfyAllConditions(job => job.Phase.ShouldBe(JobPhase.Stopping), job => job.Attempts[0].StopCause.ShouldBe(StopCause.NodeLost));
        var late = Replacing(restarts: 3).Exited(3, 1).After(Longer).Tell(new JobCommand.CheckDeadlines(LifecycleWalk.BindTimeout));
        late.Job.ShouldSatisfyAllConditions(job => job.Phase.ShouldBe(JobPhase.Stopping), job => job.Attempts[0].StopCause.ShouldBe(StopCause.NotBound));
        var refused = Replacing(restarts: 3).Exited(3, 1);
        refused.Tell(new JobCommand.Refuse(refused.Job.Generation, "no room")).Job.Attempts[0].StopCause.ShouldBe(StopCause.NotBound);
    }

    /// <summary>Two tasks, the least, that run.</summary>
    private static LifecycleWalk Replacing(int restarts, int[]? codes = null) =>
        LifecycleWalk.Of(LifecycleWalk.Spec(2, new() { MaxRestarts = restarts, RetryExitCodes = codes ?? [], ReplaceFailedTasks = true }, gpus: 1, most: 3)).Assign(0).Started(0, 1);

    [Fact]
    public void A_rank_that_was_given_up_is_never_given_again()
    {
        var walk = Running().Shrink().Stopped(1).Grow();
        walk.Job.Attempts[0].Tasks.Select(task => (task.Placement.Rank, task.Placement.RoleIndex, task.IsMember)).ShouldBe([(0, 0, true), (1, 1, false), (2, 2, true)]);
        walk.Exited(3, 1).Job.Phase.ShouldBe(JobPhase.Running);
        walk.Started(2).Exited(3, 2).Job.Phase.ShouldBe(JobPhase.Stopping);
        walk.Job.Failure!.Rank.ShouldBe(2);
    }

    [Fact]
    public void One_from_the_middle_may_go_and_the_others_keep_their_ranks()
    {
        var walk = Running().Grow().Started(2).Shrink(1);
        Assignment.Of(walk.Job)!.ShouldSatisfyAllConditions(wish => wish.Released.ShouldBe([1]), wish => wish.Members.Select(task => (task.Rank, task.Node)).ShouldBe([(0, "node-0"), (2, "node-2")]));
    }

    [Fact]
    public void The_first_rank_never_goes_and_nothing_goes_below_the_least_nor_above_the_most()
    {
        var walk = Running();
        Refused(walk, walk.Without(0));
        Refused(walk, []);
        Refused(walk, [.. walk.WithOneMore(), new TaskPlacement("worker", 3, 3, "node-3", [])]);
        Refused(walk, [new TaskPlacement("worker", 0, 0, "node-0", []), new TaskPlacement("worker", 1, 1, "node-7", [])]);
        Refused(walk, [.. walk.Without(), new TaskPlacement("ps", 0, 1, "node-1", [])]);
        walk.Shrink().Stopped(1);
        Refused(walk, []);

        static void Refused(LifecycleWalk walk, TaskPlacement[] tasks) =>
            JobLifecycle.Decide(walk.Job, new JobCommand.Resize(walk.Job.Revision, tasks, []), walk.Now).ShouldBeOfType<Decision.Rejected>();
    }

    [Fact]
    public void A_plan_of_an_older_revision_or_for_a_job_that_is_finishing_or_resizing_already_is_dropped()
    {
        var walk = Running();
        Stale(walk, walk.Job.Revision - 1);
        Stale(LifecycleWalk.Of(Elastic()), 1);
        Stale(Running().Exited(0, 1), null);
        Stale(Running().Grow(), null);
        Stale(Running().Shrink(), null);
        Stale(Running().Tell(new JobCommand.Cancel("ann")), null);

        static void Stale(LifecycleWalk walk, long? revision) =>
            JobLifecycle.Decide(walk.Job, new JobCommand.Resize(revision ?? walk.Job.Revision, walk.WithOneMore(), []), walk.Now).ShouldBeOfType<Decision.Rejected>().Code.ShouldBe("Stale");
    }

    [Fact]
    public void A_gang_that_has_not_started_may_give_some_up_and_runs_when_the_others_do_but_gets_no_more()
    {
        var walk = LifecycleWalk.Of(Elastic()).Assign().Started(0);
        RunningJob.Of(walk.Job)!.Roles.ShouldHaveSingleItem().Max.ShouldBe(2);
        walk.Grow().Job.Attempts[0].Tasks.Count.ShouldBe(2);
        walk.Shrink().Job.Phase.ShouldBe(JobPhase.Running);
        walk.Job.Attempts[0].RunningAt.ShouldNotBeNull();
    }

    [Fact]
    public void What_was_added_and_never_ran_is_done_without()
    {
        SmallerAgain(Running().Grow().After(Longer).Tell(new JobCommand.CheckDeadlines(LifecycleWalk.BindTimeout)));
        SmallerAgain(Running().Grow().Lost(2));
        var refused = Running().Grow();
        SmallerAgain(refused.Tell(new JobCommand.Refuse(refused.Job.Generation, "no such node")));
        Running().Grow().Tell(new JobCommand.Refuse(1, "late")).Job.Attempts[0].Members.Count().ShouldBe(3);

        static void SmallerAgain(LifecycleWalk walk)
        {
            walk.Job.Phase.ShouldBe(JobPhase.Running);
            walk.Events[^1].ShouldBeOfType<JobResized>().ShouldSatisfyAllConditions(resized => resized.Released.ShouldBe([2]), resized => resized.For.ShouldBeEmpty());
            walk.Lost(2).Exited(0, 0, 1).Job.Phase.ShouldBe(JobPhase.Succeeded);
        }
    }

    [Fact]
    public void The_bind_timeout_counts_from_the_growth_and_only_while_something_has_not_started()
    {
        var walk = Running();
        JobLifecycle.NextDeadline(walk.Job, LifecycleWalk.BindTimeout).ShouldBeNull();
        var at = walk.Now;
        JobLifecycle.NextDeadline(walk.Grow().Job, LifecycleWalk.BindTimeout).ShouldBe(at + LifecycleWalk.BindTimeout);
        JobLifecycle.NextDeadline(walk.Started(2).Job, LifecycleWalk.BindTimeout).ShouldBeNull();
    }

    [Fact]
    public void What_came_when_the_others_were_already_done_fails_nobody()
    {
        var walk = Running().Grow().Started(2).Exited(0, 0, 1);
        walk.Job.Phase.ShouldBe(JobPhase.Running);
        walk.Exited(1, 2).Job.Phase.ShouldBe(JobPhase.Succeeded);
    }

    [Fact]
    public void What_was_added_and_ran_fails_the_job_like_any_other()
    {
        var walk = Running().Grow().Started(2).Exited(7, 2);
        walk.Job.Phase.ShouldBe(JobPhase.Stopping);
        walk.Job.Failure!.ExitCode.ShouldBe(7);
        Running().Grow().Started(2).Lost(2).Job.Attempts[0].StopCause.ShouldBe(StopCause.NodeLost);
    }

    [Fact]
    public void A_drain_of_a_node_that_a_job_is_leaving_anyway_stops_nobody()
    {
        var walk = Running().Shrink();
        walk.Tell(new JobCommand.Drain("local", "node-1", "root")).Job.Phase.ShouldBe(JobPhase.Running);
        walk.Tell(new JobCommand.Drain("local", "node-0", "root")).Job.Phase.ShouldBe(JobPhase.Stopping);
    }

    [Fact]
    public void Only_what_was_held_is_charged_and_only_while_it_was()
    {
        var walk = Running();
        var assigned = walk.Job.Attempts[0].AssignedAt;
        var grown = walk.After(TimeSpan.FromHours(1)).Now;
        var shrunk = walk.Grow().Started(2).After(TimeSpan.FromHours(1)).Now;
        var left = walk.Shrink(1).After(TimeSpan.FromSeconds(5)).Now;
        walk.Stopped(1).After(TimeSpan.FromHours(1)).Exited(0, 0, 2);
        var ended = walk.Job.EndedAt!.Value;
        AttemptUsage.AllOf(walk.Job, walk.Job.Attempts[0]).Select(usage => (usage.Part, usage.MilliDevices, usage.From, usage.Until))
            .ShouldBe([(2, 1000L, assigned, (DateTimeOffset?)left), (1, 1000L, assigned, (DateTimeOffset?)ended), (0, 1000L, grown, (DateTimeOffset?)ended)]);
        (shrunk < left).ShouldBeTrue();
    }

    private static JobSpec Elastic() => LifecycleWalk.Spec(1, gpus: 1, most: 3);

    /// <summary>With two of one to three tasks.</summary>
    private static LifecycleWalk Running() => LifecycleWalk.Of(Elastic()).Assign().Started(0, 1);
}
