using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling.Placement;

namespace Convoy.Core.Scheduling;

/// <summary>
/// What is free on each node, as planning goes on. A scratch: the snapshot is never changed. It is the sum of what was taken and
/// given, so one that is kept while jobs come and go is the same as one built anew; what is tried in between is rolled back.
/// </summary>
internal sealed class FreeSpace
{
    private readonly Choices choices;
    private readonly TypicalTasks typical;
    private readonly Stock now;

    /// <summary>The same nodes with nobody on them, where that was asked for.</summary>
    private FreeSpace? empty;

    /// <summary>With what is on its way out; null as long as nothing is.</summary>
    private Stock? soon;

    /// <summary>What has changed since the first open checkpoint, those checkpoints among it.</summary>
    private readonly List<(int Node, bool InNow, bool InSoon, FreeChange Change)> log = [];

    private FreeSpace(NodeLayout layout, Func<Node, bool> isOpen, Func<Node, ResourceVector> capacity)
    {
        (Layout, now) = (layout, new Stock(layout, isOpen, capacity));
        (choices, typical) = (new Choices(this), new TypicalTasks(this));
    }

    public NodeLayout Layout { get; }

    /// <summary>Whether anybody asks for a share of a device.</summary>
    public bool IsShared { get; private set; }

    /// <summary>Nodes by (cluster, name), less what the jobs given hold.</summary>
    public static FreeSpace Of(ClusterSnapshot snapshot, IEnumerable<RunningJob> holding)
    {
        var free = new FreeSpace(new NodeLayout(snapshot.Nodes, countsOnly: false), IsReady, CapacityOf);
        foreach (var job in holding) free.Hold(job);
        free.Expect(snapshot.Pending, snapshot.Running);
        return free;
    }

    /// <summary>The same without telling devices apart, and without looking at who is leaving.</summary>
    public static FreeSpace OfCounts(ClusterSnapshot snapshot, IEnumerable<RunningJob> holding)
    {
        var free = new FreeSpace(new NodeLayout(snapshot.Nodes, countsOnly: true), IsReady, CapacityOf);
        foreach (var job in holding) free.Take(job);
        return free;
    }

    /// <summary>The clusters as they are when all is well and nobody runs.</summary>
    public static FreeSpace OfEmpty(IReadOnlyList<Node> nodes) => OfEmpty(new NodeLayout(nodes, countsOnly: false));

    private static FreeSpace OfEmpty(NodeLayout layout) => new(layout, _ => true, node => node.Capacity);

    /// <summary>A running job has come: what it holds is taken, and free soon as far as it is leaving.</summary>
    public void Hold(RunningJob job)
    {
        typical.Count(job, 1);
        Take(job);
        if (job.IsStopping || job.IsResizing) Vacate(job.WhatLeaves());
    }

    /// <summary>Undoes <see cref="Hold"/>: the job has gone, or is another by now.</summary>
    /// <param name="job">As it was when it came.</param>
    public void Release(RunningJob job)
    {
        typical.Count(job, -1);
        if (job.IsStopping || job.IsResizing) ChangeAll(job.WhatLeaves(), -1, inNow: false, inSoon: true);
        Give(job);
    }

    /// <summary>Tells who waits and who runs by now: where some share devices, what is left should be of use to them.</summary>
    public void Expect(IReadOnlyList<PendingJob> pending, IReadOnlyList<RunningJob> running)
    {
        var workloads = typical.In(pending, running);
        IsShared = Array.Exists(workloads, workload => workload is not null);
        now.Expect(workloads);
        soon?.Expect(workloads);
    }

    /// <summary>The node has another health or other capacity. False where that needs a space of its own.</summary>
    public bool TryRenew(Node node)
    {
        var index = Layout.IndexOf(node.Cluster, node.Name);
        if (index < 0 || !Layout.MayRenew(node, index)) return false;
        var more = CapacityOf(node) - CapacityOf(Layout.Nodes[index]);
        var before = Layout.Renew(node, index);
        Change(index, FreeChange.Of(more, DeviceSet.None, Layout.CountsDevices(index), 1), inNow: true, inSoon: true);
        Change(index, new FreeChange(0, 0, 0, PodShape.WholeDevice, Layout.Devices[index] - before), inNow: true, inSoon: true);
        Change(index, new FreeChange(0, 0, 0, -PodShape.WholeDevice, before - Layout.Devices[index]), inNow: true, inSoon: true);
        now.Open(index, IsReady(node));
        soon?.Open(index, IsReady(node));
        empty = null;
        return true;
    }

