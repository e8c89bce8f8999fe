using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Scheduling.Placement;

public sealed class FreeSpaceTests
{
    private static readonly int[][] Islands = [[0, 1, 2, 3], [4, 5, 6, 7]];

    [Fact]
    public void Two_devices_of_eight_leave_an_aligned_two_and_an_aligned_four()
    {
        var free = Of(Worlds.Node("n", 8));
        Take(free, Job(2)).ShouldBe(["n:0+1"]);
        Take(free, Job(4)).ShouldBe(["n:4+5+6+7"]);
        Take(free, Job(2)).ShouldBe(["n:2+3"]);
    }

    [Fact]
    public void Of_nodes_left_equally_full_the_one_is_taken_whose_blocks_suffer_least()
    {
        var free = Of(Worlds.Node("a", 8), Worlds.Node("b", 8));
        free.Take(Held("a", [0, 2, 4, 6]));
        free.Take(Held("b", [2, 3, 4, 5]));
        Take(free, Job(2)).ShouldBe(["b:0+1"]);
    }

    [Fact]
    public void Devices_of_one_island_are_preferred_to_the_fullest_node()
    {
        var free = Of(Worlds.Node("split", 8) with { DeviceGroups = Islands }, Worlds.Node("whole", 8) with { DeviceGroups = Islands });
        free.Take(Held("split", [0, 1, 4, 5]));
        var trial = free.Checkpoint();
        Take(free, Job(4)).ShouldBe(["whole:0+1+2+3"]);
        free.Rollback(trial);
        Take(free, Job(4, level: TopologyLevel.Rack, isRequired: false)).ShouldBe(["split:2+3+6+7"]);
    }

    [Fact]
    public void A_gang_on_one_node_lies_in_one_island_where_it_must()
    {
        var free = Of(Worlds.Node("n", 8) with { DeviceGroups = Islands });
        free.Take(Held("n", [0]));
        Take(free, Job(1, tasks: 4, level: TopologyLevel.Island)).ShouldBe(["n:4", "n:5", "n:6", "n:7"]);
        Take(free, Job(1, tasks: 4, level: TopologyLevel.Island)).ShouldBeNull();
        Take(free, Job(1, tasks: 3, level: TopologyLevel.Island)).ShouldNotBeNull();
    }

    [Fact]
    public void Devices_that_are_only_counted_are_no_island_unless_all_are_alike()
    {
        Take(Of(Worlds.Node("n", 8, assigns: false) with { DeviceGroups = Islands }), Job(2, level: TopologyLevel.Island)).ShouldBeNull();
        Take(Of(Worlds.Node("n", 8, assigns: false)), Job(2, level: TopologyLevel.Island)).ShouldNotBeNull();
    }

    [Fact]
    public void Tasks_without_devices_go_to_nodes_without_accelerators_in_the_same_block_before_others()
    {
        var free = Of(
            Worlds.Node("gpu", 8) with { Topology = ["region", "zone", "b0", "r0"] },
            Worlds.Node("far", 0) with { Topology = ["region", "zone", "a0", "r9"] },
            Worlds.Node("near", 0, cores: 2) with { Topology = ["region", "zone", "b0", "r1"] });
        var job = Grounds.Job([new RoleDemand("worker", 1, 1, new(1000, 0, 8), []), new RoleDemand("server", 1, 1, new(2000, 0, 0), [])]);
        Take(free, job)!.ShouldBe(["gpu:0+1+2+3+4+5+6+7", "near:"]);
        free.Give(Grounds.Take(Of(Worlds.Node("gpu", 8)), Job(8))!);
        Take(free, job)!.ShouldBe(["gpu:0+1+2+3+4+5+6+7", "far:"]);
        free.Give(Grounds.Take(Of(Worlds.Node("gpu", 8)), Job(8))!);
        Take(free, job with { Topology = new TopologyWish(TopologyLevel.Block, IsRequired: true) })!.ShouldBe(["gpu:0+1+2+3+4+5+6+7", "gpu:"]);
    }

    [Fact]
    public void Tasks_without_devices_spare_the_nodes_with_free_accelerators()
    {
        var free = Of(Worlds.Node("empty", 8), Worlds.Node("full", 8), Worlds.Node("plain", 0, cores: 1));
        free.Take(Held("full", [0, 1, 2, 3, 4, 5, 6, 7]));
        Take(free, Job(0)).ShouldBe(["plain:"]);
        Take(free, Job(0)).ShouldBe(["full:"]);
    }

