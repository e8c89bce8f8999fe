using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Core.Json;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Jobs.Lifecycle;

public sealed class JobLifecycleProperties
{
    [Fact]
    public void Every_change_of_phase_is_in_the_table_and_every_row_of_the_table_happens()
    {
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<JobTransition, byte>();
        LifecycleWalk.Random.Sample(walk =>
        {
            foreach (var (from, happened, to) in walk.Steps)
            {
                JobTransitions.Allows(from, happened, to).ShouldBeTrue($"{from} --{happened}--> {to}");
                if (JobTransitions.Table.FirstOrDefault(row => row.From == from && row.Event == happened.GetType() && row.To == to) is { } row) seen[row] = 0;
            }
        }, iter: 20_000);
        if (Sampling.DrawsAll) JobTransitions.Table.Except(seen.Keys).ShouldBeEmpty();
    }

    [Fact]
    public void The_job_is_what_its_events_make_it() => LifecycleWalk.Random.Sample(walk =>
    {
        var folded = walk.Events.Aggregate((Job?)null, JobLifecycle.Evolve);
        Json(folded!).ShouldBe(Json(walk.Job));
        walk.Job.Revision.ShouldBe(walk.Events.Count);
    });

    [Fact]
    public void A_stored_job_and_its_stored_events_come_back_as_they_were() => LifecycleWalk.Random.Sample(walk =>
    {
        Json(JsonSerializer.Deserialize(Json(walk.Job), CoreJson.Default.Job)!).ShouldBe(Json(walk.Job));
        foreach (var happened in walk.Events)
        {
            var text = JsonSerializer.Serialize(happened, CoreJson.Default.JobEvent);
            JsonSerializer.Serialize(JsonSerializer.Deserialize(text, CoreJson.Default.JobEvent)!, CoreJson.Default.JobEvent).ShouldBe(text);
        }
    });

    [Fact]
    public void An_observation_heard_twice_changes_nothing_the_second_time() => Gen.Select(LifecycleWalk.Random, Gen.Int[0, 2], Gen.Bool).Sample((walk, rank, lost) =>
    {
        var observe = new JobCommand.Observe([new(walk.Job.Id, walk.Job.Attempts.Count, rank, lost ? TaskState.Lost : TaskState.Running, walk.Now)]);
        walk.Tell(observe);
        var before = walk.Job.Revision;
        walk.Tell(observe).Job.Revision.ShouldBe(before);
    });

    [Fact]
    public void The_generation_rises_with_every_wish_and_what_finished_stays_finished_until_it_is_retried() => LifecycleWalk.Random.Sample(walk =>
    {
        var generations = walk.Events.Select(e => e switch { JobAssigned a => a.Generation, JobResized r => r.Generation, JobStopping s => s.Generation, _ => (long?)null }).OfType<long>().ToArray();
        generations.ShouldBe(Enumerable.Range(1, generations.Length).Select(g => (long)g));
        for (var step = 1; step < walk.Steps.Count; step++)
        {
            if (walk.Steps[step - 1].To.IsFinished()) walk.Steps[step].Event.ShouldBeOfType<JobRetried>();
        }

        (walk.Job.Current is not null).ShouldBe(walk.Job.Phase.HoldsDevices());
        walk.Job.Restarts.ShouldBeLessThanOrEqualTo(walk.Job.Spec.Recovery.MaxRestarts);
    });

    [Fact]
    public void A_command_of_its_owner_heard_twice_changes_nothing_the_second_time() => Gen.Select(LifecycleWalk.Random, Gen.Int[0, 4]).Sample((walk, kind) =>
    {
        JobCommand command = kind switch
        {
            0 => new JobCommand.Cancel("ann"),
            1 => new JobCommand.Suspend("ann"),
            2 => new JobCommand.Resume("ann"),
            3 => new JobCommand.Update("ann", new TermsChange("lanes", JobPriority.High, TimeSpan.FromHours(3))),
            _ => new JobCommand.Retry("ann", walk.Job.Attempts.Count + 1, "engineer", null, 77),
        };
        var isTaken = JobLifecycle.Decide(walk.Job, command, walk.Now) is Decision.Accepted;
        var before = walk.Tell(command).Job.Revision;
        walk.Tell(command).Job.Revision.ShouldBe(before);
        if (isTaken) JobLifecycle.Decide(walk.Job, command, walk.Now).ShouldBeOfType<Decision.Accepted>(command.ToString());
    });

