using Convoy.Clusters;
using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using Convoy.Server.Loops;

namespace Convoy.Server.Tests;

public sealed class FleetTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Nothing_is_expected_of_a_cluster_that_has_been_silent_for_longer_than_its_lease()
    {
        var fleet = Of("east", "west");
        Saw(fleet, "east", Noon);
        Saw(fleet, "west", Noon.AddSeconds(20));
        fleet.NodesAt(Noon.AddSeconds(29)).ShouldBeSameAs(fleet.Nodes);
        var late = fleet.NodesAt(Noon.AddSeconds(30));
        late.Select(node => (node.Cluster, node.Health)).ShouldBe([("east", NodeHealth.Suspect), ("west", NodeHealth.Ready)]);
        fleet.NodesAt(Noon.AddSeconds(31)).ShouldBeSameAs(late);

        // Its first word afterwards is news, though its nodes are as they were.
        fleet.Saw("east", new ClusterReport(default, null, [], false), Noon.AddSeconds(40)).ShouldBeTrue();
        fleet.NodesAt(Noon.AddSeconds(41)).ShouldBeSameAs(fleet.Nodes);
        fleet.Saw("east", new ClusterReport(default, null, [], false), Noon.AddSeconds(42)).ShouldBeFalse();
    }

    [Fact]
    public void A_cluster_that_has_not_reported_is_waited_for_and_not_for_ever()
    {
        var fleet = Of("east", "west");
        fleet.IsKnownAt(Noon.AddHours(1)).ShouldBeFalse();
        Saw(fleet, "east", Noon);
        fleet.IsKnownAt(Noon.AddSeconds(29)).ShouldBeFalse();
        fleet.IsKnownAt(Noon.AddSeconds(30)).ShouldBeTrue();
        Saw(fleet, "west", Noon);
        fleet.IsKnownAt(Noon).ShouldBeTrue();
    }

    [Fact]
    public void What_is_wished_of_a_node_holds_whatever_the_cluster_says_of_it_until_it_is_gone_or_the_wish_is()
    {
        var fleet = Of("east");
        fleet.Wish([new NodeWish("east", "east-0", NodeHealth.Quarantined, "root", Noon)]);
        foreach (var (seen, expected) in new[] { (NodeHealth.Ready, NodeHealth.Quarantined), (NodeHealth.Suspect, NodeHealth.Quarantined), (NodeHealth.Gone, NodeHealth.Gone) })
        {
            Saw(fleet, "east", Noon, seen);
            fleet.Nodes.ShouldHaveSingleItem().Health.ShouldBe(expected);
        }

        Saw(fleet, "east", Noon);
        fleet.Wish([]);
        fleet.Nodes.ShouldHaveSingleItem().Health.ShouldBe(NodeHealth.Ready);
    }

    [Fact]
    public void Who_may_use_only_silent_clusters_is_told_so_and_nobody_else_is()
    {
        var (bound, free, capped) = (Job(1, "east"), Job(2, "any"), Job(3, "east"));
        var plan = new Plan(0, [], [], [Waits(bound, WaitingToken.InsufficientResources), Waits(free, WaitingToken.InsufficientResources), Waits(capped, WaitingToken.ExceedsLevelCap)]);
        Tokens(["east"], ["west"]).ShouldBe([WaitingToken.ClusterUnreachable, WaitingToken.InsufficientResources, WaitingToken.ExceedsLevelCap]);
        Tokens(["east", "west"], []).ShouldBe([WaitingToken.ClusterUnreachable, WaitingToken.ClusterUnreachable, WaitingToken.ExceedsLevelCap]);
        Tokens([], ["east", "west"]).ShouldBe([WaitingToken.InsufficientResources, WaitingToken.InsufficientResources, WaitingToken.ExceedsLevelCap]);

        WaitingToken[] Tokens(string[] silent, string[] reporting) => [.. LatestPlan.Of(plan).WithSilence(silent, reporting, [bound, free, capped]).Order.Select(waiting => waiting.Reason.Token)];
    }

    private static Fleet Of(params string[] clusters)
    {
        var fleet = new Fleet();
        foreach (var cluster in clusters) fleet.Register(cluster, "simulated", Noon);
        return fleet;
    }

    private static void Saw(Fleet fleet, string cluster, DateTimeOffset at, NodeHealth health = NodeHealth.Ready) =>
        fleet.Saw(cluster, new ClusterReport(default, [new NodeObservation($"{cluster}-0", health, 4000, 1 << 30, null, [], true)], [], true), at).ShouldBeTrue();

    private static PendingJob Job(int sequence, string cluster) =>
        new(new Standing(JobId.FromKey("ann", $"{sequence}"), "ann", "engineer", "ann", JobPriority.Normal, sequence), 1, [new RoleDemand("worker", 1, 1, new ResourceVector(1000, 0, 0), [])], [cluster], null);

    private static WaitingJob Waits(PendingJob job, WaitingToken token) => new(job.Standing.Id, new WaitingReason(token, WaitingUnit.Millicores, 1000, 0, 0, 0));
}
