using System.Collections.Immutable;
using Convoy.Clusters;
using Convoy.Clusters.Remote;
using Convoy.Server.Authentication;
using Convoy.Server.Loops;
using Convoy.Store;
using Convoy.Store.Sqlite;

namespace Convoy.Server;

/// <summary>
/// Clusters elsewhere: each has an agent that calls, and here its half of that call and a loop that keeps it in step with the ledger. They come
/// and go while the server runs.
/// </summary>
public sealed partial class JoinedClusters(
    SqliteStore store, Fleet fleet, Ledger ledger, SchedulingLoop scheduling, ClusterLoops loops, Func<ICluster, ClusterLoop> loopOf, TimeProvider time, ILogger<JoinedClusters> log) : IHostedService, IAsyncDisposable
{
    /// <summary>How long a wish waits for an agent that does not call.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim turn = new(1);
    private ImmutableDictionary<string, Kept> all = ImmutableDictionary.Create<string, Kept>(StringComparer.Ordinal);
    private bool hasStarted;

    /// <summary>Before anything is decided: what a cluster holds is unknown until its agent has called.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (var joined in await store.ListClustersAsync(cancellationToken)) Add(joined, time.GetUtcNow());
    }

    public JoinedCluster? Find(string name) => Volatile.Read(ref all).GetValueOrDefault(name)?.Joined;

    /// <summary>The server's half of its agent's call.</summary>
    public RemoteCluster? HalfOf(string name) => Volatile.Read(ref all).GetValueOrDefault(name)?.Half;

    /// <summary>The cluster whose agent's token that is.</summary>
    public string? NameOf(string tokenHash) => Volatile.Read(ref all).Values.FirstOrDefault(kept => kept.Joined.TokenHash == tokenHash)?.Joined.Name;

    /// <returns>The agent's token; null where there is a cluster of that name.</returns>
    public async Task<string?> JoinAsync(string name, string kind, string by, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (Find(name) is not null) return null;
            var (token, hash) = AgentTokens.New();
            var joined = new JoinedCluster(name, kind, hash, by, time.GetUtcNow());
            await store.SaveClusterAsync(joined, cancellationToken);

            // Nothing of ours can be on it, so nobody has to wait for its first word.
            var added = Add(joined, time.GetUtcNow() - ClusterState.Lease);
            if (hasStarted) await added.Loop.StartAsync(CancellationToken.None);
            LogJoined(log, name, by);
            return token;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>A new token for its agent; the old one is no longer taken.</summary>
    /// <returns>Null where there is no such cluster.</returns>
    public async Task<string?> RenewTokenAsync(string name, string by, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (!Volatile.Read(ref all).TryGetValue(name, out var kept)) return null;
            var (token, hash) = AgentTokens.New();
            var joined = kept.Joined with { TokenHash = hash };
            await store.SaveClusterAsync(joined, cancellationToken);
            Volatile.Write(ref all, all.SetItem(name, kept with { Joined = joined }));
            LogRenewed(log, name, by);
            return token;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Removes it, unless jobs hold machines there.</summary>
    /// <returns>How many do; null where there is no such cluster.</returns>
    public async Task<int?> RemoveAsync(string name, string by, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (!Volatile.Read(ref all).TryGetValue(name, out var kept)) return null;

            // First nothing new can be decided for it, then it is looked whether anything was.
            var state = fleet.Remove(name);
            await scheduling.SettleAsync(cancellationToken);
            var holding = ledger.Unfinished.Values.Count(job => job.Current?.Cluster == name);
            if (holding > 0)
            {
                fleet.PutBack(state!);
                return holding;
            }

            await store.RemoveClusterAsync(name, time.GetUtcNow(), cancellationToken);
            Volatile.Write(ref all, all.Remove(name));
            loops.Remove(kept.Loop);
            await kept.DisposeAsync();
            scheduling.Wake();
            LogRemoved(log, name, by);
            return 0;
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            hasStarted = true;
            foreach (var kept in all.Values) await kept.Loop.StartAsync(cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(all.Values.Select(kept => kept.Loop.StopAsync(cancellationToken)));

    public async ValueTask DisposeAsync()
    {
        foreach (var kept in all.Values) await kept.DisposeAsync();
        turn.Dispose();
    }

    private Kept Add(JoinedCluster joined, DateTimeOffset registeredAt)
    {
        var half = HalfFor(joined.Name);
        var added = new Kept(joined, half, loopOf(half));
        fleet.Register(joined.Name, joined.Kind, registeredAt);
        loops.Add(added.Loop);
        Volatile.Write(ref all, all.SetItem(joined.Name, added));
        return added;
    }

    private RemoteCluster HalfFor(string name) => new(name, time, ClusterState.Lease, Patience);

    [LoggerMessage(Level = LogLevel.Information, Message = "Cluster {Cluster} was joined by {By}")]
    private static partial void LogJoined(ILogger log, string cluster, string by);

    [LoggerMessage(Level = LogLevel.Information, Message = "Cluster {Cluster} has a new token, made by {By}")]
    private static partial void LogRenewed(ILogger log, string cluster, string by);

    [LoggerMessage(Level = LogLevel.Information, Message = "Cluster {Cluster} was removed by {By}")]
    private static partial void LogRemoved(ILogger log, string cluster, string by);

    private sealed record Kept(JoinedCluster Joined, RemoteCluster Half, ClusterLoop Loop) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Loop.StopAsync(CancellationToken.None);
            Loop.Dispose();
            await Half.DisposeAsync();
        }
    }
}
