using Convoy.Core.Jobs;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

/// <summary>A change of a job as columns.</summary>
internal sealed record ChangeRow
{
    private const string Insert = """
        INSERT INTO jobs (submit_sequence, id, owner, queue, name, phase, finished, revision, attempt, progress, body, ended_at, code)
        SELECT @SubmitSequence, @Id, @Owner, @Queue, @Name, @Phase, @Finished, @Revision, @Attempt, NULL, @Body, @EndedAt, @Code
        WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = '-' || @Id)
        ON CONFLICT DO NOTHING
        """;

    /// <summary>Touches no index. Progress is the current attempt's, so a new attempt begins without.</summary>
    public const string Update = """
        UPDATE jobs SET revision = @Revision, body = @Body, attempt = @Attempt, progress = CASE WHEN attempt = @Attempt THEN progress END
        WHERE id = @Id AND revision = @ExpectedRevision AND submit_sequence = @SubmitSequence
        """;

    /// <summary>Apart from <see cref="Update"/>, because most changes leave all of these as they are and the indexes hang on them.</summary>
    public const string UpdateWhatIsIndexed = """
        UPDATE jobs SET owner = @Owner, queue = @Queue, name = @Name, phase = @Phase, finished = @Finished, ended_at = @EndedAt
        WHERE submit_sequence = @SubmitSequence AND (owner, queue, name, phase, finished) IS NOT (@Owner, @Queue, @Name, @Phase, @Finished)
        """;

    private const string Append = "INSERT INTO events (job, sequence, at, body) VALUES (@Job, @Sequence, @At, @Body)";

    public required long ExpectedRevision { get; init; }

    public required long SubmitSequence { get; init; }

    public required string Id { get; init; }

    public required string Owner { get; init; }

    public required string Queue { get; init; }

    public required string Name { get; init; }

    public required string Phase { get; init; }

    public required bool Finished { get; init; }

    /// <summary>Null until it is finished; one that is retried has not ended.</summary>
    public long? EndedAt { get; init; }

    /// <summary>The archive of its code; never changes.</summary>
    public string? Code { get; init; }

    public required long Revision { get; init; }

    public required int Attempt { get; init; }

    public required string Body { get; init; }

    public required IReadOnlyList<AppendedEvent> Events { get; init; }

    /// <summary>Of the attempts that have ended, where the change ends one.</summary>
    public required IReadOnlyList<UsageRow> Usage { get; init; }

    public static ChangeRow Of(JobChange change)
    {
        var job = change.Next;
        if (change.Events.Count == 0 || job.Revision != change.ExpectedRevision + change.Events.Count)
        {
            throw new ArgumentException($"job {job.Id} cannot go from revision {change.ExpectedRevision} to {job.Revision} by {change.Events.Count} events", nameof(change));
        }

        return new ChangeRow
        {
            ExpectedRevision = change.ExpectedRevision,
            SubmitSequence = job.SubmitSequence,
            Id = job.Id.Value,
            Owner = job.Owner,
            Queue = job.Queue,
            Name = job.Spec.Name,
            Phase = job.Phase.ToString(),
            Finished = job.Phase.IsFinished(),
            EndedAt = EndOf(job),
            Code = job.Spec.Code?.Archive,
            Revision = job.Revision,
            Attempt = job.Attempts.Count,
            Body = StoredJson.Of(job),
            Events = [.. change.Events.Select((happened, i) => AppendedEvent.Of(job.SubmitSequence, change.ExpectedRevision + 1 + i, happened))],
            Usage = change.Events.Any(happened => happened is JobRequeued or JobSuspended or JobSucceeded or JobFailed or JobCancelled) ? UsageRow.Of(job) : [],
        };
    }

    public static long? EndOf(Job job) => job.Phase.IsFinished() ? StoredTime.Of(job.EndedAt!.Value) : null;

    /// <summary>A conflict writes nothing, so it needs no undoing.</summary>
    public CommitOutcome Apply(SqliteConnection connection)
    {
        if (connection.Execute(ExpectedRevision == 0 ? Insert : Update, this) == 0) return CommitOutcome.Conflict;
        if (ExpectedRevision > 0) connection.Execute(UpdateWhatIsIndexed, this);
        foreach (var appended in Events) connection.Execute(Append, appended);
        foreach (var ended in Usage) ended.Save(connection);
        return CommitOutcome.Committed;
    }

    internal sealed record AppendedEvent(long Job, long Sequence, long At, string Body)
    {
        public static AppendedEvent Of(long job, long sequence, JobEvent happened) =>
            new(job, sequence, StoredTime.Of(happened.At), StoredJson.Of(happened));
    }
}
