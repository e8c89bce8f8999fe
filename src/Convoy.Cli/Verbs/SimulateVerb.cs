using System.CommandLine;
using System.Globalization;
using Convoy.Cli.Output;
using Convoy.Cli.Simulation;
using Convoy.Cli.Simulation.Report;
using Convoy.Core.Simulation;

namespace Convoy.Cli.Verbs;

internal static class SimulateVerb
{
    public static Command Build()
    {
        var cluster = Options.InputFile("--cluster", "The machines (YAML)");
        var trace = Options.InputFile("--trace", "The jobs (CSV)");
        var history = Options.Duration("--history", "The jobs of a platform's last days instead of a trace (for administrators), on its own machines unless --cluster is given", TimeSpan.FromMinutes(1));
        var policy = Policies.Option();
        var added = AddedNodes.Option();
        var dump = Options.OutputFile("--dump", "Write when each job started and ended, as CSV");
        var save = Options.Folder("--save", "FOLDER", "Write what is simulated to cluster.yaml and jobs.csv in this folder");
        var snapshot = Options.InputFile("--snapshot", "Make one plan of a snapshot of a server's scheduler, and prove it, instead");
        var html = Options.OutputFile("--html", "Write a page with charts");
        var format = Options.Format("table", "json", "html");
        return new Verb("simulate", "What a cluster would do with a trace of jobs, under Convoy's scheduler or a textbook policy")
        {
            Examples =
            [
                "convoy simulate --cluster cluster.yaml --trace jobs.csv",
                "convoy simulate --cluster cluster.yaml --trace jobs.csv --policy all --html report.html",
                "convoy simulate --cluster cluster.yaml --trace jobs.csv --add-nodes 4xA100:8 -o json",
                "convoy simulate --cluster cluster.yaml --trace jobs.csv --policy convoy --policy fifo --dump ends.csv",
                "convoy simulate --history 30d --add-nodes 4xA100:8",
                "convoy simulate --history 30d --save last-month",
                "convoy simulate --snapshot snapshot.json",
            ],
            SeeAlso = ["why", "queue"],
            Options = { cluster, trace, history, policy, added, html, dump, save, snapshot, format },
            Body = async (call, cancellationToken) =>
            {
                if (call.Get(snapshot) is { } snapshotFile)
                {
                    if (new Option[] { cluster, trace, history, policy, added, html, dump, save }.FirstOrDefault(call.Has) is { } other) throw CommandException.Usage($"--snapshot and {other.Name} exclude each other");
                    if (call.Get(format) == "html") throw CommandException.Usage("--snapshot is told as a table or as json");
                    return await SnapshotReplay.RunAsync(call, snapshotFile, call.Get(format), cancellationToken);
                }

                var policies = call.Get(policy) is [_, ..] chosen ? chosen : [SimulationPolicy.Convoy];
                var outputs = new SimulationOutputs(call.Get(html), call.Get(dump), call.Get(save), policies);
                outputs.Check([.. new[] { cluster, trace }.Where(call.Has).Select(option => new NamedFile(option.Name, call.Get(option)!))]);
                var scenario = await ScenarioAsync(call, call.Get(cluster), call.Get(trace), call.Get(history), cancellationToken);
                foreach (var nodes in call.Get(added) ?? []) scenario = scenario with { Cluster = nodes.To(scenario.Cluster) };
                outputs.Save(call, scenario);
                var results = policies.Select(each => Run(call, scenario, each, cancellationToken)).ToArray();
                outputs.Write(call, scenario, results);
                SayWhatNeverFit(call, results);
                if (call.Get(format) == "html") new ReportPage(scenario, results).Write(call.Output);
                else Write(call, call.Get(format), results);
                return ExitCodes.Success;
            },
        };
    }

    private static async Task<Scenario> ScenarioAsync(Call call, string? cluster, string? trace, TimeSpan? history, CancellationToken cancellationToken)
    {
        if (history is not null && trace is not null) throw CommandException.Usage("--history and --trace exclude each other");
        if (history is { } period) return await Scenario.OfHistoryAsync(call.Client, call.Now - period, cluster, cancellationToken);
        if (cluster is null || trace is null) throw CommandException.Usage($"{(cluster is null ? "--cluster" : "--trace")} is missing; see convoy simulate --help");
        if (cluster == "-" && trace == "-") throw CommandException.Usage("only one of --cluster and --trace can read standard input");
        return await Scenario.OfFilesAsync(cluster, trace, cancellationToken);
    }

    private static SimulationResult Run(Call call, Scenario scenario, SimulationPolicy policy, CancellationToken cancellationToken)
    {
        var (jobs, begin) = (scenario.Jobs.Count, scenario.Jobs.Min(job => job.Submit));
        var progress = new ProgressBar(call, Policies.Word(policy), jobs);
        var result = scenario.Cluster.Run(scenario.Jobs, policy, (done, now) => progress.Show(done, () => $"{done} of {Spans.Count(jobs, "job")}, {Spans.Of(now - begin)} simulated"), cancellationToken);
        progress.Clear();
        return result;
    }

    private static void SayWhatNeverFit(Call call, IReadOnlyList<SimulationResult> results)
    {
        const int Most = 5;
        foreach (var result in results)
        {
            var never = result.Outcomes.Where(outcome => outcome.End is null).Select(outcome => outcome.Job.Id).ToArray();
            if (never.Length > 0) call.Say($"{Policies.Word(result.Policy)}: {Spans.Count(never.Length, "job")} never fit: {Printable.Of(string.Join(", ", never.Take(Most)))}{(never.Length > Most ? ", …" : "")}");
        }
    }

    private static void Write(Call call, string? format, IReadOnlyList<SimulationResult> results)
    {
        var figures = results.Select(result => (result.Policy, Figures: SimulationFigures.Of(result))).ToArray();
        if (format == "json")
        {
            var views = figures.Select(each => SimulationView.Of(each.Policy, each.Figures)).ToArray();
            if (views is [var only]) Rendering.WriteJson(call.Output, only, CliJson.Default.SimulationView);
            else Rendering.WriteJson(call.Output, new SimulationListView(views), CliJson.Default.SimulationListView);
            return;
        }

        var table = new TextTable("POLICY", "JOBS", "COMPLETED", "AVG-JCT", "P50-JCT", "P99-JCT", "AVG-QUEUE", "P99-QUEUE", "MAKESPAN", "GPU-USE", "EVICTIONS", "GPU-TIME-LOST", "NEVER-FIT")
            .AlignRight([.. Enumerable.Range(1, 12)]);
        foreach (var (policy, told) in figures)
        {
            table.Add(
                Policies.Word(policy), $"{told.Jobs}", $"{told.Completed}", Spans.Of(told.AverageCompletion), Spans.Of(told.MedianCompletion), Spans.Of(told.P99Completion), Spans.Of(told.AverageQueueing),
                Spans.Of(told.P99Queueing), Spans.Of(told.Makespan), string.Create(CultureInfo.InvariantCulture, $"{100 * told.Utilisation:F1}%"), $"{told.Evictions}", Spans.Of(told.LostGpuTime), $"{told.NeverFit}");
        }

        table.Write(call.Output);
    }
}
