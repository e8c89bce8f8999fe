using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;

namespace Convoy.Store.Tests;

/// <summary>The store as anybody would write it without a disk: what the others are compared with.</summary>
internal sealed class ModelStore : IStore
{
    private readonly SortedDictionary<long, JobRecord> jobs = [];
    private readonly Dictionary<JobId, List<JobEvent>> events = [];
    private readonly Dictionary<JobId, List<StoredMetric>> metrics = [];
    private readonly HashSet<(JobId, int, int, string)> batches = [];
    private readonly SortedDictionary<string, User> users = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, AccessToken> tokens = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Level> levels = Level.Defaults.ToDictionary(level => level.Name);
    private readonly SortedDictionary<long, Job> deleted = [];

    /// <summary>Sequences of jobs that are gone: the last one of all is kept, so that it is not given again.</summary>
    private readonly HashSet<long> spent = [];
    private readonly List<AttemptUsage> usageOfDeleted = [];
    private readonly HashSet<(string, string)> code = [];
    private long lastSequence;
    private readonly SortedDictionary<(string, string), NodeWish> wishes = [];
    private StoredOrganisation organisation = new(0, Organisation.Empty);

    public Task<IReadOnlyList<CommitOutcome>> CommitAsync(IReadOnlyList<JobChange> changes, CancellationToken cancellationToken) => Answer<IReadOnlyList<CommitOutcome>>(
        () =>
        {
            if (changes.Any(change => change.Events.Count == 0 || change.Next.Revision != change.ExpectedRevision + change.Events.Count)) throw new ArgumentException("revision", nameof(changes));
            return [.. changes.Select(Commit)];
        },
        cancellationToken);

    public Task<JobRecord?> GetJobAsync(JobId id, CancellationToken cancellationToken) => Answer(() => Find(id), cancellationToken);

    public Task<IReadOnlyList<JobRecord>> ListJobsAsync(JobFilter filter, long before, int limit, CancellationToken cancellationToken) => Answer<IReadOnlyList<JobRecord>>(
        () => [.. jobs.Values.Reverse().Where(record => record.Job.SubmitSequence < before && Matches(record.Job, filter)).Take(Checked(limit))], cancellationToken);

    public Task<IReadOnlyList<Job>> ListUnfinishedAsync(long after, int limit, CancellationToken cancellationToken) => Answer<IReadOnlyList<Job>>(
        () => [.. jobs.Values.Select(record => record.Job).Where(job => job.SubmitSequence > after && !job.Phase.IsFinished()).Take(Checked(limit))], cancellationToken);

    public Task<IReadOnlyList<Job>> ListFinishedAsync(DateTimeOffset since, Job? after, int limit, CancellationToken cancellationToken) => Answer<IReadOnlyList<Job>>(
        () => [.. jobs.Values.Select(record => record.Job).Where(job => job.Phase.IsFinished() && job.Attempts.Count > 0 && job.Attempts[^1].EndedAt >= since)
            .OrderBy(Key).Where(job => after is null || Key(job).CompareTo(Key(after)) > 0).Take(Checked(limit))],
        cancellationToken);

    public Task<CommitOutcome> DeleteJobAsync(JobId id, long expectedRevision, CancellationToken cancellationToken) => Answer(
        () =>
        {
            if (Find(id)?.Job is not { } job || job.Revision != expectedRevision || !job.Phase.IsFinished()) return CommitOutcome.Conflict;
            jobs.Remove(job.SubmitSequence);
            deleted[job.SubmitSequence] = job;
            usageOfDeleted.AddRange(UsageOf(job));
            return CommitOutcome.Committed;
        },
        cancellationToken);

    public Task<bool> IsBeingDeletedAsync(JobId id, CancellationToken cancellationToken) => Answer(() => IsBeingDeleted(id), cancellationToken);

    public Task<IReadOnlyList<Job>> ListBeingDeletedAsync(long after, int limit, CancellationToken cancellationToken) => Answer<IReadOnlyList<Job>>(
        () => [.. deleted.Values.Where(job => job.SubmitSequence > after).Take(Checked(limit))], cancellationToken);

    public Task<bool> RemoveDeletedAsync(long submitSequence, int limit, CancellationToken cancellationToken) => Answer(
        () =>
        {
            Checked(limit);
            if (!deleted.TryGetValue(submitSequence, out var job)) return true;
            deleted.Remove(submitSequence);
            events.Remove(job.Id);
            metrics.Remove(job.Id);
            batches.RemoveWhere(batch => batch.Item1 == job.Id);
            spent.Add(submitSequence);
            spent.RemoveWhere(sequence => sequence < lastSequence);
            return true;
        },
        cancellationToken);

