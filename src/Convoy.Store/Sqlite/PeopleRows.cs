using System.Text;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Sqlite;

internal sealed class UserRow
{
    public required string Name { get; init; }

    public required int Number { get; init; }

    public required string Level { get; init; }

    public required bool IsAdministrator { get; init; }

    public required long CreatedAt { get; init; }

    public User ToUser() => new(Name, Number, Level, IsAdministrator, StoredTime.At(CreatedAt));
}

internal sealed class TokenRow
{
    public required string Id { get; init; }

    public required string User { get; init; }

    public required string Hash { get; init; }

    public required long CreatedAt { get; init; }

    public long? ExpiresAt { get; init; }

    public long? RevokedAt { get; init; }

    public string? Label { get; init; }

    public static TokenRow Of(AccessToken token) => new()
    {
        Id = token.Id,
        User = token.User,
        Hash = token.Hash,
        CreatedAt = StoredTime.Of(token.CreatedAt),
        ExpiresAt = StoredTime.Of(token.ExpiresAt),
        RevokedAt = StoredTime.Of(token.RevokedAt),
        Label = token.Label,
    };

    public AccessToken ToToken() => new(Id, User, Hash, StoredTime.At(CreatedAt), StoredTime.At(ExpiresAt), StoredTime.At(RevokedAt), Label);
}

internal sealed class LevelRow
{
    public required string Name { get; init; }

    public required int Rank { get; init; }

    public int? MaxGpus { get; init; }

    public int? MaxGpusPerJob { get; init; }

    public int? MaxRunning { get; init; }

    public int? MaxSubmitted { get; init; }

    public long? MaxDuration { get; init; }

    public long? MaxStored { get; init; }

    public required bool MayPreempt { get; init; }

    public required bool Preemptible { get; init; }

    public required long MinRunTime { get; init; }

    public static int Save(SqliteConnection connection, Level level) => connection.Execute(
        """
        INSERT INTO levels VALUES (@Name, @Rank, @MaxGpus, @MaxGpusPerJob, @MaxRunning, @MaxSubmitted, @longest, @MayPreempt, @Preemptible, @least, @stored)
        ON CONFLICT (name) DO UPDATE SET level_rank = excluded.level_rank, max_gpus = excluded.max_gpus, max_gpus_per_job = excluded.max_gpus_per_job,
            max_running = excluded.max_running, max_submitted = excluded.max_submitted, max_duration = excluded.max_duration,
            may_preempt = excluded.may_preempt, preemptible = excluded.preemptible, min_run_time = excluded.min_run_time, max_stored = excluded.max_stored
        """,
        new
        {
            level.Name, level.Rank, level.MaxGpus, level.MaxGpusPerJob, level.MaxRunning, level.MaxSubmitted, longest = level.MaxDuration?.Ticks,
            level.MayPreempt, level.Preemptible, least = level.MinRunTime.Ticks, stored = level.MaxStored?.Bytes,
        });

    public Level ToLevel() => new(Name, Rank, MaxGpus, MaxGpusPerJob, MaxRunning, MaxSubmitted, MaxDuration is { } ticks ? TimeSpan.FromTicks(ticks) : null)
    {
        MayPreempt = MayPreempt,
        Preemptible = Preemptible,
        MinRunTime = TimeSpan.FromTicks(MinRunTime),
        MaxStored = MaxStored is { } bytes ? new ByteSize(bytes) : null,
    };
}

internal sealed class OrganisationRow
{
    public required long Revision { get; init; }

    public required string Body { get; init; }

    public StoredOrganisation ToOrganisation() => OrganisationReader.ReadStored(Encoding.UTF8.GetBytes(Body)) switch
    {
        { Organisation: { } organisation } => new StoredOrganisation(Revision, organisation),
        var reading => throw new StoreException(StoreFault.Damaged, $"revision {Revision} of the organisation cannot be read: {reading.Problems[0]}"),
    };
}
