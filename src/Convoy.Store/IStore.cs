using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;

namespace Convoy.Store;

/// <summary>
/// What the platform remembers. Every write is durable before it returns, whole or not at all. Lists are bounded by
/// their limit and go on from a key (keyset paging).
/// </summary>
public interface IStore : IAsyncDisposable
{
    /// <summary>
    /// Appends each job's events and replaces its row, where the stored revision is still the expected one. Changes are
    /// independent: a conflict of one does not hinder the others. Answers in the order asked.
    /// </summary>
    Task<IReadOnlyList<CommitOutcome>> CommitAsync(IReadOnlyList<JobChange> changes, CancellationToken cancellationToken);

    Task<JobRecord?> GetJobAsync(JobId id, CancellationToken cancellationToken);

    /// <summary>Newest first: jobs with a submit sequence below <paramref name="before"/>.</summary>
    Task<IReadOnlyList<JobRecord>> ListJobsAsync(JobFilter filter, long before, int limit, CancellationToken cancellationToken);

    /// <summary>Unfinished jobs by submit sequence, from above <paramref name="after"/>.</summary>
    Task<IReadOnlyList<Job>> ListUnfinishedAsync(long after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Finished jobs that have had machines, by the end of their last attempt, then submit sequence: those whose attempt ended at
    /// <paramref name="since"/> or later, from above <paramref name="after"/>.
    /// </summary>
    Task<IReadOnlyList<Job>> ListFinishedAsync(DateTimeOffset since, Job? after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes a job that has finished, where the stored revision is still the expected one: from then on nobody finds it, and no job takes
    /// its id before all that it left is removed. What it used stays in the accounts.
    /// </summary>
    Task<CommitOutcome> DeleteJobAsync(JobId id, long expectedRevision, CancellationToken cancellationToken);

    Task<bool> IsBeingDeletedAsync(JobId id, CancellationToken cancellationToken);

    /// <summary>Deleted jobs of which something is left, as they were, by submit sequence, from above <paramref name="after"/>.</summary>
    Task<IReadOnlyList<Job>> ListBeingDeletedAsync(long after, int limit, CancellationToken cancellationToken);

    /// <summary>Removes at most about <paramref name="limit"/> of the events and metrics of a deleted job. True once nothing of it is left, its row included.</summary>
    Task<bool> RemoveDeletedAsync(long submitSequence, int limit, CancellationToken cancellationToken);

    /// <summary>The highest submit sequence given so far; 0 where there is none.</summary>
    Task<long> LastSubmitSequenceAsync(CancellationToken cancellationToken);

    /// <summary>A job's events by sequence (1 is the first), from above <paramref name="after"/>.</summary>
    Task<IReadOnlyList<StoredEvent>> ListEventsAsync(JobId id, long after, int limit, CancellationToken cancellationToken);

    /// <summary>What attempts that ended at <paramref name="since"/> or later had held, by end, then job and attempt, from above <paramref name="after"/>.</summary>
    Task<IReadOnlyList<AttemptUsage>> ListUsageAsync(DateTimeOffset since, AttemptUsage? after, int limit, CancellationToken cancellationToken);

    Task<MetricsOutcome> AppendMetricsAsync(MetricBatch batch, CancellationToken cancellationToken);

    /// <summary>In the order in which they arrived, from above <paramref name="after"/>; all series where <paramref name="name"/> is null.</summary>
    Task<IReadOnlyList<StoredMetric>> ListMetricsAsync(JobId id, string? name, long after, int limit, CancellationToken cancellationToken);

    /// <param name="permille">0 to 1000.</param>
    Task SetProgressAsync(JobId id, int attempt, int permille, CancellationToken cancellationToken);

    /// <summary>Null where a user of that name exists. Gives the next number.</summary>
    Task<User?> AddUserAsync(string name, string level, bool isAdministrator, DateTimeOffset createdAt, CancellationToken cancellationToken);

    Task<User?> GetUserAsync(string name, CancellationToken cancellationToken);

    Task<IReadOnlyList<User>> ListUsersAsync(string after, int limit, CancellationToken cancellationToken);

    Task AddTokenAsync(AccessToken token, CancellationToken cancellationToken);

    Task<AccessToken?> FindTokenAsync(string hash, CancellationToken cancellationToken);

    /// <summary>By id, from above <paramref name="after"/>; everybody's where <paramref name="user"/> is null.</summary>
    Task<IReadOnlyList<AccessToken>> ListTokensAsync(string? user, string after, int limit, CancellationToken cancellationToken);

    /// <summary>False where there is no such token. Revoking twice keeps the first time.</summary>
    Task<bool> RevokeTokenAsync(string id, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>All levels, lowest rank first; administrators keep them few.</summary>
    Task<IReadOnlyList<Level>> ListLevelsAsync(CancellationToken cancellationToken);

    /// <summary>Adds the level or replaces the one of that name.</summary>
    Task SaveLevelAsync(Level level, CancellationToken cancellationToken);

    /// <summary>What administrators said last; revision 0, and nothing, before they said anything.</summary>
    Task<StoredOrganisation> GetOrganisationAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Keeps what is said as the next revision, and its levels (<see cref="SaveLevelAsync"/>), where the newest is still the expected one.
    /// </summary>
    Task<CommitOutcome> SaveOrganisationAsync(StoredOrganisation next, string by, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>By cluster and node; only nodes of which something is wished are there, so they are few.</summary>
    Task<IReadOnlyList<NodeWish>> ListNodeWishesAsync(CancellationToken cancellationToken);

    /// <summary>Takes the place of what was wished of the node before.</summary>
    Task SaveNodeWishAsync(NodeWish wish, CancellationToken cancellationToken);

    Task RemoveNodeWishAsync(string cluster, string node, CancellationToken cancellationToken);

    /// <summary>Remembers that this person has uploaded this archive: what others uploaded does not exist for them.</summary>
    Task GrantCodeAsync(string owner, string sha256, long bytes, DateTimeOffset at, CancellationToken cancellationToken);

    Task<bool> HasCodeAsync(string owner, string sha256, CancellationToken cancellationToken);
}

/// <param name="ExpectedRevision">The revision before the events; 0 for a new job.</param>
/// <param name="Next">The job after them.</param>
public sealed record JobChange(long ExpectedRevision, IReadOnlyList<JobEvent> Events, Job Next);

public enum CommitOutcome
{
    Committed,

    /// <summary>What is stored has another revision, or a new job's id is taken. Nothing of this change was stored.</summary>
    Conflict,
}

/// <param name="Revision">Counts from 1.</param>
public sealed record StoredOrganisation(long Revision, Organisation Organisation);

/// <param name="ProgressPermille">As last reported by the current attempt's task; null where none was.</param>
public sealed record JobRecord(Job Job, int? ProgressPermille);

/// <summary>Null means any.</summary>
public sealed record JobFilter(string? Owner = null, string? Queue = null, JobPhase? Phase = null, string? Name = null, bool UnfinishedOnly = false);

public sealed record StoredEvent(long Sequence, JobEvent Event);

/// <param name="BatchId">Made by the task; a batch that comes twice is stored once.</param>
public sealed record MetricBatch(JobId Job, int Attempt, int Rank, string BatchId, IReadOnlyList<MetricPoint> Points);

/// <param name="Value">Any IEEE double, not-a-number and infinities included; the sign of zero is not kept.</param>
public sealed record MetricPoint(long Step, string Name, double Value, DateTimeOffset At);

public sealed record StoredMetric(long Sequence, int Attempt, int Rank, MetricPoint Point);

public enum MetricsOutcome
{
    Stored,
    AlreadyStored,

    /// <summary>The job has as many points or series as it may have; nothing of the batch was stored.</summary>
    Full,
}