    [Fact]
    public void What_foreign_pods_use_is_not_free()
    {
        var foreign = new ResourceVector(60_000, 0, 6);
        var free = Of(Worlds.Node("n", 8, assigns: false) with { Foreign = foreign });
        free.FreeOn("local", "n").ShouldBe(new ResourceVector(4000, 512L << 30, 2));
        Take(free, Job(3)).ShouldBeNull();

        // It may go one day: the job is not impossible.
        free.WouldFitEmpty(Job(3)).ShouldBeTrue();
    }

    [Fact]
    public void A_fabric_lies_between_zone_and_block()
    {
        Node On(string name, string? fabric, string block) => Worlds.Node(name, 8) with { Topology = ["region", "zone", block], Fabric = fabric };
        var free = Of(On("a0", "ib0", "b0"), On("a1", "ib1", "b1"), On("a2", "ib1", "b2"), On("a3", null, "b3"));
        Take(free, Job(8, tasks: 2)).ShouldBe(["a1:0+1+2+3+4+5+6+7", "a2:0+1+2+3+4+5+6+7"]);
        TopologyPath.At(On("a3", null, "b3"), TopologyLevel.Fabric).ShouldBeNull();
        Take(free, Job(8, tasks: 2, level: TopologyLevel.Fabric)).ShouldBeNull();
        Take(free, Job(8, tasks: 2, level: TopologyLevel.Zone)).ShouldNotBeNull();
    }

    [Fact]
    public void Whole_devices_and_shares_never_meet_on_one_device()
    {
        var (share, whole) = (Grounds.Job([new RoleDemand("worker", 1, 1, new(0, 0, 0) { Milli = 400 }, [])]), Job(1));
        var free = FreeSpace.Of(Grounds.Snapshot([Worlds.Node("n", 2)], share, whole), []);
        Take(free, share).ShouldBe(["n:0"]);
        Take(free, whole).ShouldBe(["n:1"]);
        Take(free, share).ShouldBe(["n:0"]);
        Take(free, share).ShouldBeNull();
        free.FreeOn("local", "n").MilliDevices.ShouldBe(200);
    }

    [Fact]
    public void Of_several_clusters_the_one_comes_first_in_which_the_gang_lies_closest()
    {
        Node In(string cluster, string name, string rack) => Worlds.Node(name, 8, cluster: cluster) with { Topology = ["region", "zone", "block", rack] };
        var free = Of(In("east", "e0", "r0"), In("east", "e1", "r1"), In("west", "w0", "r0"), In("west", "w1", "r0"));
        free.Choices(Job(8, tasks: 2)).Select(choice => choice.Cluster).ShouldBe(["west", "east"]);
        free.Choices(Job(8)).Select(choice => choice.Cluster).ShouldBe(["east", "west"]);
    }

    [Theory]
    [InlineData(2, 0, WaitingUnit.Rdma, 2, 1, 1)]
    [InlineData(0, 700, WaitingUnit.MilliDevices, 700, 600, 600)]
    public void Who_is_short_of_network_devices_or_of_a_share_is_told_so(int rdma, int milli, WaitingUnit unit, long needed, long left, long largest)
    {
        var job = Grounds.Job([new RoleDemand("worker", 1, 1, new(1000, 0, 0) { Rdma = rdma, Milli = milli }, [])]);
        var running = new RunningJob(Worlds.Standing(7), "local", [new HeldPlace("n", new(1000, 0, 0) { Rdma = 1, Milli = 400 }, [0])]);
        var snapshot = Grounds.Snapshot([Worlds.Node("n", 1) with { Rdma = 2 }], job) with { Running = [running] };
        var reason = Shortage.Explain(snapshot, FreeSpace.Of(snapshot, snapshot.Running), job, null);
        (reason.Token, reason.Unit, reason.Needed, reason.Free, reason.LargestFreeBlock).ShouldBe((WaitingToken.InsufficientResources, unit, needed, left, largest));
    }

    private static FreeSpace Of(params Node[] nodes) => FreeSpace.Of(Grounds.Snapshot(nodes), []);

    private static PendingJob Job(int gpus, int tasks = 1, TopologyLevel? level = null, bool isRequired = true) =>
        Grounds.Job([new RoleDemand("worker", tasks, tasks, new(1000, 0, gpus), [])]) with { Topology = level is { } wanted ? new TopologyWish(wanted, isRequired) : null };

    private static RunningJob Held(string node, int[] devices) => new(Worlds.Standing(9), "local", [new HeldPlace(node, new ResourceVector(0, 0, devices.Length), devices)]);

    private static string[]? Take(FreeSpace free, PendingJob job) =>
        Grounds.Take(free, job) is { } places ? [.. places.Select(place => $"{place.Node}:{string.Join('+', place.Devices)}")] : null;
}
