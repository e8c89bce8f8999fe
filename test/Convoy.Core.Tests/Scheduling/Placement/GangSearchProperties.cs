using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling.Placement;

public sealed class GangSearchProperties
{
    private static readonly TopologyLevel[] Levels = [TopologyLevel.Rack, TopologyLevel.Block, TopologyLevel.Fabric, TopologyLevel.Zone, TopologyLevel.Region, TopologyLevel.Cluster];

    [Fact]
    public void Nothing_is_ever_oversubscribed_and_every_gang_is_whole() => Gen.Select(Grounds.Nodes, Grounds.Any.Array[1, 5], Gen.Int[0, 4].Array[0, 30]).Sample((nodes, jobs, picks) =>
    {
        var free = FreeSpace.Of(Grounds.Snapshot(nodes, jobs), []);
        var taken = new List<Place>();
        foreach (var pick in picks)
        {
            var job = jobs[pick % jobs.Length];
            if (Grounds.Take(free, job) is not { } places) continue;
            foreach (var role in job.Roles) places.Count(place => place.Role == role).ShouldBe(role.Min);
            places.Select(place => place.Cluster).Distinct().ShouldHaveSingleItem();
            places.ShouldAllBe(place => place.Role.Requirement.Allows(NodeOf(nodes, place), place.Role.UsesDevices));
            places.Where(place => place.Role.UsesDevices).Select(place => NodeOf(nodes, place).Accelerator).Distinct().Count().ShouldBeLessThanOrEqualTo(1);
            taken.AddRange(places);
        }

        foreach (var here in taken.GroupBy(place => NodeOf(nodes, place)))
        {
            var node = here.Key;
            var sum = here.Aggregate(default(ResourceVector), (total, place) => total + place.Role.Each);
            node.Health.ShouldBe(NodeHealth.Ready);
            if (sum.CpuMillicores > 0) sum.CpuMillicores.ShouldBeLessThanOrEqualTo(node.CpuMillicores - node.Foreign.CpuMillicores);
            sum.Rdma.ShouldBeLessThanOrEqualTo(node.Rdma);
            if (!node.AssignsDevices)
            {
                sum.Milli.ShouldBe(0);
                sum.Devices.ShouldBeLessThanOrEqualTo(node.Devices.Count - node.Foreign.Devices);
                continue;
            }

            here.ShouldAllBe(place => place.Devices.Length == (place.Role.Each.Milli > 0 ? 1 : place.Role.Each.Devices));
            foreach (var device in here.SelectMany(place => place.Devices, (place, device) => (Device: device, Milli: place.Role.Each.Milli > 0 ? place.Role.Each.Milli : 1000)).GroupBy(use => use.Device))
            {
                node.Devices.ShouldContain(device.Key);
                device.Sum(use => use.Milli).ShouldBeLessThanOrEqualTo(1000);
            }
        }
    }, iter: 1_500);

    [Fact]
    public void A_gang_of_one_role_finds_places_whenever_there_are_some() => Gen.Select(Grounds.Nodes, Grounds.Picky.Array[1, 12], Grounds.Picky).Sample((nodes, earlier, job) =>
    {
        var free = FreeSpace.Of(Grounds.Snapshot(nodes, [job]), []);
        foreach (var other in earlier) Grounds.Take(free, other);
        var fits = free.Choices(job).Any(choice => Times(free, job.Roles[0], Candidates(free, job, choice.Cluster, choice.Accelerator)) >= job.MinTasks);
        (Grounds.Take(free, job) is not null).ShouldBe(fits);
    }, iter: 1_500);

    [Fact]
    public void Tasks_that_share_devices_find_places_whenever_there_are_some() => Gen.Select(Grounds.Nodes, Gen.OneOf(Grounds.Plain, Grounds.Sharing).Array[1, 12], Grounds.Sharing).Sample((nodes, earlier, job) =>
    {
        var free = FreeSpace.Of(Grounds.Snapshot(nodes, [.. earlier, job]), []);
        foreach (var other in earlier) Grounds.Take(free, other);
        var each = job.Roles[0].Each;
        var fits = free.Choices(job).Any(choice => Candidates(free, job, choice.Cluster, choice.Accelerator).Where(node => free.Layout.Nodes[node].AssignsDevices).Sum(node =>
            Math.Min(each.TimesIn(free.At(Moment.Now).Rows[node].Free, job.MinTasks), free.At(Moment.Now).Milli(node).ToArray().Sum(milli => Math.Max(0, milli) / each.Milli))) >= job.MinTasks);
        (Grounds.Take(free, job) is not null).ShouldBe(fits);
    }, iter: 1_500);

