using System.Globalization;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;
using Convoy.Core.Simulation;

namespace Convoy.Bench.Traces;

/// <summary>The production scheduler beside textbook policies on the public traces of training jobs.</summary>
internal static class TraceTable
{
    private static readonly SimulatedNode[] EightOfEight = [.. Enumerable.Repeat(new SimulatedNode(8), 8)];

    private static readonly (string Name, bool KnowsDurations, Func<IReadOnlyList<SimulatedJob>, SimulationResult> Run)[] Policies =
    [
        ("fifo", false, jobs => Experiment.Run(EightOfEight, jobs, SimulationPolicy.Fifo)),
        ("easy", true, jobs => Experiment.Run(EightOfEight, jobs, SimulationPolicy.Easy)),
        ("srtf", true, jobs => Experiment.Run(EightOfEight, jobs, SimulationPolicy.Srtf)),
        ("convoy, fifo queue", false, jobs => Convoy(jobs, QueueOrdering.Fifo)),
        ("convoy, las queue", false, jobs => Convoy(jobs, QueueOrdering.Las)),
    ];

    public static void Print(TextWriter output, string folder)
    {
        output.WriteLine("# Convoy and textbook policies on public traces");
        output.WriteLine();
        output.WriteLine("    dotnet run -c Release --project bench/Convoy.Bench -- traces ../shared/data/traces/muri > bench/results/traces.md");
        output.WriteLine();
        output.WriteLine("8 nodes of 8 GPUs; an evicted job does 7, 30 or 60 s of work again (1, 2 to 8, more GPUs). Times in seconds; p99 by nearest rank; utilisation from the first arrival to the last end.");
        foreach (var trace in new[] { "trace3", "trace4" })
        {
            var jobs = Read(Path.Combine(folder, $"{trace}.csv"));
            output.WriteLine();
            output.WriteLine($"## {trace}: {jobs.Length} jobs");
            output.WriteLine();
            output.WriteLine("| policy | knows durations | average completion | p99 completion | average queueing | p99 queueing | utilisation % | evictions | GPU hours lost | times srtf |");
            output.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
            var srtf = SimulationFigures.Of(Experiment.Run(EightOfEight, jobs, SimulationPolicy.Srtf)).AverageCompletion;
            foreach (var (name, knows, run) in Policies)
            {
                var told = SimulationFigures.Of(run(jobs));
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {(knows ? "yes" : "no")} | {S(told.AverageCompletion)} | {S(told.P99Completion)} | {S(told.AverageQueueing)} | {S(told.P99Queueing)} | {100 * told.Utilisation:F1} | {told.Evictions} | {told.LostGpuTime.TotalHours:F1} | {told.AverageCompletion / srtf:F2} |"));
            }
        }

        static string S(TimeSpan time) => time.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture);
    }

    private static SimulationResult Convoy(IReadOnlyList<SimulatedJob> jobs, QueueOrdering ordering) =>
        VirtualCluster.Run(EightOfEight, jobs, new SchedulingPolicy(Level.Defaults) { Queues = [new QueueSpec(QueueTree.RootName, Ordering: ordering)] });

    private static SimulatedJob[] Read(string file) =>
    [
        .. File.ReadLines(file).Skip(1).Select(line => line.Split(',')).Select(cells => new SimulatedJob(
            cells[0], TimeSpan.FromMilliseconds(Number(cells[2])), TimeSpan.FromMilliseconds(Number(cells[3]) * Number(cells[8]) * 1.015), (int)Number(cells[1]), null, [])),
    ];

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
}
