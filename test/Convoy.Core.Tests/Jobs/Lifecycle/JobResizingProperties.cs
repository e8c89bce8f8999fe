using Convoy.Core.Jobs;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;
using Convoy.Core.Tests.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Jobs.Lifecycle;

public sealed class JobResizingProperties
{
    [Fact]
    public void Ranks_are_counted_through_once_the_first_stays_and_the_gang_has_a_size_that_was_asked_for() => LifecycleWalk.Random.Sample(walk =>
    {
        var (least, most) = (walk.Job.Spec.Roles["worker"].Replicas.Min, walk.Job.Spec.Roles["worker"].Replicas.Max);
        foreach (var attempt in walk.Job.Attempts)
        {
            attempt.Tasks.Select(task => task.Placement.Rank).ShouldBe(Enumerable.Range(0, attempt.Tasks.Count));
            attempt.Tasks[0].IsMember.ShouldBeTrue();
            attempt.Members.Count().ShouldBeInRange(least, most);
        }
    });

    [Fact]
    public void A_job_that_succeeded_has_a_gang_that_ended_well_and_nothing_of_it_runs() => LifecycleWalk.Random.Sample(walk =>
    {
        if (walk.Job.Phase != JobPhase.Succeeded) return;
        walk.Job.Attempts[^1].Members.ShouldAllBe(task => task.Outcome!.IsSuccess);
        walk.Job.Attempts[^1].Tasks.ShouldAllBe(task => task.HasEnded);
    });

    [Fact]
    public void What_the_cluster_is_asked_of_one_attempt_only_grows() => LifecycleWalk.Random.Sample(walk =>
    {
        Assignment? before = null;
        Job? job = null;
        foreach (var happened in walk.Events)
        {
            job = JobLifecycle.Evolve(job, happened);
            var wish = Assignment.Of(job);
            if (wish is not null && before?.Attempt == wish.Attempt)
            {
                wish.Tasks.Take(before.Tasks.Count).ShouldBe(before.Tasks);
                before.Released.Except(wish.Released).ShouldBeEmpty();
                if (wish.Generation == before.Generation) (wish.Tasks.Count, wish.Released.Count, wish.Wanted).ShouldBe((before.Tasks.Count, before.Released.Count, before.Wanted));
            }

            before = wish;
        }
    });

    [Fact]
    public void Places_are_held_from_the_assignment_to_the_end_of_the_task_or_of_the_gang() => LifecycleWalk.Random.Sample(walk =>
    {
        if (walk.Job.Current is not { } attempt) return;
        var held = RunningJob.Of(walk.Job)!;
        held.Places.Count.ShouldBe(attempt.Tasks.Count(task => task.IsMember || !task.HasEnded));
        held.Places.Count(place => place.IsLeaving).ShouldBe(attempt.Tasks.Count(task => !task.IsMember && !task.HasEnded));
        if (held.Places.Any(place => place.IsLeaving) && walk.Job.Phase != JobPhase.Stopping) held.IsResizing.ShouldBeTrue();
    });

    /// <summary>Whoever was told of every change knows the same as who reads the job at its end.</summary>
    [Fact]
    public void What_is_charged_step_by_step_is_what_the_job_held() => LifecycleWalk.Random.Sample(walk =>
    {
        var (stepwise, whole) = (new UsageAccounts(FairShare.DefaultHalfLife, LifecycleWalk.Start), new UsageAccounts(FairShare.DefaultHalfLife, LifecycleWalk.Start));
        Job? job = null;
        foreach (var happened in walk.Events)
        {
            var next = JobLifecycle.Evolve(job, happened);
            stepwise.Charge(job, next);
            job = next;
        }

        foreach (var usage in walk.Job.Attempts.SelectMany(attempt => AttemptUsage.AllOf(walk.Job, attempt))) whole.Charge(usage);
        var now = walk.Now.AddHours(1);
        Node[] nodes = [Worlds.Node("n1", 8, cores: 100)];
        var (known, should) = (stepwise.Shares(QueueTree.Default, nodes, now).Users, whole.Shares(QueueTree.Default, nodes, now).Users);
        Math.Abs(known.GetValueOrDefault("ann") - should.GetValueOrDefault("ann")).ShouldBeLessThanOrEqualTo(16);
    });
}
