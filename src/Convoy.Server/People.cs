using System.Collections.Concurrent;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;
using Convoy.Store;

namespace Convoy.Server;

/// <summary>
/// Who is who, and what administrators decided. Users are never deleted or renumbered, so what was read once stays true; levels and
/// queues are read afresh when edited.
/// </summary>
public sealed class People(IStore store, ServerOptions options)
{
    private readonly Lock remembering = new();
    private readonly ConcurrentDictionary<string, User> users = new(StringComparer.Ordinal);
    private SchedulingPolicy? policy;
    private long readings;
    private long remembered;

    public async ValueTask<User?> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (users.TryGetValue(name, out var known)) return known;
        if (await store.GetUserAsync(name, cancellationToken) is not { } user) return null;
        return users.GetOrAdd(name, user);
    }

    public async ValueTask<SchedulingPolicy> PolicyAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref policy) ?? await RereadPolicyAsync(cancellationToken);

    public async Task SaveLevelAsync(Level level, CancellationToken cancellationToken)
    {
        await store.SaveLevelAsync(level, cancellationToken);
        await RereadPolicyAsync(cancellationToken);
    }

    public async Task<CommitOutcome> SaveOrganisationAsync(StoredOrganisation next, string by, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var outcome = await store.SaveOrganisationAsync(next, by, at, cancellationToken);
        await RereadPolicyAsync(cancellationToken);
        return outcome;
    }

    /// <summary>Whether this person may submit to the queue: their own, everybody's, and those of whose members they are.</summary>
    public async ValueTask<bool> MayUseAsync(string user, string queue, CancellationToken cancellationToken)
    {
        if (queue == user || queue == QueueTree.RootName) return true;
        if ((await PolicyAsync(cancellationToken)).Queues.FirstOrDefault(listed => listed.Name == queue) is not { } found) return false;
        return found.Members is { } members
            ? members.Contains(user) || members.Contains(QueueSpec.Everybody)
            : await FindAsync(queue, cancellationToken) is null;
    }

    /// <summary>By name, all queues that this person may submit to.</summary>
    public async ValueTask<IReadOnlyList<string>> QueuesOfAsync(string user, CancellationToken cancellationToken)
    {
        var open = new SortedSet<string>(StringComparer.Ordinal) { user, QueueTree.RootName };
        foreach (var queue in (await PolicyAsync(cancellationToken)).Queues)
        {
            if (await MayUseAsync(user, queue.Name, cancellationToken)) open.Add(queue.Name);
        }

        return [.. open];
    }

    /// <summary>Of two at once, what the later one has read is remembered: it began after all that the earlier one was begun for.</summary>
    private async Task<SchedulingPolicy> RereadPolicyAsync(CancellationToken cancellationToken)
    {
        var reading = Interlocked.Increment(ref readings);
        var read = new SchedulingPolicy(await store.ListLevelsAsync(cancellationToken))
        {
            Queues = (await store.GetOrganisationAsync(cancellationToken)).Organisation.Queues,
            LeastTimeAtOneSize = options.GrowAfter,
        };
        lock (remembering)
        {
            if (reading > remembered) (remembered, policy) = (reading, read);
            return policy!;
        }
    }
}