    /// <summary>Begins a trial; what is done from here on can be undone at once. Ended by <see cref="Rollback"/> or <see cref="Keep"/>, the inner first.</summary>
    public int Checkpoint()
    {
        log.Add((-1, false, false, default));
        return log.Count - 1;
    }

    /// <summary>All is as it was at the checkpoint.</summary>
    public void Rollback(int checkpoint)
    {
        for (var i = log.Count - 1; i >= checkpoint; i--)
        {
            var (node, inNow, inSoon, change) = log[i];
            if (node >= 0) Apply(node, change.Undone, inNow, inSoon);
        }

        log.RemoveRange(checkpoint, log.Count - checkpoint);
    }

    /// <summary>What was done since the checkpoint stays, unless one before it is rolled back.</summary>
    public void Keep(int checkpoint)
    {
        if (checkpoint == 0) log.Clear();
    }

    public Stock At(Moment moment) => moment == Moment.Soon && soon is not null ? soon : now;

    public ResourceVector FreeOn(int node) => At(Moment.Soon).Rows[node].Free;

    public ResourceVector FreeOn(string cluster, string node) => Layout.IndexOf(cluster, node) is >= 0 and var index ? At(Moment.Soon).Rows[index].Free : default;

    /// <summary>Pools of the clusters and types that the job may use; where it uses no devices, all of its clusters.</summary>
    public IEnumerable<Pool> PoolsFor(PendingJob job) => choices.All(job).Distinct().SelectMany(choice => Layout.Cluster(choice.Cluster)!.Pools.Where(pool => !job.UsesDevices || pool.Accelerator == choice.Accelerator));

    public IEnumerable<NodeSpace> Usable(PendingJob job)
    {
        foreach (var pool in Layout.Pools)
        {
            if (!Allows(job, pool.Cluster)) continue;
            for (var node = pool.First; node < pool.End; node++)
            {
                if (now.IsOpen(node)) yield return new NodeSpace(this, node);
            }
        }
    }

    public static bool Allows(PendingJob job, Node node) => Allows(job, node.Cluster);

    public static bool Allows(PendingJob job, string cluster)
    {
        foreach (var allowed in job.Clusters)
        {
            if (allowed == cluster || allowed == "any") return true;
        }

        return false;
    }

    /// <summary>
    /// Clusters and accelerator types a gang may use, best first: the types in its order, of each first the cluster in which it
    /// fits within the narrowest domain. A gang uses one type and never spans clusters.
    /// </summary>
    public IReadOnlyList<(string Cluster, string? Accelerator)> Choices(PendingJob job) => choices.Of(job);

    /// <summary>
    /// Takes a place for every task of the gang's minimum, or nothing and null. The narrowest domain that holds the gang is
    /// taken, and of those that do the fullest.
    /// </summary>
    /// <param name="trial">Where given, no place is taken that somebody's reservation needs.</param>
    public List<Place>? TryTake(PendingJob job, string cluster, string? accelerator, Moment moment = Moment.Now, TimeMap.Trial? trial = null) =>
        Layout.Cluster(cluster) is { } ground ? new GangSearch(this, ground, moment, trial).TryTake(new Gang(job, Layout.Allowed), accelerator) : null;

    public bool WouldFit(PendingJob job)
    {
        var checkpoint = Checkpoint();
        var fits = false;
        foreach (var (cluster, accelerator) in Choices(job)) fits = fits || TryTake(job, cluster, accelerator) is not null;
        Rollback(checkpoint);
        return fits;
    }

    /// <summary>Whether the job could ever run here, all being well and nobody else there.</summary>
    public bool WouldFitEmpty(PendingJob job) => (empty ??= OfEmpty(Layout)).WouldFit(job);

    /// <summary>Best fit: the node that is left with the fewest devices, then the one whose blocks of devices suffer least.</summary>
    public Place? TryTakeOne(RoleDemand role, string cluster, string? accelerator, Moment moment = Moment.Now, TimeMap.Trial? trial = null) =>
        Layout.Cluster(cluster) is { } ground ? new GangSearch(this, ground, moment, trial).TryTakeOne(role, accelerator) : null;

    public void Take(IEnumerable<Place> places)
    {
        foreach (var place in places) Take(place);
    }

    public void Take(Place place) => Change(place, -1);

    public void Give(IEnumerable<Place> places)
    {
        foreach (var place in places) Change(place, 1);
    }

