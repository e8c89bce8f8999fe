using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>The victims of a search by the nodes on which they are in a gang's way.</summary>
internal sealed class VictimsByNode
{
    private readonly FreeSpace free;
    private readonly List<Victim> all = [];

    /// <summary>A node's number in the upper half, a victim's in the lower: sorted, each node's victims are neighbours.</summary>
    private readonly List<long> held = [];

    /// <param name="candidates">Those who hold nothing that a gang with this accelerator may use are left out.</param>
    /// <param name="isWantedAnywhere">Of whom that does not matter.</param>
    public VictimsByNode(FreeSpace free, Preemption rules, string cluster, string? accelerator, IReadOnlyList<RunningJob> candidates, Predicate<RunningJob> isWantedAnywhere)
    {
        this.free = free;
        for (var i = 0; i < candidates.Count; i++)
        {
            var (places, first) = (candidates[i].Places, held.Count);
            for (var place = 0; candidates[i].Cluster == cluster && place < places.Count; place++)
            {
                if (free.Usable(cluster, places[place].Node, accelerator) is >= 0 and var node) held.Add(((long)node << 32) | (uint)all.Count);
            }

            if (held.Count > first || isWantedAnywhere(candidates[i])) all.Add(rules.VictimOf(candidates[i]));
        }

        held.Sort();
    }

    public IReadOnlyList<Victim> All => all;

    /// <summary>For every node the victims that make room there for one such task, as few and as low as may be; and all that there are.</summary>
    public (VictimGroups Roomy, VictimGroups Whole) Groups(ResourceVector task)
    {
        var (roomy, whole) = (new VictimGroups(), new VictimGroups());
        var here = new List<(Victim Victim, ResourceVector Held)>();
        for (var i = 0; i < held.Count;)
        {
            var node = (int)(held[i] >> 32);
            here.Clear();
            for (var before = -1L; i < held.Count && (int)(held[i] >> 32) == node; before = held[i++])
            {
                if (held[i] != before) here.Add((all[(int)held[i]], HeldOn(all[(int)held[i]].Job, free.Layout.Nodes[node].Name)));
            }

            // Within a level few large ones rather than many small ones.
            here.Sort(LowestAndLargestFirst);
            Victim[] everybody = [.. here.Select(each => each.Victim)];
            var isEnough = MakeRoom(here, free.FreeOn(node), task);
            whole.Add(everybody);
            if (isEnough && here.Count > 0) roomy.Add(here.Count == everybody.Length ? everybody : [.. here.Select(each => each.Victim)]);
        }

        return (roomy, whole);
    }

    /// <summary>Leaves only those whose going makes room for the task. False where it does not fit even without all of them.</summary>
    private static bool MakeRoom(List<(Victim Victim, ResourceVector Held)> here, ResourceVector left, in ResourceVector task)
    {
        var going = 0;
        while (going < here.Count && !task.FitsIn(left)) left += here[going++].Held;
        here.RemoveRange(going, here.Count - going);
        if (!task.FitsIn(left)) return false;
        for (var i = here.Count - 1; i >= 0; i--)
        {
            var without = left - here[i].Held;
            if (!task.FitsIn(without)) continue;
            left = without;
            here.RemoveAt(i);
        }

        return true;
    }

    private static int LowestAndLargestFirst((Victim Victim, ResourceVector Held) x, (Victim Victim, ResourceVector Held) y)
    {
        var order = x.Victim.Rank.CompareTo(y.Victim.Rank);
        if (order == 0) order = y.Held.MilliDevices.CompareTo(x.Held.MilliDevices);
        return order == 0 ? x.Victim.CompareTo(y.Victim) : order;
    }

    private static ResourceVector HeldOn(RunningJob job, string node)
    {
        var held = default(ResourceVector);
        for (var i = 0; i < job.Places.Count; i++)
        {
            if (job.Places[i].Node == node) held += job.Places[i].Taken;
        }

        return held;
    }
}

/// <summary>Sets of victims, the least harmful first; sorted only as far as they are asked for.</summary>
internal sealed class VictimGroups
{
    private readonly List<(Victim[] Victims, Harm Harm)> unsorted = [];
    private readonly List<Victim[]> sorted = [];
    private PriorityQueue<Victim[], Harm>? rest;

    public int Count => unsorted.Count;

    public void Add(Victim[] victims) => unsorted.Add((victims, new Harm(victims)));

    /// <summary>Everybody in the first so many groups, once.</summary>
    public Victim[] First(int count)
    {
        rest ??= new PriorityQueue<Victim[], Harm>(unsorted);
        while (sorted.Count < count) sorted.Add(rest.Dequeue());
        return [.. sorted.Take(count).SelectMany(group => group).DistinctBy(victim => victim.Job.Standing.Id)];
    }
}
