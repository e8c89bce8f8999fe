using System.Globalization;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Output;

/// <summary>Jobs as rows.</summary>
internal static class JobTable
{
    private const int PhaseColumn = 7;
    private const int MostNodes = 3;
    private static readonly string[] Headings = ["ID", "NAME", "USER", "QUEUE", "PRI", "FRAMEWORK", "GPUS", "PHASE", "REASON", "AGE", "RUNTIME", "RESTARTS", "NODES"];

    public static IReadOnlyList<string> CsvHeadings { get; } =
    [
        "id", "name", "displayName", "user", "level", "queue", "priority", "framework", "tasks", "gpus", "gpusPerTask", "phase", "reason", "submittedAt", "startedAt", "endedAt",
        "runtimeS", "restarts", "platformRestarts", "nodes",
    ];

    public static void Write(TextWriter writer, IReadOnlyList<JobView> jobs, DateTimeOffset now, bool wide)
    {
        string[] more = wide ? ["LEVEL", "PROGRESS", "PLATFORM-RESTARTS", "DISPLAY-NAME", "MESSAGE"] : [];
        var table = new TextTable([.. Headings, .. more]).AlignRight(6, 9, 10, 11);
        foreach (var job in jobs)
        {
            string?[] extra = wide ? [job.Level, Progress(job), Number(job.PlatformRestarts), job.DisplayName, job.Message] : [];
            table.Add(
            [
                job.Id, job.Name, job.User, job.Queue, Priority(job.Priority), Framework(job.Framework), Gpus(job), job.Phase.ToString(), job.Reason,
                Spans.Since(job.SubmittedAt, now), Runtime(job), Number(job.Restarts + job.PlatformRestarts), Nodes(job, wide), .. extra,
            ]);
        }

        table.Write(writer, (column, cell) => column == PhaseColumn ? Style.Phase(cell) : cell);
    }

    public static IEnumerable<string?> CsvRow(JobView job) =>
    [
        job.Id, job.Name, job.DisplayName, job.User, job.Level, job.Queue, Priority(job.Priority), Framework(job.Framework), Number(job.Tasks), Number(job.Gpus), Number(job.GpusPerTask),
        job.Phase.ToString(), job.Reason, Time(job.SubmittedAt), Time(job.StartedAt), Time(job.EndedAt), job.RuntimeS?.ToString(CultureInfo.InvariantCulture), Number(job.Restarts),
        Number(job.PlatformRestarts), string.Join(' ', job.Nodes),
    ];

    public static string Priority(JobPriority priority) => priority.ToString().ToLowerInvariant();

    public static string Framework(Framework framework) => framework.ToString().ToLowerInvariant();

    /// <summary><c>4×8</c>: four tasks of eight devices each.</summary>
    public static string? Gpus(JobView job) => job switch
    {
        { Gpus: 0 } => null,
        { Tasks: > 1 } when job.Gpus == job.Tasks * job.GpusPerTask => $"{job.Tasks}×{job.GpusPerTask}",
        _ => Number(job.Gpus),
    };

    public static string? Runtime(JobView job) => job.RuntimeS is { } seconds ? Spans.Of(TimeSpan.FromSeconds(seconds)) : null;

    public static string? Progress(JobView job) => job.Progress is { } progress ? (progress * 100).ToString("0.#", CultureInfo.InvariantCulture) + "%" : null;

    private static string Nodes(JobView job, bool all) =>
        all || job.Nodes.Count <= MostNodes ? string.Join(',', job.Nodes) : $"{string.Join(',', job.Nodes.Take(MostNodes))},+{job.Nodes.Count - MostNodes}";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string? Time(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
