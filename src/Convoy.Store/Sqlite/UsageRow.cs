using Convoy.Core.Jobs;
using Convoy.Core.Queues;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

/// <summary>What an attempt that has ended held, as columns. Written once, with the change that ended it.</summary>
internal sealed class UsageRow
{
    public const string Since = """
        SELECT job AS Job, attempt AS Attempt, part AS Part, queue AS Queue, owner AS Owner, accelerator AS Accelerator, milli_devices AS MilliDevices,
            cpu_millicores AS CpuMillicores, memory_bytes AS MemoryBytes, started_at AS StartedAt, ended_at AS EndedAt
        FROM usage WHERE (ended_at, job, attempt) > (@ended, @job, @attempt) ORDER BY ended_at, job, attempt LIMIT @limit
        """;

    private const string Insert = """
        INSERT INTO usage (job, attempt, part, queue, owner, accelerator, milli_devices, cpu_millicores, memory_bytes, started_at, ended_at) VALUES (@Job, @Attempt, @Part, @Queue, @Owner, @Accelerator, @MilliDevices, @CpuMillicores, @MemoryBytes, @StartedAt, @EndedAt) ON CONFLICT DO NOTHING
        """;

    /// <summary>Of version 4, which knows no parts and fills its own table.</summary>
    private const string InsertWhole = """
        INSERT INTO usage VALUES (@Job, @Attempt, @Queue, @Owner, @Accelerator, @MilliDevices, @CpuMillicores, @MemoryBytes, @StartedAt, @EndedAt) ON CONFLICT DO NOTHING
        """;

    public required long Job { get; init; }

    public required int Attempt { get; init; }

    /// <summary>Of what the attempt held, counted from its end: more than one where the job moved to another queue meanwhile.</summary>
    public required int Part { get; init; }

    public required string Queue { get; init; }

    public required string Owner { get; init; }

    public string? Accelerator { get; init; }

    public required long MilliDevices { get; init; }

    public required long CpuMillicores { get; init; }

    public required long MemoryBytes { get; init; }

    public required long StartedAt { get; init; }

    public required long EndedAt { get; init; }

    public static IReadOnlyList<UsageRow> Of(Job job) =>
    [
        .. from attempt in job.Attempts
           where attempt.EndedAt is not null
           from part in AttemptUsage.AllOf(job, attempt).Reverse().Index()
           let usage = part.Item
           select new UsageRow
           {
               Job = usage.SubmitSequence,
               Attempt = usage.Attempt,
               Part = part.Index,
               Queue = usage.Queue,
               Owner = usage.Owner,
               Accelerator = usage.Accelerator,
               MilliDevices = usage.MilliDevices,
               CpuMillicores = usage.CpuMillicores,
               MemoryBytes = usage.MemoryBytes,
               StartedAt = StoredTime.Of(usage.From),
               EndedAt = StoredTime.Of(usage.Until!.Value),
           },
    ];

    /// <summary>Of every job that an older version stored.</summary>
    public static void Fill(SqliteConnection connection)
    {
        foreach (var body in connection.Query<string>("SELECT body FROM jobs", buffered: false))
        {
            connection.Execute(InsertWhole, Of(StoredJson.Job(body)));
        }
    }

    public void Save(SqliteConnection connection) => connection.Execute(Insert, this);

    public AttemptUsage ToUsage() => new(Job, Attempt, Queue, Owner, Accelerator, MilliDevices, CpuMillicores, MemoryBytes, StoredTime.At(StartedAt), StoredTime.At(EndedAt));
}
