using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Jobs.Lifecycle;

public sealed class JobLifecycleTests
{
    [Fact]
    public void A_gang_runs_when_its_last_task_has_started_and_succeeds_when_its_last_has_ended()
    {
        var walk = LifecycleWalk.Of().Assign().Started(0);
        walk.Job.Phase.ShouldBe(JobPhase.Starting);
        walk.Started(1).Job.Phase.ShouldBe(JobPhase.Running);
        walk.Exited(0, 0).Job.Phase.ShouldBe(JobPhase.Running);
        walk.Exited(0, 1).Job.Phase.ShouldBe(JobPhase.Succeeded);
        walk.Job.Restarts.ShouldBe(0);
    }

    [Fact]
    public void Who_types_into_an_interactive_job_is_remembered_and_changes_nothing_else()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1) with { Interactive = new() });
        JobLifecycle.Decide(walk.Job, new JobCommand.OpenTerminal("ann"), walk.Now).ShouldBeOfType<Decision.Rejected>().Code.ShouldBe("NotRunning");
        var before = walk.Assign().Started(0).Job;
        var after = walk.Tell(new JobCommand.OpenTerminal("ann")).Job;
        after.ShouldBe(before with { Revision = before.Revision + 1, Attempts = after.Attempts });
        var opened = walk.Events[^1].ShouldBeOfType<TerminalOpened>();
        opened.By.ShouldBe("ann");
        after.Attempts.ShouldHaveSingleItem().ShouldBe(before.Attempts[0] with { TerminalOpenedAt = opened.At });

        // Again at once is no other event: who opens it without end would make every plan stale.
        JobLifecycle.Decide(walk.Job, new JobCommand.OpenTerminal("ann"), opened.At.AddSeconds(59)).ShouldBe(Decision.Nothing);
        JobLifecycle.Decide(walk.Job, new JobCommand.OpenTerminal("ann"), opened.At.AddMinutes(1)).ShouldBeOfType<Decision.Accepted>().Events.ShouldHaveSingleItem();
        var plain = LifecycleWalk.Of(LifecycleWalk.Spec(1)).Assign().Started(0);
        JobLifecycle.Decide(plain.Job, new JobCommand.OpenTerminal("ann"), plain.Now).ShouldBeOfType<Decision.Rejected>();
    }

    [Fact]
    public void The_first_rank_that_failed_is_named_with_code_and_class_and_the_rest_of_the_gang_is_stopped()
    {
        var walk = LifecycleWalk.Of().Assign().Started(0, 1).Exited(3, 1);
        walk.Job.Phase.ShouldBe(JobPhase.Stopping);
        walk.Stopped(0).Job.Phase.ShouldBe(JobPhase.Failed);
        walk.Job.Failure.ShouldNotBeNull().ShouldSatisfyAllConditions(
            failure => failure.Rank.ShouldBe(1),
            failure => failure.ExitCode.ShouldBe(3),
            failure => failure.Class.ShouldBe(FailureClass.User));
    }

    [Fact]
    public void Observations_that_come_late_together_name_the_failure_that_happened_first()
    {
        var walk = LifecycleWalk.Of().Assign().Started(0, 1);
        walk.Tell(new JobCommand.Observe(
        [
            new(walk.Job.Id, 1, 0, TaskState.Exited, walk.Now + TimeSpan.FromSeconds(5), new TaskOutcome(1)),
            new(walk.Job.Id, 1, 1, TaskState.Exited, walk.Now, new TaskOutcome(7)),
        ]));
        walk.Job.Phase.ShouldBe(JobPhase.Failed);
        walk.Job.Failure!.Rank.ShouldBe(1);
        walk.Job.Failure.ExitCode.ShouldBe(7);
    }

    [Fact]
    public void A_failure_of_its_own_restarts_as_often_as_asked_and_backs_off()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1, new() { MaxRestarts = 2 }));
        foreach (var expected in (int[])[1, 2])
        {
            walk.Assign().Started(0).Exited(1, 0).Job.Phase.ShouldBe(JobPhase.Pending);
            (walk.Job.Restarts, walk.Job.PlatformRestarts).ShouldBe((expected, 0));
            walk.Job.NotBefore.ShouldNotBeNull().ShouldBeGreaterThan(walk.Job.Attempts[^1].EndedAt!.Value);
        }

        walk.Assign().Started(0).Exited(1, 0).Job.Phase.ShouldBe(JobPhase.Failed);
        walk.Job.Attempts.Count.ShouldBe(3);
        walk.Job.Attempts.ShouldAllBe(attempt => attempt.Tasks[0].Outcome!.Code == 1);
    }

    [Fact]
    public void Every_restart_waits_twice_as_long_as_the_one_before_it_and_none_longer_than_five_minutes()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1, new() { MaxRestarts = 50 }));
        foreach (var seconds in (int[])[5, 10, 20, 40, 80, 160, .. Enumerable.Repeat(300, 44)])
        {
            walk.Assign().Started(0).Exited(1, 0).Job.NotBefore.ShouldBe(walk.Events[^1].At + TimeSpan.FromSeconds(seconds));
        }
    }

    [Fact]
    public void Only_the_exit_codes_named_are_retried()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1, new() { MaxRestarts = 5, RetryExitCodes = [33] }));
        walk.Assign().Started(0).Exited(33, 0).Job.Phase.ShouldBe(JobPhase.Pending);
        walk.Assign().Started(0).Exited(1, 0).Job.Phase.ShouldBe(JobPhase.Failed);
    }

    [Fact]
    public void Running_out_of_memory_is_the_jobs_own_and_is_not_tried_again()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1, new() { MaxRestarts = 5 })).Assign().Started(0);
        walk.See(TaskState.Exited, new TaskOutcome(null, 9, OutOfMemory: true), 0);
        walk.Job.Phase.ShouldBe(JobPhase.Failed);
        walk.Job.Failure!.Class.ShouldBe(FailureClass.Resource);
    }

    [Fact]
    public void A_kill_that_nobody_can_explain_is_not_called_running_out_of_memory()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1, new() { MaxRestarts = 1 })).Assign().Started(0);
        walk.See(TaskState.Exited, new TaskOutcome(null, 9), 0);
        walk.Job.Phase.ShouldBe(JobPhase.Pending);
        walk.Job.Failure!.Class.ShouldBe(FailureClass.User);
        walk.Job.Failure.Message.ShouldNotBeNull().ShouldContain("short of memory");
    }

    [Fact]
    public void A_lost_node_requeues_the_whole_gang_without_counting_a_restart()
    {
        var walk = LifecycleWalk.Of().Assign().Started(0, 1).Lost(1);
        walk.Job.Phase.ShouldBe(JobPhase.Stopping);
        (walk.Job.Attempts[^1].StopCause, walk.Job.Attempts[^1].Tasks[1].State).ShouldBe((StopCause.NodeLost, TaskState.Lost));
        walk.Stopped(0).Job.Phase.ShouldBe(JobPhase.Pending);
        walk.Job.Restarts.ShouldBe(0);
        walk.Job.PlatformRestarts.ShouldBe(1);
        walk.Job.SubmitSequence.ShouldBe(1);
    }

    [Fact]
    public void A_broken_device_is_infrastructures_fault_and_the_job_goes_back_to_the_queue()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1)).Assign().Started(0);
        walk.See(TaskState.Exited, new TaskOutcome(1, DeviceError: true), 0);
        (walk.Job.Phase, walk.Job.Restarts, walk.Job.PlatformRestarts).ShouldBe((JobPhase.Pending, 0, 1));
        walk.Job.NotBefore.ShouldBe(walk.Events[^1].At + TimeSpan.FromSeconds(5));
        walk.Job.Failure!.Class.ShouldBe(FailureClass.Infrastructure);
    }

    [Fact]
    public void An_evicted_job_waits_again_at_its_old_place_and_holds_its_devices_until_it_has_stopped()
    {
        var walk = LifecycleWalk.Of().Assign().Started(0, 1);
        walk.Tell(new JobCommand.Preempt(walk.Job.Revision, LifecycleWalk.Other, EvictionCause.Level)).Job.Phase.ShouldBe(JobPhase.Stopping);
        walk.Stopped(0).Job.Current.ShouldNotBeNull();
        walk.Stopped(1).Job.Phase.ShouldBe(JobPhase.Pending);
        (walk.Job.SubmitSequence, walk.Job.NotBefore, walk.Job.CancelledBy).ShouldBe((1, null, null));
    }

    [Theory]
    [InlineData(JobPhase.Pending)]
    [InlineData(JobPhase.Suspended)]
    [InlineData(JobPhase.Cancelled)]
    public void The_devices_of_an_evicted_job_stay_promised_whatever_its_owner_makes_of_it(JobPhase end)
    {
        var walk = LifecycleWalk.Of().Assign().Started(0, 1);
        walk.Tell(new JobCommand.Preempt(walk.Job.Revision, LifecycleWalk.Other, EvictionCause.Level));
        if (end == JobPhase.Suspended) walk.Tell(new JobCommand.Suspend("ann"));
        if (end == JobPhase.Cancelled) walk.Tell(new JobCommand.Cancel("ann"));
        walk.Job.Phase.ShouldBe(JobPhase.Stopping);
        var held = RunningJob.Of(walk.Job).ShouldNotBeNull();
        (held.IsStopping, held.StoppingFor).ShouldBe((true, LifecycleWalk.Other));
        walk.Stopped(0, 1).Job.Phase.ShouldBe(end);
    }

    [Fact]
    public void An_eviction_is_no_mishap_that_a_later_lost_node_backs_off_for()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1));
        for (var evictions = 0; evictions < 8; evictions++)
        {
            walk.Assign().Started(0).Tell(new JobCommand.Preempt(walk.Job.Revision, LifecycleWalk.Other, EvictionCause.Level)).Stopped(0);
            walk.Job.NotBefore.ShouldBeNull();
        }

        walk.Assign().Started(0).Lost(0).Job.NotBefore.ShouldBe(walk.Events[^1].At + TimeSpan.FromSeconds(5));
        (walk.Job.PlatformRestarts, walk.Job.Restarts, walk.Job.Attempts.Count).ShouldBe((9, 0, 9));
    }

    [Fact]
    public void What_is_not_preemptible_is_not_evicted()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(preemptible: false)).Assign().Started(0, 1);
        walk.Tell(new JobCommand.Preempt(walk.Job.Revision, LifecycleWalk.Other, EvictionCause.Level)).Job.Phase.ShouldBe(JobPhase.Running);
    }

    [Fact]
    public void A_job_that_finished_while_it_was_being_evicted_has_succeeded()
    {
        var walk = LifecycleWalk.Of().Assign().Started(0, 1);
        walk.Tell(new JobCommand.Preempt(walk.Job.Revision, LifecycleWalk.Other, EvictionCause.Level)).Exited(0, 0, 1).Job.Phase.ShouldBe(JobPhase.Succeeded);
    }

    [Fact]
    public void A_gang_of_which_one_task_had_finished_and_another_was_stopped_runs_again()
    {
        var walk = LifecycleWalk.Of().Assign().Started(0, 1);
        walk.Tell(new JobCommand.Preempt(walk.Job.Revision, LifecycleWalk.Other, EvictionCause.Level)).Exited(0, 0).Stopped(1).Job.Phase.ShouldBe(JobPhase.Pending);
    }

    [Fact]
    public void A_gang_runs_though_one_task_has_succeeded_before_the_last_has_started() =>
        LifecycleWalk.Of().Assign().Exited(0, 0).Started(1).Job.Phase.ShouldBe(JobPhase.Running);

    [Fact]
    public void A_job_that_saved_itself_when_evicted_and_left_with_code_0_runs_again()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1)).Assign().Started(0);
        walk.Tell(new JobCommand.Preempt(walk.Job.Revision, LifecycleWalk.Other, EvictionCause.Level)).See(TaskState.Exited, new TaskOutcome(0, Stopped: true), 0);
        walk.Job.Phase.ShouldBe(JobPhase.Pending);
    }

    [Fact]
    public void Cancelling_stops_first_and_wins_over_what_the_job_was_stopping_for()
    {
        var walk = LifecycleWalk.Of().Assign().Started(0, 1).Exited(1, 0);
        walk.Tell(new JobCommand.Cancel("ann")).Stopped(1).Job.Phase.ShouldBe(JobPhase.Cancelled);
        (walk.Job.CancelledBy, walk.Job.Failure?.ExitCode).ShouldBe(("ann", 1));
        JobLifecycle.Decide(walk.Job, new JobCommand.Suspend("ann"), walk.Now).ShouldBeOfType<Decision.Rejected>().Code.ShouldBe("AlreadyFinished");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Whoever_holds_devices_and_is_cancelled_is_stopped_first(int started)
    {
        var walk = LifecycleWalk.Of().Assign().Started([.. Enumerable.Range(0, started)]).Tell(new JobCommand.Cancel("ann"));
        (walk.Job.Phase, walk.Job.Attempts[^1].StopCause).ShouldBe((JobPhase.Stopping, StopCause.Cancelled));
    }

    [Fact]
    public void A_job_that_is_stopping_is_neither_suspended_nor_resumed_before_it_has_stopped()
    {
        var walk = LifecycleWalk.Of().Assign().Started(0, 1).Exited(1, 0);
        foreach (var command in (JobCommand[])[new JobCommand.Suspend("ann"), new JobCommand.Resume("ann")])
        {
            var rejected = JobLifecycle.Decide(walk.Job, command, walk.Now).ShouldBeOfType<Decision.Rejected>();
            rejected.Code.ShouldBe("Stopping");
            rejected.Message.ToString().ShouldContain(walk.Job.Id.Value);
        }
    }

    [Fact]
    public void Resuming_who_is_not_suspended_changes_nothing()
    {
        var walk = LifecycleWalk.Of();
        foreach (var job in (Job[])[walk.Job, walk.Assign().Job, walk.Started(0, 1).Job])
        {
            JobLifecycle.Decide(job, new JobCommand.Resume("ann"), walk.Now).ShouldBe(Decision.Nothing);
        }
    }

    [Fact]
    public void A_suspended_job_holds_nothing_until_resumed()
    {
        var walk = LifecycleWalk.Of().Assign().Started(0, 1).Tell(new JobCommand.Suspend("ann"));
        walk.Job.Phase.ShouldBe(JobPhase.Stopping);
        walk.Stopped(0, 1).Job.Phase.ShouldBe(JobPhase.Suspended);
        walk.Job.Current.ShouldBeNull();
        walk.Tell(new JobCommand.Resume("ann")).Assign().Started(0, 1).Job.Phase.ShouldBe(JobPhase.Running);
        walk.Job.Attempts.Count.ShouldBe(2);
    }

    [Fact]
    public void A_suspension_is_told_of_who_asked_for_it() =>
        LifecycleWalk.Of().Assign().Started(0, 1).Tell(new JobCommand.Suspend("root")).Stopped(0, 1).Events[^1].ShouldBeOfType<JobSuspended>().By.ShouldBe("root");

    [Fact]
    public void A_retried_job_waits_behind_those_who_came_meanwhile_with_all_its_restarts_and_keeps_its_attempts()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1, new() { MaxRestarts = 1 }));
        walk.Assign().Started(0).Exited(1, 0).Assign().Started(0).Exited(1, 0).Job.Phase.ShouldBe(JobPhase.Failed);
        var job = walk.Tell(new JobCommand.Retry("ann", 3, "senior", TimeSpan.FromHours(1), 40)).Job;
        (job.Phase, job.Place, job.SubmitSequence, job.Restarts, job.Level, job.Spec.Limits.MaxDuration).ShouldBe((JobPhase.Pending, 40, 1, 0, "senior", TimeSpan.FromHours(1)));
        (job.Failure, job.EndedAt, job.Attempts.Count).ShouldBe((null, null, 2));
        walk.Assign().Started(0).Exited(1, 0).Job.NotBefore.ShouldBe(walk.Events[^1].At + TimeSpan.FromSeconds(5));
        walk.Assign().Started(0).Exited(0, 0).Job.Phase.ShouldBe(JobPhase.Succeeded);
        walk.Job.Attempts.Select(attempt => attempt.Number).ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public void What_went_wrong_before_a_retry_is_no_reason_to_back_off_or_to_go_first_after_it()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1)).Assign().Started(0).Lost(0).Tell(new JobCommand.Cancel("ann")).Tell(new JobCommand.Retry("ann", null, "engineer", null, 9));
        PendingJob.Of(walk.Job).IsRepair.ShouldBeFalse();
        walk.Assign().Started(0).Lost(0).Job.NotBefore.ShouldBe(walk.Events[^1].At + TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Only_a_finished_job_is_retried_and_each_attempt_once()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1));
        JobLifecycle.Decide(walk.Job, new JobCommand.Retry("ann", null, "engineer", null, 9), walk.Now).ShouldBeOfType<Decision.Rejected>().Code.ShouldBe("NotFinished");
        walk.Assign().Started(0).Exited(1, 0).Tell(new JobCommand.Retry("ann", 2, "engineer", null, 9)).Assign().Started(0).Exited(1, 0);
        JobLifecycle.Decide(walk.Job, new JobCommand.Retry("ann", 2, "engineer", null, 10), walk.Now).ShouldBe(Decision.Nothing);
        walk.Job.Phase.ShouldBe(JobPhase.Failed);
    }

    [Fact]
    public void Other_terms_are_told_with_those_before_and_the_submission_is_remembered()
    {
        var walk = LifecycleWalk.Of().Tell(new JobCommand.Update("root", new TermsChange("vision", JobPriority.High, TimeSpan.FromHours(2))));
        var updated = walk.Events[^1].ShouldBeOfType<JobUpdated>();
        (updated.By, updated.Before, updated.After).ShouldBe(("root", new JobTerms("ann", JobPriority.Normal, null), new JobTerms("vision", JobPriority.High, TimeSpan.FromHours(2))));
        (walk.Job.Queue, walk.Job.Spec.Queue, walk.Job.Spec.Priority, walk.Job.Phase).ShouldBe(("vision", "vision", JobPriority.High, JobPhase.Pending));
        (walk.Job.SubmittedSpec.Queue, walk.Job.SubmittedSpec.Priority, walk.Job.SubmittedSpec.Limits.MaxDuration).ShouldBe((null, JobPriority.Normal, null));
    }

    [Fact]
    public void A_finished_job_has_no_other_terms_and_a_running_one_none_that_would_end_it_at_once()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1)).Assign().Started(0).After(TimeSpan.FromMinutes(10));
        JobLifecycle.Decide(walk.Job, new JobCommand.Update("ann", new TermsChange(MaxDuration: TimeSpan.FromMinutes(5))), walk.Now).ShouldBeOfType<Decision.Rejected>().Code.ShouldBe("HasRunLonger");
        walk.Tell(new JobCommand.Update("ann", new TermsChange(MaxDuration: TimeSpan.FromMinutes(15)))).Job.Spec.Limits.MaxDuration.ShouldBe(TimeSpan.FromMinutes(15));
        walk.Exited(0, 0);
        JobLifecycle.Decide(walk.Job, new JobCommand.Update("ann", new TermsChange("vision")), walk.Now).ShouldBeOfType<Decision.Rejected>().Code.ShouldBe("AlreadyFinished");
    }

    [Fact]
    public void A_hang_is_the_jobs_own_failure_whatever_it_left_with_and_is_retried_whatever_codes_are_named()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(2, new() { MaxRestarts = 1, RetryExitCodes = [33] })).Assign().Started(0, 1);
        walk.See(TaskState.Exited, new TaskOutcome(0, Stopped: true, Message: "no output and no report for 30m") { Hung = true }, 1).Job.Phase.ShouldBe(JobPhase.Stopping);
        walk.Stopped(0).Job.Phase.ShouldBe(JobPhase.Pending);
        (walk.Job.Failure!.Rank, walk.Job.Failure.Hung, walk.Job.Failure.Class, walk.Job.Restarts).ShouldBe((1, true, FailureClass.User, 1));
    }

    [Fact]
    public void A_gang_that_does_not_start_whole_in_time_is_torn_down_and_requeued()
    {
        var walk = LifecycleWalk.Of().Assign().Started(0).Tell(new JobCommand.CheckDeadlines(LifecycleWalk.BindTimeout));
        walk.Job.Phase.ShouldBe(JobPhase.Starting);
        walk.After(LifecycleWalk.BindTimeout).Tell(new JobCommand.CheckDeadlines(LifecycleWalk.BindTimeout)).Job.Phase.ShouldBe(JobPhase.Stopping);
        walk.Stopped(0).Lost(1).Job.Phase.ShouldBe(JobPhase.Pending);
        walk.Job.Restarts.ShouldBe(0);
    }

    [Fact]
    public void A_refused_assignment_goes_back_to_the_queue_but_an_old_refusal_changes_nothing()
    {
        var walk = LifecycleWalk.Of().Assign();
        walk.Tell(new JobCommand.Refuse(walk.Job.Generation - 1, "stale")).Job.Phase.ShouldBe(JobPhase.Starting);
        walk.Tell(new JobCommand.Refuse(walk.Job.Generation, "the node is gone")).Job.Phase.ShouldBe(JobPhase.Stopping);
        walk.Lost(0, 1).Job.Phase.ShouldBe(JobPhase.Pending);
    }

    [Fact]
    public void Running_longer_than_allowed_fails_and_says_so()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1, new() { MaxRestarts = 3 }, TimeSpan.FromMinutes(1))).Assign().Started(0);
        walk.After(TimeSpan.FromMinutes(2)).Tell(new JobCommand.CheckDeadlines(LifecycleWalk.BindTimeout)).Stopped(0);
        walk.Job.Phase.ShouldBe(JobPhase.Failed);
        walk.Job.Failure!.Message.ShouldNotBeNull().ShouldContain("limits.maxDuration (1m)");
    }

    [Fact]
    public void A_plan_made_before_the_job_moved_on_is_dropped()
    {
        var walk = LifecycleWalk.Of();
        var stale = walk.Job.Revision;
        walk.Tell(new JobCommand.Suspend("ann")).Tell(new JobCommand.Resume("ann"));
        JobLifecycle.Decide(walk.Job, new JobCommand.Assign(stale, "local", null, []), walk.Now).ShouldBeOfType<Decision.Rejected>().Code.ShouldBe("Stale");
    }

    [Fact]
    public void What_a_straggler_of_an_earlier_attempt_says_is_not_heard()
    {
        var walk = LifecycleWalk.Of(LifecycleWalk.Spec(1, new() { MaxRestarts = 1 })).Assign().Started(0).Exited(1, 0).Assign().Started(0);
        walk.Tell(new JobCommand.Observe([new(walk.Job.Id, 1, 0, TaskState.Exited, walk.Now, new TaskOutcome(9))])).Job.Phase.ShouldBe(JobPhase.Running);
    }

    [Fact]
    public void A_job_on_a_node_that_is_emptied_waits_again_at_once_and_nothing_is_counted_against_it()
    {
        var walk = LifecycleWalk.Of().Assign().Started(0, 1).Tell(new JobCommand.Drain("local", "node-1", "root"));
        (walk.Job.Phase, walk.Job.Attempts[^1].StopCause).ShouldBe((JobPhase.Stopping, StopCause.Drained));
        walk.Stopped(0, 1);
        (walk.Job.Phase, walk.Job.Restarts, walk.Job.PlatformRestarts, walk.Job.NotBefore).ShouldBe((JobPhase.Pending, 0, 1, null));
    }

    [Theory]
    [InlineData("local", "node-9")]
    [InlineData("east", "node-1")]
    public void A_node_that_is_emptied_is_no_matter_of_a_job_elsewhere(string cluster, string node)
    {
        var walk = LifecycleWalk.Of().Assign().Started(0, 1);
        JobLifecycle.Decide(walk.Job, new JobCommand.Drain(cluster, node, "root"), walk.Now).ShouldBe(Decision.Nothing);
        JobLifecycle.Decide(LifecycleWalk.Of().Job, new JobCommand.Drain("local", "node-1", "root"), walk.Now).ShouldBe(Decision.Nothing);
    }
}
