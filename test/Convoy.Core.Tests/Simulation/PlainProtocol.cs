using Convoy.Core.Simulation;

namespace Convoy.Core.Tests.Simulation;

/// <summary>
/// The plain protocol of the public traces as anybody would write it: one second after another, everything computed anew. Whole
/// seconds and whole devices of one type only; shares no line with the simulator.
/// </summary>
internal sealed class PlainProtocol(int[] nodes, (int Submit, int Duration, int Gpus)[] jobs, SimulationPolicy policy)
{
    private readonly int[] free = [.. nodes];
    private readonly int[] left = [.. jobs.Select(job => job.Duration)];
    private readonly int?[] starts = new int?[jobs.Length];
    private readonly int?[] ends = new int?[jobs.Length];
    private readonly int[] evictions = new int[jobs.Length];
    private readonly Dictionary<int, int[]> running = [];
    private readonly HashSet<int> waiting = [];

    public (int? Start, int? End, int Evictions)[] Run()
    {
        var fit = Enumerable.Range(0, jobs.Length).Where(job => Place(job, [.. nodes]) is not null).ToArray();
        for (var now = 0; fit.Any(job => ends[job] is null); now++)
        {
            var changed = false;
            foreach (var job in running.Keys.Where(job => left[job] == 0).ToArray())
            {
                Stop(job);
                ends[job] = now;
                changed = true;
            }

            foreach (var job in fit.Where(job => jobs[job].Submit == now)) changed |= waiting.Add(job);

            if (changed) Decide(now);
            foreach (var job in running.Keys) left[job]--;
        }

        return [.. Enumerable.Range(0, jobs.Length).Select(job => (starts[job], ends[job], evictions[job]))];
    }

    private void Decide(int now)
    {
        if (policy == SimulationPolicy.Srtf)
        {
            ShortestRemaining(now);
            return;
        }

        while (waiting.Count > 0)
        {
            var head = policy == SimulationPolicy.Sjf ? waiting.MinBy(job => (jobs[job].Duration, jobs[job].Submit, job)) : waiting.MinBy(job => (jobs[job].Submit, job));
            if (Place(head, free) is { } place) Start(head, place, now);
            else if (policy == SimulationPolicy.Easy) Backfill(head, now);
            if (waiting.Contains(head)) return;
        }
    }

    private void Backfill(int head, int now)
    {
        var (at, reserved) = (0, (int[]?)null);
        var then = free.ToArray();
        foreach (var end in running.Keys.Select(job => now + left[job]).Distinct().Order())
        {
            foreach (var job in running.Keys.Where(job => now + left[job] == end)) then = Sum(then, running[job], 1);
            (at, reserved) = (end, Place(head, then));
            if (reserved is not null) break;
        }

        then = Sum(then, reserved!, -1);
        foreach (var job in waiting.Where(job => job != head).OrderBy(job => (jobs[job].Submit, job)).ToArray())
        {
            if (Place(job, free) is not { } place) continue;
            if (now + left[job] > at)
            {
                var beside = Sum(then, place, -1);
                if (beside.Any(count => count < 0)) continue;
                then = beside;
            }

            Start(job, place, now);
        }
    }

    private void ShortestRemaining(int now)
    {
        var quota = nodes.Sum();
        var chosen = new List<int>();
        foreach (var job in waiting.Concat(running.Keys).OrderBy(job => (left[job], jobs[job].Submit, job)))
        {
            if (jobs[job].Gpus > quota) continue;
            quota -= jobs[job].Gpus;
            chosen.Add(job);
        }

        foreach (var job in running.Keys.Except(chosen).ToArray())
        {
            Stop(job);
            waiting.Add(job);
            evictions[job]++;
            left[job] += jobs[job].Gpus == 1 ? 7 : jobs[job].Gpus <= 8 ? 30 : 60;
        }

        foreach (var job in chosen.Where(waiting.Contains))
        {
            if (Place(job, free) is { } place) Start(job, place, now);
        }
    }

    private void Start(int job, int[] place, int now)
    {
        waiting.Remove(job);
        running.Add(job, place);
        starts[job] ??= now;
        for (var node = 0; node < nodes.Length; node++) free[node] -= place[node];
    }

    private void Stop(int job)
    {
        for (var node = 0; node < nodes.Length; node++) free[node] += running[job][node];
        running.Remove(job);
    }

    private static int[] Sum(int[] to, int[] place, int sign) => [.. to.Zip(place, (x, y) => x + (sign * y))];

    /// <summary>Devices taken by node, or null.</summary>
    private int[]? Place(int job, int[] from)
    {
        var place = new int[nodes.Length];
        var missing = jobs[job].Gpus;
        if (missing > nodes.Max())
        {
            for (var node = 0; node < nodes.Length; node++)
            {
                if (from[node] != nodes[node] || nodes[node] > missing) continue;
                place[node] = nodes[node];
                missing -= nodes[node];
            }
        }

        if (missing == 0) return place;
        if (missing >= nodes.Max() && missing < jobs[job].Gpus) return null;
        var fits = Enumerable.Range(0, nodes.Length).Where(node => place[node] == 0 && from[node] >= missing).ToArray();
        if (fits.Length == 0) return null;
        place[fits.MinBy(node => (from[node], node))] += missing;
        return place;
    }
}
