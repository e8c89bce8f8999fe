using Convoy.Client;
using Convoy.Client.Datasets;
using Convoy.Core.Datasets;
using Convoy.NodeAgent.Cache;

namespace Convoy.NodeAgent;

/// <summary>Packs as the platform hands them out.</summary>
internal sealed class PlatformSource(DatasetCalls calls, string dataset) : IPackSource
{
    public async Task ReadAsync(Sha256 pack, long offset, Memory<byte> into, CancellationToken cancellationToken)
    {
        var left = into;
        try
        {
            await calls.CopyPackAsync(
                dataset, pack, offset, into.Length,
                (bytes, _) =>
                {
                    bytes.CopyTo(left);
                    left = left[bytes.Length..];
                    return ValueTask.CompletedTask;
                },
                cancellationToken);
        }
        catch (Exception e) when (e is ConvoyException or ServerUnreachableException)
        {
            throw new IOException(e.Message, e);
        }
    }
}
