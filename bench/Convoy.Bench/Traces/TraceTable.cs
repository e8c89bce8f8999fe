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
            var srtf = Average(Experiment.Run(EightOfEight, jobs, SimulationPolicy.Srtf), Completion);
            foreach (var (name, knows, run) in Policies)
            {
                var result = run(jobs);
                var used = result.Outcomes.Sum(outcome => outcome.Ran.TotalSeconds * outcome.Job.TotalGpus);
                var span = result.Outcomes.Max(outcome => outcome.End!.Value.TotalSeconds) - jobs.Min(job => job.Submit.TotalSeconds);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {(knows ? "yes" : "no")} | {Average(result, Completion):F0} | {P99(result, Completion):F0} | {Average(result, Queueing):F0} | {P99(result, Queueing):F0} | {100 * used / (span * result.ClusterGpus):F1} | {result.Outcomes.Sum(outcome => outcome.Evictions)} | {result.LostGpuTime.TotalHours:F1} | {Average(result, Completion) / srtf:F2} |"));
            }
        }
    }

    private static SimulationResult Convoy(IReadOnlyList<SimulatedJob> jobs, QueueOrdering ordering) =>
        VirtualCluster.Run(EightOfEight, jobs, new SchedulingPolicy(Level.Defaults) { Queues = [new QueueSpec(QueueTree.RootName, Ordering: ordering)] });

    private static double Completion(SimulatedOutcome outcome) => (outcome.End!.Value - outcome.Job.Submit).TotalSeconds;

    private static double Queueing(SimulatedOutcome outcome) => (outcome.End!.Value - outcome.Job.Submit - outcome.Ran).TotalSeconds;

    private static double Average(SimulationResult result, Func<SimulatedOutcome, double> of) => result.Outcomes.Average(of);

    private static double P99(SimulationResult result, Func<SimulatedOutcome, double> of) => result.Outcomes.Select(of).Order().ElementAt((int)Math.Ceiling(0.99 * result.Outcomes.Count) - 1);

    private static SimulatedJob[] Read(string file) =>
    [
        .. File.ReadLines(file).Skip(1).Select(line => line.Split(',')).Select(cells => new SimulatedJob(
            cells[0], TimeSpan.FromMilliseconds(Number(cells[2])), TimeSpan.FromMilliseconds(Number(cells[3]) * Number(cells[8]) * 1.015), (int)Number(cells[1]), null, [])),
    ];

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
}
