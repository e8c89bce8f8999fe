using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Store;

namespace Convoy.Server.Tests;

public sealed class JobChangesTests
{
    private static readonly JobFilter Everything = new();

    private readonly JobFeed feed = new();
    private readonly JobChanges changes;

    public JobChangesTests() => changes = new JobChanges(feed);

    [Fact]
    public void Of_several_changes_of_a_job_the_last_is_told_once()
    {
        feed.Publish(Job(1, "ann"));
        feed.Publish(Job(2, "bob"));
        feed.Publish(Job(1, "ann") with { Phase = JobPhase.Running });

        changes.Since(0, Everything, out var end)!.Select(job => (job.SubmitSequence, job.Phase)).ShouldBe([(2L, JobPhase.Pending), (1L, JobPhase.Running)]);
        end.ShouldBe(3);
        changes.Since(2, Everything, out _)!.Count.ShouldBe(1);
        changes.Since(0, new JobFilter(Owner: "bob"), out _)!.Single().Owner.ShouldBe("bob");
    }

    [Fact]
    public void Who_slept_through_more_than_is_kept_is_told_to_start_again()
    {
        for (var i = 0; i < 4096; i++) feed.Publish(Job(i, "ann"));
        changes.Since(0, Everything, out _)!.Count.ShouldBe(4096);
        feed.Publish(Job(5000, "ann"));
        changes.Since(0, Everything, out _).ShouldBeNull();
        changes.Since(1, Everything, out _)!.Count.ShouldBe(4096);
        changes.Since(9999, Everything, out _).ShouldBeNull();
    }

    [Fact]
    public void A_change_wakes_those_who_watch_its_owner_or_everybody_and_no_others()
    {
        var (ann, bob, all) = (changes.NextChange("ann"), changes.NextChange("bob"), changes.NextChange(null));

        feed.Publish(Job(1, "ann"));

        (ann.IsCompleted, bob.IsCompleted, all.IsCompleted).ShouldBe((true, false, true));
        changes.NextChange("ann").IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public void Where_one_stood_in_another_life_means_nothing()
    {
        feed.Publish(Job(1, "ann"));
        changes.PositionOf(changes.IdOf(1)).ShouldBe(1);
        new JobChanges(new JobFeed()).PositionOf(changes.IdOf(1)).ShouldBeNull();
        foreach (var nonsense in new[] { null, "", "-", "1", "a-b-c", changes.IdOf(1) + "x" }) changes.PositionOf(nonsense).ShouldBeNull();
    }

    private static Job Job(long sequence, string owner) => new()
    {
        Id = JobId.FromKey(owner, JsonSerializer.Serialize(sequence)),
        Owner = owner,
        Level = "engineer",
        Queue = owner,
        Spec = new JobSpec { Name = "work", Roles = new Dictionary<string, RoleSpec> { ["worker"] = new() { Command = ["true"] } } },
        SubmitSequence = sequence,
        SubmittedAt = DateTimeOffset.UnixEpoch,
    };
}
