namespace Convoy.Core.Scheduling;

/// <summary>Running jobs to evict, and the places that a gang then gets.</summary>
internal sealed record Victims(IReadOnlyList<RunningJob> Jobs, List<Place> Places, string Cluster, string? Accelerator, bool IsProvenBest)
{
    /// <summary>Running jobs that go on, with only the places that they give up.</summary>
    public IReadOnlyList<RunningJob> GivenUp { get; init; } = [];
}

/// <summary>
/// The least harmful set of running jobs whose going lets a gang in, whole: on machines and in quota. All subsets are weighed where there
/// are few candidates; where there are many the cheapest nodes that suffice are emptied, and then every victim that is not needed is let off.
/// </summary>
internal sealed class VictimSearch(FreeSpace free, TimeMap times, Preemption rules, QuotaBook quota, DateTimeOffset now)
{
    /// <summary>Up to so many candidates every subset is weighed.</summary>
    private const int MostForAllSubsets = 12;

    /// <summary>Placements that one search may try.</summary>
    private const int StepBudget = 10_000;

    private int steps;

    /// <param name="candidates">Running jobs that the gang may evict, in any order.</param>
    /// <param name="given">What running jobs give up in any case.</param>
    public Victims? Find(PendingJob job, string cluster, string? accelerator, IReadOnlyList<RunningJob> candidates, IReadOnlyCollection<RunningJob> given)
    {
        var useful = candidates.Where(candidate => candidate.Cluster == cluster && free.IsInTheWay(candidate, accelerator))
            .OrderBy(candidate => new Harm([candidate], rules, now)).ToArray();
        steps = 0;
        var (victims, isProvenBest) = useful.Length <= MostForAllSubsets ? (BestSubset(), true) : (Fewest(), false);
        return victims is null ? null : new Victims(victims, Placed(victims)!, cluster, accelerator, isProvenBest);

        List<Place>? Placed(IReadOnlyCollection<RunningJob> gone) => PlacesWithout(job, cluster, accelerator, given.Count == 0 ? gone : [.. given, .. gone]);

        RunningJob[]? BestSubset() => Placed(useful) is null ? null
            : AllSubsets(useful).Select(set => (Set: set, Harm: new Harm(set, rules, now))).OrderBy(each => each.Harm).Select(each => each.Set).First(set => Placed(set) is not null);

        // Where the budget ends nobody goes.
        RunningJob[]? Fewest()
        {
            var ways = new[] { ByNode(job, cluster, useful, isWhole: false), ByNode(job, cluster, useful, isWhole: true) }.Select(Shortest).OfType<RunningJob[]>().ToArray();
            if (ways.Length == 0 && Placed(useful) is not null) ways = [useful];
            return ways.Select(Spared).OfType<RunningJob[]>().MinBy(way => new Harm(way, rules, now));
        }

        // The shortest beginning of the list that suffices, found by doubling and halving; null where all of it does not.
        RunningJob[]? Shortest(IReadOnlyList<RunningJob[]> groups)
        {
            var (tooFew, enough) = (0, Math.Min(1, groups.Count));
            while (Placed(First(groups, enough)) is null)
            {
                if (enough == groups.Count) return null;
                (tooFew, enough) = (enough, Math.Min(groups.Count, enough * 2));
            }

            while (enough - tooFew > 1)
            {
                var half = (tooFew + enough) / 2;
                if (Placed(First(groups, half)) is not null) enough = half;
                else tooFew = half;
            }

            return First(groups, enough);
        }

        // Whoever holds nothing where the gang goes need not go, unless quota is short. The rest go unless the gang fits without them too, the dearest first.
        RunningJob[]? Spared(RunningJob[] going)
        {
            var touched = Placed(going)!.Select(place => place.Node).ToHashSet();
            var near = going.Where(candidate => candidate.Places.Any(held => touched.Contains(held.Node))).ToArray();
            var left = (Placed(near) is null ? going : near).OrderBy(candidate => new Harm([candidate], rules, now)).ToList();
            for (var i = left.Count - 1; i >= 0; i--)
            {
                var spared = left[i];
                left.RemoveAt(i);
                if (Placed(left) is null) left.Insert(i, spared);
                if (steps > StepBudget) return null;
            }

            return [.. left];
        }
    }

    /// <summary>Where the gang would go with these gone; everything is as before afterwards.</summary>
    public List<Place>? PlacesWithout(PendingJob job, string cluster, string? accelerator, IReadOnlyCollection<RunningJob> gone)
    {
        steps++;
        if (!quota.FitsWithout(job, accelerator, gone)) return null;
        var checkpoint = free.Checkpoint();
        foreach (var victim in gone) free.Give(victim);
        var places = free.TryTake(job, cluster, accelerator, Moment.Soon, times.TrialOf(job, gone));
        free.Rollback(checkpoint);
        return places;
    }

    private static IEnumerable<RunningJob[]> AllSubsets(RunningJob[] of) =>
        Enumerable.Range(0, 1 << of.Length).Select(mask => of.Where((_, i) => (mask & (1 << i)) != 0).ToArray());

    private static RunningJob[] First(IReadOnlyList<RunningJob[]> groups, int count) => [.. groups.Take(count).SelectMany(group => group).Distinct()];

    /// <summary>For every node the victims that make room there, the least harmful node first: for one of the gang's largest tasks, or all there are.</summary>
    private List<RunningJob[]> ByNode(PendingJob job, string cluster, RunningJob[] from, bool isWhole)
    {
        var task = job.Roles.MaxBy(role => role.Each.MilliDevices)!.Each;
        var groups = new List<(RunningJob[] Victims, Harm Harm)>();
        var byNode = new Dictionary<string, List<RunningJob>>(StringComparer.Ordinal);
        foreach (var victim in from)
        {
            foreach (var place in victim.Places)
            {
                if (!byNode.TryGetValue(place.Node, out var here)) byNode.Add(place.Node, here = []);
                if (here.Count == 0 || here[^1] != victim) here.Add(victim);
            }
        }

        foreach (var (node, victims) in byNode)
        {
            var left = free.FreeOn(cluster, node);
            var going = new List<RunningJob>();

            // Within a level few large ones rather than many small ones; they come in the order of their harm.
            foreach (var victim in victims.OrderBy(victim => rules.RankOf(victim.Standing)).ThenByDescending(victim => HeldOn(victim, node).MilliDevices))
            {
                if (!isWhole && task.FitsIn(left)) break;
                left += HeldOn(victim, node);
                going.Add(victim);
            }

            if (going.Count == 0 || (!isWhole && !task.FitsIn(left))) continue;
            for (var i = going.Count - 1; !isWhole && i >= 0; i--)
            {
                var without = left - HeldOn(going[i], node);
                if (!task.FitsIn(without)) continue;
                left = without;
                going.RemoveAt(i);
            }

            if (going.Count > 0) groups.Add(([.. going], new Harm(going, rules, now)));
        }

        return [.. groups.OrderBy(group => group.Harm).Select(group => group.Victims)];
    }

    private static Resources.ResourceVector HeldOn(RunningJob job, string node)
    {
        var held = default(Resources.ResourceVector);
        foreach (var place in job.Places)
        {
            if (place.Node == node) held += place.Taken;
        }

        return held;
    }
}
