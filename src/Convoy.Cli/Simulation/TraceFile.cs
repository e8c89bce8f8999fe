using System.Globalization;
using Convoy.Cli.Output;
using Convoy.Core.Resources;
using Convoy.Core.Simulation;

namespace Convoy.Cli.Simulation;

/// <summary>Jobs as a file that <see cref="TraceReader"/> reads as the same jobs.</summary>
internal static class TraceFile
{
    public static void Write(TextWriter writer, IReadOnlyList<SimulatedJob> jobs)
    {
        Csv.WriteRow(writer, TraceReader.Columns);
        foreach (var job in jobs) Csv.WriteRow(writer, TraceReader.Columns.Select(column => Cell(job, column)));
    }

    private static string? Cell(SimulatedJob job, string column) => column switch
    {
        "id" => job.Id,
        "submit_s" => OutcomeFile.Seconds(job.Submit),
        "duration_s" => OutcomeFile.Seconds(job.Duration),
        "gpus" => Number(job.Gpus),
        "nodes" => Number(job.Nodes),
        "gpu_milli" => job.GpuMilli == 0 ? null : Number(job.GpuMilli),
        "cpu" => job.CpuMillicores == 0 ? null : new CpuQuantity(job.CpuMillicores).ToString(),
        "memory" => job.MemoryBytes == 0 ? null : new ByteSize(job.MemoryBytes).ToString(),
        "accelerators" => string.Join('|', job.Accelerators),
        "user" => job.User,
        "level" => job.Level,
        "queue" => job.Queue,
        "priority" => job.Priority.ToString().ToLowerInvariant(),
        "preemptible" => job.Preemptible ? null : "false",
        "min_nodes" => Number(job.MinNodes),
        _ => throw new ArgumentOutOfRangeException(nameof(column), column, "a column that nobody writes"),
    };

    private static string? Number(int? number) => number?.ToString(CultureInfo.InvariantCulture);
}