    public Task<long> LastSubmitSequenceAsync(CancellationToken cancellationToken) => Answer(() => lastSequence, cancellationToken);

    public Task<IReadOnlyList<StoredEvent>> ListEventsAsync(JobId id, long after, int limit, CancellationToken cancellationToken) => Answer<IReadOnlyList<StoredEvent>>(
        () => [.. (Find(id) is null ? [] : events.GetValueOrDefault(id, [])).Select((happened, i) => new StoredEvent(i + 1, happened)).Where(stored => stored.Sequence > after).Take(Checked(limit))], cancellationToken);

    public Task<IReadOnlyList<AttemptUsage>> ListUsageAsync(DateTimeOffset since, AttemptUsage? after, int limit, CancellationToken cancellationToken) => Answer<IReadOnlyList<AttemptUsage>>(
        () => [.. jobs.Values.SelectMany(record => UsageOf(record.Job)).Concat(usageOfDeleted).Where(usage => usage.Until >= since)
            .OrderBy(Key).Where(usage => after is null || Key(usage).CompareTo(Key(after)) > 0).Take(Checked(limit))],
        cancellationToken);

    public Task<MetricsOutcome> AppendMetricsAsync(MetricBatch batch, CancellationToken cancellationToken) => Answer(
        () =>
        {
            if (Find(batch.Job) is null) throw new StoreException(StoreFault.Refused, "no such job");
            if (batches.Contains((batch.Job, batch.Attempt, batch.Rank, batch.BatchId))) return MetricsOutcome.AlreadyStored;
            var stored = metrics.GetValueOrDefault(batch.Job, []);
            if (stored.Count + batch.Points.Count > MetricLimits.MaxPointsPerJob) return MetricsOutcome.Full;
            if (stored.Select(m => m.Point.Name).Concat(batch.Points.Select(p => p.Name)).Distinct().Count() > MetricLimits.MaxSeriesPerJob) return MetricsOutcome.Full;
            batches.Add((batch.Job, batch.Attempt, batch.Rank, batch.BatchId));
            stored.AddRange(batch.Points.Select((point, i) => new StoredMetric(stored.Count + i + 1, batch.Attempt, batch.Rank, point)).ToArray());
            metrics[batch.Job] = stored;
            return MetricsOutcome.Stored;
        },
        cancellationToken);

    public Task<IReadOnlyList<StoredMetric>> ListMetricsAsync(JobId id, string? name, long after, int limit, CancellationToken cancellationToken) => Answer<IReadOnlyList<StoredMetric>>(
        () => [.. (Find(id) is null ? [] : metrics.GetValueOrDefault(id, [])).Where(m => m.Sequence > after && (name is null || m.Point.Name == name)).Take(Checked(limit))], cancellationToken);

    public Task SetProgressAsync(JobId id, int attempt, int permille, CancellationToken cancellationToken) => Answer(
        () =>
        {
            if (permille is < 0 or > 1000) throw new ArgumentOutOfRangeException(nameof(permille));
            if (Find(id) is { } record && record.Job.Attempts.Count == attempt) jobs[record.Job.SubmitSequence] = record with { ProgressPermille = permille };
            return 0;
        },
        cancellationToken);

    public Task<User?> AddUserAsync(string name, string level, bool isAdministrator, DateTimeOffset createdAt, CancellationToken cancellationToken) => Answer(
        () =>
        {
            if (users.ContainsKey(name)) return null;
            if (!levels.ContainsKey(level)) throw new StoreException(StoreFault.Refused, "no such level");
            return users[name] = new User(name, users.Count + 1, level, isAdministrator, createdAt);
        },
        cancellationToken);

    public Task<User?> GetUserAsync(string name, CancellationToken cancellationToken) => Answer(() => users.GetValueOrDefault(name), cancellationToken);

    public Task<IReadOnlyList<User>> ListUsersAsync(string after, int limit, CancellationToken cancellationToken) =>
        Answer<IReadOnlyList<User>>(() => [.. users.Values.Where(user => string.CompareOrdinal(user.Name, after) > 0).Take(Checked(limit))], cancellationToken);

    public Task AddTokenAsync(AccessToken token, CancellationToken cancellationToken) => Answer(
        () =>
        {
            if (tokens.Values.Any(t => t.Id == token.Id || t.Hash == token.Hash) || !users.ContainsKey(token.User)) throw new StoreException(StoreFault.Refused, "cannot be");
            return tokens[token.Id] = token;
        },
        cancellationToken);

    public Task<AccessToken?> FindTokenAsync(string hash, CancellationToken cancellationToken) => Answer(() => tokens.Values.SingleOrDefault(token => token.Hash == hash), cancellationToken);