    /// <summary>Against every domain of every level.</summary>
    [Fact]
    public void The_domain_is_the_narrowest_that_holds_the_gang_and_of_those_the_fullest() => Gen.Select(Grounds.Unmarked, Grounds.Plain.Array[0, 12], Grounds.Plain).Sample((nodes, earlier, job) =>
    {
        var role = job.Roles[0];
        if (role.Each.Devices == 0 || role.Min < 2) return;
        var free = FreeSpace.Of(Grounds.Snapshot(nodes, [job]), []);
        foreach (var other in earlier) Grounds.Take(free, other);
        foreach (var (cluster, accelerator) in free.Choices(job))
        {
            var mine = Candidates(free, job, cluster, accelerator);
            var level = Levels.Prepend(TopologyLevel.Node).Prepend(TopologyLevel.Island).Cast<TopologyLevel?>().FirstOrDefault(level => Domains(free, job, mine, level!.Value).Any(domain => Times(free, role, domain) >= role.Min));
            var trial = free.Checkpoint();
            var least = level is null ? 0 : Domains(free, job, mine, level.Value).Where(domain => Times(free, role, domain) >= role.Min).Min(domain => Devices(free, domain));
            var places = free.TryTake(job, cluster, accelerator);
            free.Rollback(trial);
            (places is null).ShouldBe(level is null);
            if (places is null) continue;
            var within = Domains(free, job, mine, level!.Value).Where(domain => places.All(place => domain.Contains(place.Index))).ShouldHaveSingleItem();
            Devices(free, within).ShouldBe(least);
        }
    }, iter: 1_500);

    [Fact]
    public void A_required_domain_holds_the_whole_gang() => Gen.Select(Grounds.Nodes, Grounds.Any, Gen.Enum<TopologyLevel>()).Sample((nodes, job, level) =>
    {
        var free = FreeSpace.Of(Grounds.Snapshot(nodes, [job]), []);
        if (Grounds.Take(free, job with { Topology = new TopologyWish(level, IsRequired: true) }) is not { } places) return;
        var used = places.Select(place => NodeOf(nodes, place)).Distinct().ToArray();
        if (used.Length == 1) return;
        ((int)level).ShouldBeGreaterThan((int)TopologyLevel.Node);
        Levels.ShouldContain(within => within <= level && used.Select(node => within == TopologyLevel.Cluster ? "" : TopologyPath.At(node, within) ?? node.Name).Distinct().Count() == 1);
    }, iter: 1_500);

    [Fact]
    public void A_required_island_holds_all_devices_of_the_gang() => Gen.Select(Grounds.Nodes, Grounds.Picky.Array[0, 8], Grounds.Picky).Sample((nodes, earlier, job) =>
    {
        var free = FreeSpace.Of(Grounds.Snapshot(nodes, [job]), []);
        foreach (var other in earlier) Grounds.Take(free, other);
        var total = job.MinTotal;
        var fits = free.Choices(job).Any(choice => Candidates(free, job, choice.Cluster, choice.Accelerator).Any(node => total.TimesIn(free.At(Moment.Now).Rows[node].Free, 1) == 1 && Islands(free, node).Any(island => island >= total.Devices || total.Devices <= 1)));
        var places = Grounds.Take(free, job with { Topology = new TopologyWish(TopologyLevel.Island, IsRequired: true) });
        (places is not null).ShouldBe(fits);
        if (places is null || total.Devices < 2) return;
        var node = NodeOf(nodes, places.Select(place => (place.Cluster, place.Node)).Distinct().ShouldHaveSingleItem());
        if (node.DeviceGroups.Count > 0) node.DeviceGroups.ShouldContain(group => places.SelectMany(place => place.Devices).All(group.Contains));
    }, iter: 1_500);

    /// <summary>Free devices of each island; where a node only counts them, it has one if it tells of none.</summary>
    private static IEnumerable<int> Islands(FreeSpace free, int index)
    {
        var node = free.Layout.Nodes[index];
        var row = free.At(Moment.Now).Rows[index];
        return node.DeviceGroups.Count == 0 ? [row.Devices] : free.Layout.CountsDevices(index) ? [0] : node.DeviceGroups.Select(group => group.Count(row.Idle.Contains));
    }

    private static IEnumerable<int[]> Domains(FreeSpace free, PendingJob job, int[] mine, TopologyLevel level) => level switch
    {
        TopologyLevel.Island => mine.Where(node => job.MinDevices <= 1 || Islands(free, node).Any(devices => devices >= job.MinDevices)).Select(node => new[] { node }),
        TopologyLevel.Node => mine.Select(node => new[] { node }),
        TopologyLevel.Cluster => [mine],
        _ => mine.GroupBy(node => TopologyPath.At(free.Layout.Nodes[node], level)).Where(domain => domain.Key is not null).Select(domain => domain.ToArray()),
    };

    private static int[] Candidates(FreeSpace free, PendingJob job, string cluster, string? accelerator) =>
        [.. free.Usable(job).Where(space => space.Node.Cluster == cluster && (!job.UsesDevices || space.Node.Accelerator == accelerator) && job.Roles[0].Requirement.Allows(space.Node, job.UsesDevices)).Select(space => space.Index)];

    private static int Times(FreeSpace free, RoleDemand role, IEnumerable<int> nodes) => nodes.Sum(node => role.Each.TimesIn(free.At(Moment.Now).Rows[node].Free, role.Min));

    private static int Devices(FreeSpace free, IEnumerable<int> nodes) => nodes.Sum(node => Math.Max(0, free.At(Moment.Now).Rows[node].Devices));

    private static Node NodeOf(Node[] nodes, Place place) => NodeOf(nodes, (place.Cluster, place.Node));

    private static Node NodeOf(Node[] nodes, (string Cluster, string Name) of) => nodes.Single(node => node.Cluster == of.Cluster && node.Name == of.Name);
}
