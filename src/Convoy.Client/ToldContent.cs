using System.Net;

namespace Convoy.Client;

/// <summary>Bytes that tell how many of them have left.</summary>
internal sealed class ToldContent(ReadOnlyMemory<byte> bytes, Action<long> told) : HttpContent
{
    private const int SliceBytes = 256 << 10;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        for (var at = 0; at < bytes.Length; at += SliceBytes)
        {
            var slice = bytes.Slice(at, Math.Min(SliceBytes, bytes.Length - at));
            await stream.WriteAsync(slice, cancellationToken);
            told(at + slice.Length);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = bytes.Length;
        return true;
    }
}
