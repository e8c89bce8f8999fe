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
internal sealed class VictimSearch(FreeSpace free, TimeMap times, Preemption rules, QuotaBook quota, VictimsByNode useful)
{
    /// <summary>Up to so many candidates every subset is weighed.</summary>
    private const int MostForAllSubsets = 12;

    /// <summary>Placements that one search may try.</summary>
    private const int StepBudget = 10_000;

    private int steps;

    /// <param name="candidates">Running jobs that the gang may evict, in any order.</param>
    /// <param name="given">What running jobs give up in any case.</param>
    public Victims? Find(PendingJob job, string cluster, string? accelerator, IEnumerable<Tenant> candidates, IReadOnlyCollection<RunningJob> given)
    {
        // Quota is one for all clusters: who holds what is short of it may be anywhere.
        var isQuotaShort = !quota.FitsWithout(job, accelerator, given);
        useful.Gather(free, rules, job, cluster, accelerator, candidates, other => isQuotaShort && quota.Holds(other, accelerator));
        steps = 0;
        var (victims, isProvenBest) = useful.All.Count <= MostForAllSubsets ? (BestSubset(), true) : (Fewest(), false);
        return victims is null ? null : new Victims(JobsOf(victims), Placed(victims)!, cluster, accelerator, isProvenBest);

        List<Place>? Placed(IReadOnlyCollection<Victim> gone) => PlacesWithout(job, cluster, accelerator, given.Count == 0 ? JobsOf(gone) : [.. given, .. JobsOf(gone)]);

        Victim[]? BestSubset()
        {
            Victim[] all = [.. useful.All.Order()];
            return Placed(all) is null ? null : AllSubsets(all).Select(set => (Set: set, Harm: Harm.Of(set))).OrderBy(each => each.Harm).Select(each => each.Set).First(set => Placed(set) is not null);
        }

        // Where the budget ends nobody goes.
        Victim[]? Fewest()
        {
            var (roomy, whole) = useful.Groups(job.Roles.MaxBy(role => role.Each.MilliDevices)!.Each);
            var ways = new[] { Shortest(roomy), Shortest(whole) }.OfType<Victim[]>().ToArray();
            if (ways.Length == 0 && Placed(useful.All) is not null) ways = [[.. useful.All]];
            return ways.Select(Spared).OfType<Victim[]>().MinBy(way => Harm.Of(way));
        }

        // The shortest beginning of the list that suffices, found by doubling and halving; null where all of it does not.
        Victim[]? Shortest(VictimGroups groups)
        {
            var (tooFew, enough) = (0, Math.Min(1, groups.Count));
            while (Placed(groups.First(enough)) is null)
            {
                if (enough == groups.Count) return null;
                (tooFew, enough) = (enough, Math.Min(groups.Count, enough * 2));
            }

            while (enough - tooFew > 1)
            {
                var half = (tooFew + enough) / 2;
                if (Placed(groups.First(half)) is not null) enough = half;
                else tooFew = half;
            }

            return groups.First(enough);
        }

        // Whoever holds nothing where the gang goes need not go, unless quota is short. The rest go unless the gang fits without them too, the dearest first.
        Victim[]? Spared(Victim[] going)
        {
            var touched = Placed(going)!.Select(place => place.Node).ToHashSet();
            var near = going.Where(candidate => candidate.Job.Places.Any(held => touched.Contains(held.Node))).ToArray();
            var left = (Placed(near) is null ? going : near).Order().ToList();
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

    private static IEnumerable<Victim[]> AllSubsets(Victim[] of) =>
        Enumerable.Range(0, 1 << of.Length).Select(mask => of.Where((_, i) => (mask & (1 << i)) != 0).ToArray());

    private static RunningJob[] JobsOf(IReadOnlyCollection<Victim> victims) => [.. victims.Select(victim => victim.Job)];
}
