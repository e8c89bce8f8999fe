using System.Diagnostics;
using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Bench.Placement;

/// <summary>How fast places are found and given back on large clusters at 90 % occupancy: placement alone, without ordering or plans.</summary>
internal static class PlacementTable
{
    private const string Cluster = "bench";
    private const string Type = "A100-80G";
    private const int DevicesPerNode = 8;
    private const int NodesPerRack = 16;
    private const int RacksPerBlock = 16;
    private const int OccupiedPercent = 90;

    /// <summary>Devices per pod, each as often as the others.</summary>
    private static readonly int[] Sizes = [1, 1, 2, 4, 8];

    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(1);

    /// <summary>The first warms up, and of the others the best counts: what else the machine does only slows it down.</summary>
    private const int Rounds = 5;

    public static void Print(TextWriter output, IReadOnlyList<int> nodeCounts)
    {
        output.WriteLine("# Placements per second");
        output.WriteLine();
        output.WriteLine("    dotnet run -c Release --project bench/Convoy.Bench -- placement > bench/results/placement.md");
        output.WriteLine();
        output.WriteLine($"{Cpu()}, one core. Nodes of {DevicesPerNode} GPUs in racks of {NodesPerRack} and blocks of {RacksPerBlock} racks, {OccupiedPercent} % of the GPUs in use. Pods take {string.Join(", ", Sizes.Distinct())} GPUs. Each round gives back jobs at random until the cluster is no fuller than that, and places the next; a gang that finds no place is not counted, its time is. The best of four seconds.");
        output.WriteLine();
        output.WriteLine("| nodes | built in ms | bytes per node | 1-pod placements/s | 8-pod gangs that prefer one rack/s | of these in one rack |");
        output.WriteLine("|---|---|---|---|---|---|");
        foreach (var count in nodeCounts)
        {
            var nodes = Nodes(count);
            var listed = GC.GetTotalMemory(forceFullCollection: true);
            var watch = Stopwatch.StartNew();
            var free = FreeSpace.Of(new ClusterSnapshot(0, nodes, [], []), []);
            var built = watch.ElapsedMilliseconds;
            var bytes = (GC.GetTotalMemory(forceFullCollection: true) - listed) / count;
            var (pods, _) = Churn(free, count, tasks: 1, wish: null);
            var (gangs, together) = Churn(FreeSpace.Of(new ClusterSnapshot(0, nodes, [], []), []), count, tasks: 8, new TopologyWish(TopologyLevel.Rack, IsRequired: false));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {count} | {built} | {bytes} | {pods:F0} | {gangs:F0} | {together:F0} % |"));
        }
    }

    private static (double PerSecond, double TogetherPercent) Churn(FreeSpace free, int nodes, int tasks, TopologyWish? wish)
    {
        var random = new Random(1);
        var jobs = Sizes.Select(devices => Job(tasks, devices, wish)).ToArray();
        var running = new List<List<Place>>();
        long used = 0, most = (long)nodes * DevicesPerNode * OccupiedPercent / 100;
        var (placed, together) = (0L, 0L);
        Until(TimeSpan.MaxValue, () => used + (tasks * DevicesPerNode) > most);
        var (best, bestTogether) = (0.0, 0.0);
        for (var round = 0; round < Rounds; round++)
        {
            (placed, together) = (0, 0);
            var took = Until(Measured, () => false);
            var perSecond = placed / took.TotalSeconds;
            if (round > 0 && perSecond > best) (best, bestTogether) = (perSecond, 100.0 * together / placed);
        }

        return (best, bestTogether);

        TimeSpan Until(TimeSpan limit, Func<bool> isDone)
        {
            var watch = Stopwatch.StartNew();
            for (var round = 0; !isDone() && (round % 64 != 0 || watch.Elapsed < limit); round++)
            {
                var job = jobs[random.Next(jobs.Length)];
                while (used + job.MinDevices > most)
                {
                    var at = random.Next(running.Count);
                    used -= running[at].Sum(place => place.Role.Each.Devices);
                    free.Give(running[at]);
                    running[at] = running[^1];
                    running.RemoveAt(running.Count - 1);
                }

                if (free.TryTake(job, Cluster, Type) is not { } places) continue;
                used += job.MinDevices;
                running.Add(places);
                placed++;
                if (places.TrueForAll(place => place.Index / NodesPerRack == places[0].Index / NodesPerRack)) together++;
            }

            return watch.Elapsed;
        }
    }

    private static PendingJob Job(int tasks, int devices, TopologyWish? wish) =>
        new(new Standing(JobId.FromKey("bench", $"{devices}"), "ann", "engineer", "default", JobPriority.Normal, 0), 0,
            [new RoleDemand("worker", tasks, tasks, new ResourceVector(devices * 8000, devices * (64L << 30), devices), [])], ["any"], null) { Topology = wish };

    private static Node[] Nodes(int count) => [.. Enumerable.Range(0, count).Select(i => new Node(Cluster, $"node-{i:D6}", NodeHealth.Ready, 96_000, 1L << 40, Type, [.. Enumerable.Range(0, DevicesPerNode)], true)
    {
        Topology = ["region", "zone", $"block-{i / NodesPerRack / RacksPerBlock:D4}", $"rack-{i / NodesPerRack:D5}"],
    })];

    private static string Cpu() => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").First(line => line.StartsWith("model name", StringComparison.Ordinal)).Split(':')[1].Trim() : "an unknown CPU";
}
