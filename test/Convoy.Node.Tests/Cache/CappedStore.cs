using System.Diagnostics;
using Convoy.Core.Datasets;
using Convoy.NodeAgent.Cache;

namespace Convoy.NodeAgent.Tests.Cache;

/// <summary>A store's line: so many bytes a second, for all who read of it, in the order in which they ask.</summary>
internal sealed class CappedLine(long bytesPerSecond)
{
    private readonly Lock asking = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private TimeSpan free;

    public Task CarryAsync(int bytes, CancellationToken cancellationToken)
    {
        lock (asking)
        {
            var now = clock.Elapsed;
            free = (free > now ? free : now) + TimeSpan.FromSeconds((double)bytes / bytesPerSecond);
            return Task.Delay(free - now, cancellationToken);
        }
    }
}

/// <summary>A data set in a store that others read of, too.</summary>
internal sealed class CappedStore(PackShop shop, CappedLine line) : IPackSource
{
    public async Task ReadAsync(Sha256 pack, long offset, Memory<byte> into, CancellationToken cancellationToken)
    {
        await line.CarryAsync(into.Length, cancellationToken);
        await shop.ReadAsync(pack, offset, into, cancellationToken);
    }
}
