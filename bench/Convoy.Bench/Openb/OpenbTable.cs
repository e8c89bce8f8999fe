using System.Globalization;

namespace Convoy.Bench.Openb;

/// <summary>The openb protocol under every algorithm, beside what the authors of the trace published.</summary>
internal static class OpenbTable
{
    private static readonly string[] Workloads = ["default", "gpuspec33", "multigpu50"];

    private static readonly (string Name, string? Published, Func<OpenbTrace, int, IPlacing> Placing)[] Algorithms =
    [
        ("Random", "01-Random", TextbookPlacing.Random),
        ("GpuPacking", "04-GpuPacking", (trace, _) => TextbookPlacing.GpuPacking(trace)),
        ("BestFit", "05-BestFit", (trace, _) => TextbookPlacing.BestFit(trace)),
        ("FGD", "06-FGD", (trace, _) => TextbookPlacing.Fgd(trace)),
        ("Convoy", null, (trace, _) => new ConvoyPlacing(trace)),
        ("Convoy, scheduler", null, (trace, _) => new ProductionPlacing(trace)),
    ];

    public static void Print(TextWriter output, string folder, int seeds)
    {
        var published = Published(folder);
        output.WriteLine("# Placement of shared devices on the openb traces");
        output.WriteLine();
        output.WriteLine("    dotnet run -c Release --project bench/Convoy.Bench -- openb ../shared/data/traces/openb > bench/results/openb.md");
        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"GPU allocation in percent, over {seeds} seeds. Published: the authors' mean, over 10 seeds of their own generator. Convoy is held against the published FGD: its score by itself, and the scheduler's whole search, in which a pod is a job and accelerator types are pools. Differences are at 130 % arrived load."));
        foreach (var workload in Workloads)
        {
            var trace = OpenbTrace.Read(folder, workload);
            output.WriteLine();
            output.WriteLine($"## {workload}");
            output.WriteLine();
            output.WriteLine("| algorithm | published at 100 % | at 100 % | published at 130 % | at 130 % | least | most | difference | every seed at 130 % |");
            output.WriteLine("|---|---|---|---|---|---|---|---|---|");
            foreach (var (name, policy, placing) in Algorithms)
            {
                var runs = Enumerable.Range(1, seeds).Select(seed => OpenbProtocol.Run(trace, placing(trace, seed), seed)).ToArray();
                var known100 = published[(workload, policy ?? "06-FGD", "100")];
                var known130 = published[(workload, policy ?? "06-FGD", "130")];
                var at130 = runs.Average(run => run.At130);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {known100:F2} | {runs.Average(run => run.At100):F2} | {known130:F2} | {at130:F2} | {runs.Min(run => run.At130):F2} | {runs.Max(run => run.At130):F2} | {Math.Round(at130 - known130, 2) + 0.0:+0.00;-0.00} | {string.Join(' ', runs.Select(run => run.At130.ToString("F2", CultureInfo.InvariantCulture)))} |"));
            }
        }
    }

    private static Dictionary<(string Workload, string Policy, string Load), double> Published(string folder) =>
        File.ReadLines(Path.Combine(folder, "published_means.csv")).Skip(1).Select(line => line.Split(',')).Where(row => row[2] == "alloc_pct")
            .ToDictionary(row => (row[0]["openb_pod_list_".Length..], row[1], row[3]), row => double.Parse(row[4], CultureInfo.InvariantCulture));
}
