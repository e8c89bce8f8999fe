using System.Runtime.InteropServices;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>The victims of a search by the nodes on which they are in a gang's way. Its lists are used again for the next search: large ones that come and go are dear.</summary>
internal sealed class VictimsByNode
{
    private readonly List<Victim> all = [];
    private readonly List<(int Node, int Victim)> places = [];

    /// <summary>Where in the list the victims on each node are, node by node, and where each node's end.</summary>
    private int[] held = [];
    private int[] ends = [];

    /// <summary>Of those the ones whose going is enough, where not all need go.</summary>
    private int[] going = [];
    private readonly VictimGroups roomy = new();
    private readonly VictimGroups whole = new();
    private FreeSpace free = null!;

    public IReadOnlyList<Victim> All => all;

    /// <param name="job">Whose gang it is.</param>
    /// <param name="candidates">Those who hold nothing that the gang with this accelerator may use are left out.</param>
    /// <param name="isWantedAnywhere">Of whom that does not matter.</param>
    public void Gather(FreeSpace from, Preemption rules, PendingJob job, string cluster, string? accelerator, IEnumerable<Tenant> candidates, Predicate<RunningJob> isWantedAnywhere)
    {
        free = from;
        var allowed = from.Layout.Allowed.ForAny(job.Roles);
        all.Clear();
        places.Clear();
        foreach (var candidate in candidates)
        {
            var before = places.Count;
            if (candidate.Node >= 0) Hold(candidate.Node);
            else if (candidate.Job.Cluster == cluster)
            {
                for (var i = 0; i < candidate.Job.Places.Count; i++) Hold(free.Layout.IndexOf(cluster, candidate.Job.Places[i].Node));
            }

            if (places.Count > before || isWantedAnywhere(candidate.Job)) all.Add(rules.VictimOf(candidate));
        }

        SortByNode();

        void Hold(int node)
        {
            if (free.IsUsable(node, cluster, accelerator) && NodeSet.Has(allowed, free.Layout, node)) places.Add((node, all.Count));
        }
    }

    /// <summary>For every node the victims that make room there for one such task, as few and as low as may be; and all that there are.</summary>
    public (VictimGroups Roomy, VictimGroups Whole) Groups(ResourceVector task)
    {
        roomy.Clear();
        whole.Clear();
        var (node, used) = (0, 0);
        Comparison<int> lowestAndLargestFirst = (x, y) => LowestAndLargestFirst(x, y, node);
        for (var start = 0; start < places.Count; start = ends[node++])
        {
            if (ends[node] == start) continue;
            var here = held.AsSpan(start, Once(held.AsSpan(start..ends[node])));

            // Within a level few large ones rather than many small ones.
            if (here.Length > 1) here.Sort(lowestAndLargestFirst);
            var everybody = whole.Add(new Harm(all, new ArraySegment<int>(held, start, here.Length)));
            var enough = MakeRoom(here, node, going.AsSpan(used), task);
            if (enough == here.Length) roomy.Add(everybody);
            else if (enough > 0) roomy.Add(new Harm(all, new ArraySegment<int>(going, used, enough)));
            used += Math.Max(0, enough);
        }

        return (roomy, whole);
    }

    private void SortByNode()
    {
        if (held.Length < places.Count) (held, going) = (new int[2 * places.Count], new int[2 * places.Count]);
        if (ends.Length < free.Layout.Nodes.Length + 1) ends = new int[free.Layout.Nodes.Length + 1];
        Array.Clear(ends);
        foreach (var (node, _) in places) ends[node + 1]++;
        for (var node = 1; node < ends.Length; node++) ends[node] += ends[node - 1];
        foreach (var (node, victim) in places) held[ends[node]++] = victim;
    }

    /// <summary>Who is there several times is a neighbour of itself, and is counted once.</summary>
    private static int Once(Span<int> here)
    {
        var count = 1;
        for (var i = 1; i < here.Length; i++)
        {
            if (here[i] != here[i - 1]) here[count++] = here[i];
        }

        return count;
    }

    /// <summary>Only those whose going makes room for the task.</summary>
    /// <returns>How many; -1 where it does not fit even without all of them.</returns>
    private int MakeRoom(ReadOnlySpan<int> here, int node, Span<int> enough, in ResourceVector task)
    {
        var (left, count) = (free.FreeOn(node), 0);
        for (; count < here.Length && !task.FitsIn(left); left += HeldOn(enough[count++], node)) enough[count] = here[count];
        if (!task.FitsIn(left)) return -1;
        for (var i = count - 1; i >= 0; i--)
        {
            var without = left - HeldOn(enough[i], node);
            if (!task.FitsIn(without)) continue;
            left = without;
            enough[(i + 1)..count--].CopyTo(enough[i..]);
        }

        return count;
    }

    private int LowestAndLargestFirst(int x, int y, int node)
    {
        var victims = CollectionsMarshal.AsSpan(all);
        var order = victims[x].Rank.CompareTo(victims[y].Rank);
        if (order == 0) order = HeldOn(y, node).MilliDevices.CompareTo(HeldOn(x, node).MilliDevices);
        return order == 0 ? victims[x].CompareTo(victims[y]) : order;
    }

    private ResourceVector HeldOn(int victim, int node)
    {
        ref readonly var tenant = ref CollectionsMarshal.AsSpan(all)[victim];
        if (tenant.Node >= 0) return tenant.Held;
        var sum = default(ResourceVector);
        for (var i = 0; i < tenant.Job.Places.Count; i++)
        {
            if (tenant.Job.Places[i].Node == free.Layout.Nodes[node].Name) sum += tenant.Job.Places[i].Taken;
        }

        return sum;
    }
}

/// <summary>Sets of victims, the least harmful first; sorted only as far as they are asked for.</summary>
internal sealed class VictimGroups
{
    private readonly List<Harm> unsorted = [];
    private readonly List<int> sorted = [];
    private PriorityQueue<int, int>? rest;

    public int Count => unsorted.Count;

    public void Clear()
    {
        unsorted.Clear();
        sorted.Clear();
        rest = null;
    }

    public Harm Add(Harm group)
    {
        unsorted.Add(group);
        return group;
    }

    /// <summary>Everybody in the first so many groups, once.</summary>
    public Victim[] First(int count)
    {
        rest ??= new PriorityQueue<int, int>(Enumerable.Range(0, Count).Select(group => (group, group)), Comparer<int>.Create((x, y) => unsorted[x].CompareTo(unsorted[y])));
        while (sorted.Count < count) sorted.Add(rest.Dequeue());
        return [.. sorted.Take(count).SelectMany(group => unsorted[group].Victims).DistinctBy(victim => victim.Job.Standing.Id)];
    }
}
