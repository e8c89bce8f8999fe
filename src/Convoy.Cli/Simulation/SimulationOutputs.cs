using Convoy.Cli.Simulation.Report;
using Convoy.Client;
using Convoy.Core.Simulation;

namespace Convoy.Cli.Simulation;

/// <summary>The files that a simulation writes; null is one that nobody asked for.</summary>
/// <param name="save">A folder.</param>
internal sealed class SimulationOutputs(string? html, string? dump, string? save, IReadOnlyList<SimulationPolicy> policies)
{
    private string SavedCluster => Path.Combine(save!, "cluster.yaml");

    private string SavedJobs => Path.Combine(save!, "jobs.csv");

    /// <summary>Throws where one cannot be written, or would destroy something that is read or written.</summary>
    public void Check(IReadOnlyList<NamedFile> inputs)
    {
        NamedFile[] results = [.. html is null ? [] : new[] { new NamedFile("--html", html) }, .. dump is null ? [] : policies.Select(policy => new NamedFile("--dump", DumpOf(policy)))];
        foreach (var result in results) OutputFile.CheckPlace(result);
        if (save is not null) OutputFile.CheckFolder(new NamedFile("--save", save));
        OutputFile.CheckApart(inputs, [.. results, .. save is null ? [] : new[] { SavedCluster, SavedJobs }.Select(file => new NamedFile("--save", file))]);
    }

    /// <summary>Writes what is simulated; what was changed by hand stays.</summary>
    public void Save(Call call, Scenario scenario)
    {
        if (save is null) return;
        using var jobs = new StringWriter();
        TraceFile.Write(jobs, scenario.Jobs);
        (string File, string Text)[] texts = [(SavedCluster, ClusterFile.ToYaml(scenario.Cluster)), (SavedJobs, jobs.ToString())];
        foreach (var (file, text) in texts) OutputFile.CheckSame("--save", file, text);
        OutputFile.MakeFolder(save);
        foreach (var (file, text) in texts) OutputFile.Write(call, file, writer => writer.Write(text));
    }

    public void Write(Call call, Scenario scenario, IReadOnlyList<SimulationResult> results)
    {
        foreach (var result in results)
        {
            if (dump is not null) OutputFile.Write(call, DumpOf(result.Policy), writer => OutcomeFile.Write(writer, result));
        }

        if (html is not null) OutputFile.Write(call, html, new ReportPage(scenario, results).Write);
    }

    private string DumpOf(SimulationPolicy policy) => policies.Count == 1 ? dump! : OutcomeFile.NameFor(dump!, policy);
}
