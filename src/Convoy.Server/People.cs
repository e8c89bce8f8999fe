using System.Collections.Concurrent;
using Convoy.Core.People;
using Convoy.Core.Scheduling;
using Convoy.Store;

namespace Convoy.Server;

/// <summary>Who is who. Users are never deleted or renumbered, so what was read once stays true; levels are read afresh when edited.</summary>
public sealed class People(IStore store)
{
    private readonly ConcurrentDictionary<string, User> users = new(StringComparer.Ordinal);
    private SchedulingPolicy? policy;

    public async ValueTask<User?> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (users.TryGetValue(name, out var known)) return known;
        if (await store.GetUserAsync(name, cancellationToken) is not { } user) return null;
        return users.GetOrAdd(name, user);
    }

    public async ValueTask<SchedulingPolicy> PolicyAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref policy) ?? await RereadLevelsAsync(cancellationToken);

    public async Task SaveLevelAsync(Level level, CancellationToken cancellationToken)
    {
        await store.SaveLevelAsync(level, cancellationToken);
        await RereadLevelsAsync(cancellationToken);
    }

    private async Task<SchedulingPolicy> RereadLevelsAsync(CancellationToken cancellationToken)
    {
        var read = new SchedulingPolicy(await store.ListLevelsAsync(cancellationToken));
        Volatile.Write(ref policy, read);
        return read;
    }
}
