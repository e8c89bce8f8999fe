using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Convoy.Objects;

namespace Convoy.Server.Tests.Datasets;

/// <summary>Objects in memory. Before and after each change the test is told.</summary>
internal sealed class MemoryBucket(Action between) : IBucket
{
    public ConcurrentDictionary<string, byte[]> Objects { get; } = new(StringComparer.Ordinal);

    /// <summary>No removal succeeds.</summary>
    public bool IsStuck { get; set; }

    public Task<StoredObject?> FindAsync(string name, CancellationToken cancellationToken) =>
        Task.FromResult(Objects.TryGetValue(name, out var bytes) ? new StoredObject(name, bytes.Length, default) : null);

    public async Task PutAsync(string name, Stream content, long length, CancellationToken cancellationToken)
    {
        between();
        var bytes = new byte[length];
        await content.ReadExactlyAsync(bytes, cancellationToken);
        Objects[name] = bytes;
        between();
    }

    public Task<Stream?> ReadAsync(string name, long offset, long length, CancellationToken cancellationToken) =>
        Task.FromResult<Stream?>(Objects.TryGetValue(name, out var bytes) ? new MemoryStream(bytes, (int)offset, (int)Math.Min(length, bytes.Length - offset), writable: false) : null);

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var name in Objects.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(name, after) > 0).Order(StringComparer.Ordinal).ToArray())
        {
            if (await FindAsync(name, cancellationToken) is { } found) yield return found;
        }
    }

    public Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        between();
        if (IsStuck) return Task.FromException(new ObjectStoreException("stuck", new IOException()));
        Objects.TryRemove(name, out _);
        between();
        return Task.CompletedTask;
    }

    public Uri? LinkTo(string name, TimeSpan validFor) => null;
}
