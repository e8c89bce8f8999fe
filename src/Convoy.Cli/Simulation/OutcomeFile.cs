using System.Globalization;
using Convoy.Cli.Output;
using Convoy.Core.Simulation;

namespace Convoy.Cli.Simulation;

/// <summary>What became of each job, as CSV in the order of the trace.</summary>
internal static class OutcomeFile
{
    public static void Write(TextWriter writer, SimulationResult result)
    {
        Csv.WriteRow(writer, ["id", "submit_s", "start_s", "end_s", "evictions"]);
        foreach (var outcome in result.Outcomes)
        {
            Csv.WriteRow(writer, [outcome.Job.Id, Seconds(outcome.Job.Submit), Seconds(outcome.Start), Seconds(outcome.End), outcome.Evictions.ToString(CultureInfo.InvariantCulture)]);
        }
    }

    /// <summary>Of several policies each gets a file of its own: <c>jobs.csv</c> becomes <c>jobs.fifo.csv</c>.</summary>
    public static string NameFor(string file, SimulationPolicy policy) =>
        Path.Combine(Path.GetDirectoryName(file) ?? "", $"{Path.GetFileNameWithoutExtension(file)}.{Policies.Word(policy)}{Path.GetExtension(file)}");

    /// <summary>Exact: a count of 100 ns has at most seven decimals.</summary>
    public static string? Seconds(TimeSpan? time) => time is { } t ? ((decimal)t.Ticks / TimeSpan.TicksPerSecond).ToString("0.#######", CultureInfo.InvariantCulture) : null;
}