    public Task<IReadOnlyList<AccessToken>> ListTokensAsync(string? user, string after, int limit, CancellationToken cancellationToken) => Answer<IReadOnlyList<AccessToken>>(
        () => [.. tokens.Values.Where(token => string.CompareOrdinal(token.Id, after) > 0 && (user is null || token.User == user)).Take(Checked(limit))], cancellationToken);

    public Task<bool> RevokeTokenAsync(string id, DateTimeOffset at, CancellationToken cancellationToken) => Answer(
        () =>
        {
            if (!tokens.TryGetValue(id, out var token)) return false;
            tokens[id] = token with { RevokedAt = token.RevokedAt ?? at };
            return true;
        },
        cancellationToken);

    public Task<IReadOnlyList<Level>> ListLevelsAsync(CancellationToken cancellationToken) =>
        Answer<IReadOnlyList<Level>>(() => [.. levels.Values.OrderBy(level => level.Rank).ThenBy(level => level.Name, StringComparer.Ordinal)], cancellationToken);

    public Task SaveLevelAsync(Level level, CancellationToken cancellationToken) => Answer(() => levels[level.Name] = level, cancellationToken);

    public Task<StoredOrganisation> GetOrganisationAsync(CancellationToken cancellationToken) => Answer(() => organisation, cancellationToken);

    public Task<CommitOutcome> SaveOrganisationAsync(StoredOrganisation next, string by, DateTimeOffset at, CancellationToken cancellationToken) => Answer(
        () =>
        {
            if (next.Revision != organisation.Revision + 1) return CommitOutcome.Conflict;
            organisation = next;
            foreach (var level in next.Organisation.Levels) levels[level.Name] = level;
            return CommitOutcome.Committed;
        },
        cancellationToken);

    public Task<IReadOnlyList<NodeWish>> ListNodeWishesAsync(CancellationToken cancellationToken) => Answer<IReadOnlyList<NodeWish>>(() => [.. wishes.Values], cancellationToken);

    public Task SaveNodeWishAsync(NodeWish wish, CancellationToken cancellationToken) => Answer(() => wishes[(wish.Cluster, wish.Node)] = wish, cancellationToken);

    public Task RemoveNodeWishAsync(string cluster, string node, CancellationToken cancellationToken) => Answer(() => wishes.Remove((cluster, node)), cancellationToken);

    public Task GrantCodeAsync(string owner, string sha256, long bytes, DateTimeOffset at, CancellationToken cancellationToken) => Answer(() => code.Add((owner, sha256)), cancellationToken);

    public Task<bool> HasCodeAsync(string owner, string sha256, CancellationToken cancellationToken) => Answer(() => code.Contains((owner, sha256)), cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static bool Matches(Job job, JobFilter filter) =>
        (filter.Owner is null || filter.Owner == job.Owner)
        && (filter.Queue is null || filter.Queue == job.Queue)
        && (filter.Phase is null || filter.Phase == job.Phase)
        && (filter.Name is null || filter.Name == job.Spec.Name)
        && !(filter.UnfinishedOnly && job.Phase.IsFinished());

    private static IEnumerable<AttemptUsage> UsageOf(Job job) => job.Attempts.Where(attempt => attempt.EndedAt is not null).SelectMany(attempt => AttemptUsage.AllOf(job, attempt));

    private static (DateTimeOffset?, long) Key(Job job) => (job.Attempts[^1].EndedAt, job.SubmitSequence);

    private static (DateTimeOffset?, long, int, int) Key(AttemptUsage usage) => (usage.Until, usage.SubmitSequence, usage.Attempt, usage.Part);

    private static int Checked(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return limit;
    }

    private Task<T> Answer<T>(Func<T> question, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (jobs) return Task.FromResult(question());
    }

    private JobRecord? Find(JobId id) => jobs.Values.SingleOrDefault(record => record.Job.Id == id);

    private bool IsBeingDeleted(JobId id) => deleted.Values.Any(job => job.Id == id);

    private CommitOutcome Commit(JobChange change)
    {
        var (expected, happened, next) = change;
        var before = Find(next.Id);
        if ((before?.Job.Revision ?? 0) != expected || (before is null && (jobs.ContainsKey(next.SubmitSequence) || deleted.ContainsKey(next.SubmitSequence) || spent.Contains(next.SubmitSequence) || IsBeingDeleted(next.Id)))) return CommitOutcome.Conflict;
        var progress = before?.Job.Attempts.Count == next.Attempts.Count ? before.ProgressPermille : null;
        jobs[next.SubmitSequence] = new JobRecord(next, progress);
        lastSequence = Math.Max(lastSequence, next.SubmitSequence);
        if (before is null) events[next.Id] = [];
        events[next.Id].AddRange(happened);
        return CommitOutcome.Committed;
    }
}
