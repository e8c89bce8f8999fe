namespace Convoy.Core.Scheduling;

/// <summary>Running jobs to evict, and the places that a gang then gets.</summary>
internal sealed record Victims(IReadOnlyList<RunningJob> Jobs, List<Place> Places, string Cluster, string? Accelerator, bool IsProvenBest)
{
    /// <summary>Running jobs that go on, with only the places that they give up.</summary>
    public IReadOnlyList<RunningJob> GivenUp { get; init; } = [];
}

/// <summary>
/// The least harmful set of running jobs whose going lets a gang in, whole. All subsets are weighed where there are few
/// candidates; where there are many the cheapest that suffice are taken, and then every one of them that is not needed is let off.
/// </summary>
internal sealed class VictimSearch(FreeSpace free, TimeMap times, Preemption rules, DateTimeOffset now)
{
    /// <summary>Up to so many candidates every subset is weighed.</summary>
    private const int MostForAllSubsets = 12;

    /// <summary>Placements that one search may try.</summary>
    private const int StepBudget = 10_000;

    private int steps;

    /// <param name="candidates">Running jobs that the gang may evict, in any order.</param>
    /// <param name="given">What running jobs give up in any case.</param>
    /// <param name="only">Where the gang must go; null leaves it open.</param>
    public Victims? Find(PendingJob job, IReadOnlyList<RunningJob> candidates, IReadOnlyCollection<RunningJob> given, (string Cluster, string? Accelerator)? only = null)
    {
        Victims? best = null;
        Harm? least = null;
        foreach (var (cluster, accelerator) in only is { } one ? [one] : free.Choices(job))
        {
            var useful = candidates.Where(candidate => candidate.Cluster == cluster && free.IsInTheWay(candidate, accelerator))
                .OrderBy(candidate => new Harm([candidate], rules, now)).ToArray();
            steps = 0;
            var (victims, isProvenBest) = useful.Length <= MostForAllSubsets ? (BestSubset(useful), true) : (FewEnough(useful), false);
            if (victims is null) continue;
            var harm = new Harm(victims, rules, now);
            if (least is not null && harm.CompareTo(least) >= 0) continue;
            least = harm;
            best = new Victims(victims, Placed(victims)!, cluster, accelerator, isProvenBest && best is not { IsProvenBest: false });

            List<Place>? Placed(IReadOnlyCollection<RunningJob> gone) => PlacesWithout(job, cluster, accelerator, [.. given, .. gone]);

            RunningJob[]? BestSubset(RunningJob[] from)
            {
                if (Placed(from) is null) return null;
                return AllSubsets(from).Select(set => (Set: set, Harm: new Harm(set, rules, now))).OrderBy(each => each.Harm)
                    .Select(each => each.Set).FirstOrDefault(set => Placed(set) is not null);
            }

            RunningJob[]? FewEnough(RunningJob[] from)
            {
                if (Placed(from) is not { } places) return null;

                // The dearest victim is as cheap as can be: the shortest prefix that suffices.
                var (tooFew, enough) = (0, from.Length);
                while (enough - tooFew > 1)
                {
                    var half = (tooFew + enough) / 2;
                    if (Placed(from[..half]) is { } found) (enough, places) = (half, found);
                    else tooFew = half;
                }

                // Whoever holds nothing where the gang goes need not go. The rest go unless the gang fits without them too, the dearest first.
                var touched = places.Select(place => place.Node).ToHashSet();
                var going = from[..enough].Where(candidate => candidate.Places.Any(held => touched.Contains(held.Node))).ToList();
                if (Placed(going) is null) going = [.. from[..enough]];
                for (var i = going.Count - 1; i >= 0; i--)
                {
                    var spared = going[i];
                    going.RemoveAt(i);
                    if (steps >= StepBudget || Placed(going) is null) going.Insert(i, spared);
                }

                return steps >= StepBudget ? null : [.. going];
            }
        }

        return best;
    }

    private static IEnumerable<RunningJob[]> AllSubsets(RunningJob[] of) =>
        Enumerable.Range(0, 1 << of.Length).Select(mask => of.Where((_, i) => (mask & (1 << i)) != 0).ToArray());

    /// <summary>Where the gang would go with these gone; everything is as before afterwards.</summary>
    public List<Place>? PlacesWithout(PendingJob job, string cluster, string? accelerator, IReadOnlyCollection<RunningJob> gone)
    {
        steps++;
        foreach (var victim in gone) free.Give(victim);
        var places = free.TryTake(job, cluster, accelerator, Moment.Soon, new TimeMap.Trial(times, times.EndIfStarted(job), gone));
        if (places is not null) free.Give(places);
        foreach (var victim in gone) free.Take(victim);
        return places;
    }
}