    [Fact]
    public void Every_moment_of_an_attempt_is_charged_to_one_queue() => LifecycleWalk.Random.Sample(walk =>
    {
        foreach (var attempt in walk.Job.Attempts)
        {
            var parts = Convoy.Core.Queues.AttemptUsage.AllOf(walk.Job, attempt);
            parts[0].From.ShouldBe(attempt.AssignedAt);
            foreach (var task in attempt.Tasks) parts.Where(part => part.From >= attempt.HeldFrom(task) && part.Until == attempt.HeldUntil(task)).ShouldNotBeEmpty();

            // Where the size changed, spans lie beside each other.
            if (attempt.ResizedAt is not null) continue;
            parts[^1].Until.ShouldBe(attempt.EndedAt);
            for (var i = 1; i < parts.Count; i++) parts[i].From.ShouldBe(parts[i - 1].Until!.Value);
        }

        var moves = walk.Events.OfType<JobUpdated>().Where(update => update.Before.Queue != update.After.Queue).ToArray();
        foreach (var part in walk.Job.Attempts.SelectMany(attempt => Convoy.Core.Queues.AttemptUsage.AllOf(walk.Job, attempt)))
        {
            // The queue it was in when the part began.
            var queue = moves.LastOrDefault(update => update.At <= part.From)?.After.Queue ?? walk.Events.OfType<JobSubmitted>().Single().Queue;
            part.Queue.ShouldBe(queue);
        }
    });

    [Fact]
    public void An_eviction_costs_the_job_neither_its_place_nor_a_restart_nor_an_attempt() => LifecycleWalk.Random.Sample(walk =>
    {
        var job = (Job?)null;
        foreach (var happened in walk.Events)
        {
            var before = job;
            job = JobLifecycle.Evolve(before, happened);
            if (happened is not JobRequeued { Cause: StopCause.Preempted }) continue;
            (job.Phase, job.NotBefore, job.SubmitSequence, job.Restarts, job.PlatformRestarts).ShouldBe((JobPhase.Pending, null, before!.SubmitSequence, before.Restarts, before.PlatformRestarts + 1));
            job.Attempts.Count.ShouldBe(before.Attempts.Count);
            job.Attempts[^1].EvictedFor.ShouldBe(LifecycleWalk.Other);
        }
    });

    [Fact]
    public void A_job_that_is_told_to_make_way_is_told_once_and_only_at_the_revision_that_was_planned() => LifecycleWalk.Random.Sample(walk =>
    {
        var mayMakeWay = walk.Job.Phase is JobPhase.Starting or JobPhase.Running && walk.Job.Spec.Preemptible;
        JobLifecycle.Decide(walk.Job, new JobCommand.Preempt(walk.Job.Revision - 1, LifecycleWalk.Other, EvictionCause.Level), walk.Now).ShouldBeOfType<Decision.Rejected>();
        var decision = JobLifecycle.Decide(walk.Job, new JobCommand.Preempt(walk.Job.Revision, LifecycleWalk.Other, EvictionCause.Level), walk.Now);
        (decision is Decision.Accepted).ShouldBe(mayMakeWay);
        var after = walk.Tell(new JobCommand.Preempt(walk.Job.Revision, LifecycleWalk.Other, EvictionCause.Level)).Job;
        if (mayMakeWay) after.Attempts[^1].EvictedFor.ShouldBe(LifecycleWalk.Other);
        JobLifecycle.Decide(after, new JobCommand.Preempt(after.Revision, LifecycleWalk.Other, EvictionCause.Level), walk.Now).ShouldBeOfType<Decision.Rejected>();
    });

    [Fact]
    public void Who_expects_a_job_to_wait_as_planned_changes_nothing_and_is_refused_where_it_does_not() => LifecycleWalk.Random.Sample(walk =>
    {
        var decision = JobLifecycle.Decide(walk.Job, new JobCommand.ExpectWaiting(walk.Job.Revision), walk.Now);
        if (walk.Job.Phase == JobPhase.Pending) decision.ShouldBeOfType<Decision.Accepted>().Events.ShouldBeEmpty();
        else decision.ShouldBeOfType<Decision.Rejected>().Code.ShouldBe("Stale");
        JobLifecycle.Decide(walk.Job, new JobCommand.ExpectWaiting(walk.Job.Revision + 1), walk.Now).ShouldBeOfType<Decision.Rejected>();
    });

    private static string Json(Job job) => JsonSerializer.Serialize(job, CoreJson.Default.Job);
}
