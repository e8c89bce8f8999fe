using System.Globalization;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Output;

/// <summary>Jobs as rows.</summary>
internal static class JobTable
{
    private const int MostNodes = 3;

    public static Listing<JobView, JobView> Listing { get; } = Output.Listing.Of(
        Rendering.Indented.JobView,
        job => job.Id,
        new("ID", job => job.Id),
        new("NAME", job => job.Name),
        new("USER", job => job.User) { Spare = 2 },
        new("QUEUE", job => job.Queue) { Spare = 5 },
        new("PRI", job => Priority(job.Priority)) { Spare = 6, CsvName = "priority" },
        new("FRAMEWORK", job => Framework(job.Framework)) { Spare = 7 },
        new("GPUS", Gpus) { IsRight = true, CsvCell = job => Number(job.Gpus) },
        new("PHASE", job => job.Phase.ToString()) { Paint = Style.Phase },
        new("REASON", job => job.Reason) { Spare = 3 },
        new("AGE", (job, now) => Spans.Since(job.SubmittedAt, now)) { IsRight = true, In = Forms.People },
        new("RUNTIME", Runtime) { IsRight = true, In = Forms.People, Spare = 1 },
        new("RESTARTS", job => Number(job.Restarts + job.PlatformRestarts)) { IsRight = true, CsvCell = job => Number(job.Restarts), Spare = 8 },
        new("NODES", job => Nodes(job, all: false)) { In = Forms.Table, Spare = 9 },
        new("NODES", job => Nodes(job, all: true)) { In = Forms.Wide | Forms.Csv, CsvCell = job => string.Join(' ', job.Nodes) },
        new("LEVEL", job => job.Level) { In = Forms.Wide | Forms.Csv },
        new("PROGRESS", Progress) { In = Forms.Wide | Forms.Csv, CsvCell = job => job.Progress?.ToString(CultureInfo.InvariantCulture) },
        new("PLATFORM-RESTARTS", job => Number(job.PlatformRestarts)) { In = Forms.Wide | Forms.Csv, IsRight = true },
        new("DISPLAY-NAME", job => job.DisplayName) { In = Forms.Wide | Forms.Csv },
        new("MESSAGE", job => job.Message?.Said()) { In = Forms.Wide | Forms.Csv },
        Column.Data<JobView>("tasks", job => Number(job.Tasks)),
        Column.Data<JobView>("gpusPerTask", job => Number(job.GpusPerTask)),
        Column.DataTime<JobView>("submittedAt", job => job.SubmittedAt),
        Column.DataTime<JobView>("startedAt", job => job.StartedAt),
        Column.DataTime<JobView>("endedAt", job => job.EndedAt),
        Column.Data<JobView>("runtimeS", job => job.RuntimeS?.ToString(CultureInfo.InvariantCulture)));

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
}