    /// <summary>Places just taken from what is free soon: they use up what is on its way out.</summary>
    public void Claim(IEnumerable<Place> places)
    {
        foreach (var place in places)
        {
            if (soon is null || IndexOf(place) is not (>= 0 and var node)) continue;
            var (free, after, amount) = (now.Rows[node], soon.Rows[node], place.Role.Each);
            var used = new FreeChange(Least(after.Cpu - free.Cpu, amount.CpuMillicores), Least(after.Memory - free.Memory, amount.MemoryBytes), (int)Least(after.Rdma - free.Rdma, amount.Rdma), 0, DeviceSet.None);
            Change(node, used, inNow: true, inSoon: false);
            var wanted = FreeChange.Of(amount, Layout.Handed(node, place.Devices), Layout.CountsDevices(node), 1);
            if (wanted.Devices == DeviceSet.None) ClaimDevice(node, 0, wanted with { Cpu = 0, Memory = 0, Rdma = 0 });
            foreach (var device in wanted.Devices.ToArray()) ClaimDevice(node, device, new FreeChange(0, 0, 0, wanted.Milli, DeviceSet.Of(device)));
        }

        void ClaimDevice(int node, int slot, FreeChange wanted) =>
            Change(node, wanted with { Milli = (int)Least(soon.Milli(node)[slot] - now.Milli(node)[slot], wanted.Milli) }, inNow: true, inSoon: false);

        static long Least(long leaving, long wanted) => Math.Max(0, Math.Min(leaving, wanted));
    }

    public void Take(RunningJob job) => ChangeAll(job, -1, inNow: true, inSoon: true);

    public void Give(RunningJob job) => ChangeAll(job, 1, inNow: true, inSoon: true);

    /// <summary>The job goes: what it holds is free soon.</summary>
    public void Vacate(RunningJob job)
    {
        soon ??= now.Copy();
        ChangeAll(job, 1, inNow: false, inSoon: true);
    }

    /// <summary>Whether a gang with this accelerator in this cluster may use the node.</summary>
    /// <param name="node">-1 for one that there is not.</param>
    public bool IsUsable(int node, string cluster, string? accelerator) =>
        node >= 0 && now.IsOpen(node) && Layout.Pools[Layout.PoolOf[node]] is var pool && pool.Cluster == cluster && (accelerator is null || pool.Accelerator == accelerator);

    private static bool IsReady(Node node) => node.Health == NodeHealth.Ready;

    /// <summary>Devices that others hold are not among a node's where single ones are handed out.</summary>
    private static ResourceVector CapacityOf(Node node) =>
        node.Capacity - (node.AssignsDevices ? new ResourceVector(node.Foreign.CpuMillicores, node.Foreign.MemoryBytes, 0) { Rdma = node.Foreign.Rdma } : node.Foreign);

    private void ChangeAll(RunningJob job, int times, bool inNow, bool inSoon)
    {
        if (Layout.Cluster(job.Cluster) is not { } cluster) return;
        foreach (var held in job.Places)
        {
            // A node that is gone from the snapshot has nothing left to give.
            if (!cluster.Index.TryGetValue(held.Node, out var node)) continue;
            Change(node, FreeChange.Of(held.Taken, Layout.Handed(node, held.Devices), Layout.CountsDevices(node), times), inNow, inSoon);
        }
    }

    private void Change(Place place, int times)
    {
        if (IndexOf(place) is >= 0 and var node) Change(node, FreeChange.Of(place.Role.Each, Layout.Handed(node, place.Devices), Layout.CountsDevices(node), times), inNow: true, inSoon: true);
    }

    /// <summary>A place may come from the layout of another cycle.</summary>
    private int IndexOf(Place place)
    {
        var nodes = Layout.Nodes;
        return (uint)place.Index < (uint)nodes.Length && ReferenceEquals(nodes[place.Index].Name, place.Node) && nodes[place.Index].Cluster == place.Cluster
            ? place.Index : Layout.IndexOf(place.Cluster, place.Node);
    }

    private void Change(int node, in FreeChange change, bool inNow, bool inSoon)
    {
        if (log.Count > 0) log.Add((node, inNow, inSoon, change));
        Apply(node, change, inNow, inSoon);
    }

    private void Apply(int node, in FreeChange change, bool inNow, bool inSoon)
    {
        if (inNow) now.Add(node, change);
        if (inSoon) soon?.Add(node, change);
    }
}
