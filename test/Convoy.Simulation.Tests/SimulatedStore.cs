using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;
using Convoy.Store;
using Convoy.Store.Tests;

namespace Convoy.Simulation.Tests;

/// <summary>One server's connection to the disk: everything takes time, may fail, and may have been done all the same.</summary>
internal sealed class SimulatedStore(ModelStore disk, Timeline timeline, Faults faults, Audit audit) : IStore
{
    private readonly List<Action<bool>> underWay = [];

    /// <summary>Nobody knows better than the store: no question or change is under way.</summary>
    public bool IsAtRest => underWay.Count == 0;

    /// <summary>The server is killed: what it was writing is on the disk, or not; afterwards neither changes.</summary>
    public void Sever()
    {
        foreach (var finish in underWay) finish(timeline.Random.Next(2) == 0);
        underWay.Clear();
    }

    public Task<IReadOnlyList<CommitOutcome>> CommitAsync(IReadOnlyList<JobChange> changes, CancellationToken cancellationToken)
    {
        var isLost = faults.StoreIsOut || faults.Happens(Fault.CommitLost);
        return CallAsync(Commit, isLost, !isLost && faults.Happens(Fault.CommitUnanswered));

        async Task<IReadOnlyList<CommitOutcome>> Commit(IStore store)
        {
            var outcomes = await store.CommitAsync(changes, CancellationToken.None);
            for (var i = 0; i < changes.Count; i++)
            {
                if (outcomes[i] == CommitOutcome.Committed) audit.Stored(changes[i]);
            }

            return outcomes;
        }
    }

    public Task<JobRecord?> GetJobAsync(JobId id, CancellationToken cancellationToken) => AskAsync(store => store.GetJobAsync(id, cancellationToken));

    public Task<IReadOnlyList<JobRecord>> ListJobsAsync(JobFilter filter, long before, int limit, CancellationToken cancellationToken) =>
        AskAsync(store => store.ListJobsAsync(filter, before, limit, cancellationToken));

    public Task<IReadOnlyList<Job>> ListUnfinishedAsync(long after, int limit, CancellationToken cancellationToken) =>
        AskAsync(store => store.ListUnfinishedAsync(after, limit, cancellationToken));

    public Task<IReadOnlyList<Job>> ListFinishedAsync(DateTimeOffset since, Job? after, int limit, CancellationToken cancellationToken) =>
        AskAsync(store => store.ListFinishedAsync(since, after, limit, cancellationToken));

    public Task<long> LastSubmitSequenceAsync(CancellationToken cancellationToken) => AskAsync(store => store.LastSubmitSequenceAsync(cancellationToken));

    public Task<CommitOutcome> DeleteJobAsync(JobId id, long expectedRevision, CancellationToken cancellationToken)
    {
        var isLost = faults.StoreIsOut || faults.Happens(Fault.CommitLost);
        return CallAsync(Delete, isLost, !isLost && faults.Happens(Fault.CommitUnanswered));

        async Task<CommitOutcome> Delete(IStore store)
        {
            var outcome = await store.DeleteJobAsync(id, expectedRevision, CancellationToken.None);
            if (outcome == CommitOutcome.Committed) audit.Deleted(id);
            return outcome;
        }
    }

    public Task<bool> IsBeingDeletedAsync(JobId id, CancellationToken cancellationToken) => AskAsync(store => store.IsBeingDeletedAsync(id, cancellationToken));

    public Task<IReadOnlyList<Job>> ListBeingDeletedAsync(long after, int limit, CancellationToken cancellationToken) => AskAsync(store => store.ListBeingDeletedAsync(after, limit, cancellationToken));

    public Task<bool> RemoveDeletedAsync(long submitSequence, int limit, CancellationToken cancellationToken) => AskAsync(store => store.RemoveDeletedAsync(submitSequence, limit, cancellationToken));

    public Task<IReadOnlyList<StoredEvent>> ListEventsAsync(JobId id, long after, int limit, CancellationToken cancellationToken) =>
        AskAsync(store => store.ListEventsAsync(id, after, limit, cancellationToken));

    public Task<IReadOnlyList<AttemptUsage>> ListUsageAsync(DateTimeOffset since, AttemptUsage? after, int limit, CancellationToken cancellationToken) =>
        AskAsync(store => store.ListUsageAsync(since, after, limit, cancellationToken));

    public Task<User?> GetUserAsync(string name, CancellationToken cancellationToken) => AskAsync(store => store.GetUserAsync(name, cancellationToken));

    public Task<IReadOnlyList<User>> ListUsersAsync(string after, int limit, CancellationToken cancellationToken) => AskAsync(store => store.ListUsersAsync(after, limit, cancellationToken));

    public Task<IReadOnlyList<Level>> ListLevelsAsync(CancellationToken cancellationToken) => AskAsync(store => store.ListLevelsAsync(cancellationToken));

    public Task<StoredOrganisation> GetOrganisationAsync(CancellationToken cancellationToken) => AskAsync(store => store.GetOrganisationAsync(cancellationToken));

    public Task<bool> HasCodeAsync(string owner, string sha256, CancellationToken cancellationToken) => AskAsync(store => store.HasCodeAsync(owner, sha256, cancellationToken));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // What only endpoints use is no part of the simulation.
    public Task<MetricsOutcome> AppendMetricsAsync(MetricBatch batch, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<StoredMetric>> ListMetricsAsync(JobId id, string? name, long after, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SetProgressAsync(JobId id, int attempt, int permille, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<User?> AddUserAsync(string name, string level, bool isAdministrator, DateTimeOffset createdAt, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task AddTokenAsync(AccessToken token, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<AccessToken?> FindTokenAsync(string hash, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<AccessToken>> ListTokensAsync(string? user, string after, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> RevokeTokenAsync(string id, DateTimeOffset at, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SaveLevelAsync(Level level, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<NodeWish>> ListNodeWishesAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SaveNodeWishAsync(NodeWish wish, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task RemoveNodeWishAsync(string cluster, string node, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<CommitOutcome> SaveOrganisationAsync(StoredOrganisation next, string by, DateTimeOffset at, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task GrantCodeAsync(string owner, string sha256, long bytes, DateTimeOffset at, CancellationToken cancellationToken) => throw new NotSupportedException();

    private Task<T> AskAsync<T>(Func<IStore, Task<T>> question) => CallAsync(question, faults.StoreIsOut || faults.Happens(Fault.ReadFails), isUnanswered: false);

    private Task<T> CallAsync<T>(Func<IStore, Task<T>> call, bool isLost, bool isUnanswered)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<T>? done = null;
        underWay.Add(Finish);
        timeline.After(timeline.Between(0, 0.02), () =>
        {
            if (!underWay.Contains(Finish)) return;
            if (!isLost) done = DoAsync();
            timeline.After(timeline.Between(0, 0.02), Answer);
        });
        return answer.Task;

        async Task<T> DoAsync() => await call(disk);

        void Finish(bool isDone)
        {
            if (isDone && !isLost) done ??= DoAsync();
        }

        void Answer()
        {
            if (!underWay.Remove(Finish)) return;
            if (isLost || isUnanswered) answer.SetException(new StoreException(StoreFault.Unavailable, "simulated"));
            else answer.SetFromTask(done!);
        }
    }
}
