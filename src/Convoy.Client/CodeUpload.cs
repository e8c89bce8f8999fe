using System.Globalization;
using System.Net;

namespace Convoy.Client;

/// <summary>Sends code archives in pieces. What the server has is never sent again, nor is what an upload that broke off had sent.</summary>
public sealed class CodeUpload
{
    private const string OffsetHeader = "Upload-Offset";
    private const int PieceBytes = 8 << 20;
    private readonly ServerLine line;

    internal CodeUpload(ServerLine line) => this.line = line;

    /// <param name="archive">Seekable, whole.</param>
    /// <param name="sha256">Of the archive, lower-case hexadecimal.</param>
    /// <param name="progress">Bytes that the server has so far.</param>
    public async Task UploadAsync(Stream archive, string sha256, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var length = archive.Length;
        if (await OffsetAsync(sha256, cancellationToken) is not { } offset) return;
        if (offset > length) offset = 0;
        var misses = 0;
        while (true)
        {
            progress?.Report(offset);
            archive.Position = offset;
            var piece = new byte[(int)Math.Min(PieceBytes, length - offset)];
            await archive.ReadExactlyAsync(piece, cancellationToken);
            var begin = offset;
            using var response = await line.SendAsync(() => Put(sha256, begin, length, piece, progress), cancellationToken);
            if (response.StatusCode == HttpStatusCode.Created) break;

            // An answer that got lost leaves the server ahead of us; it says where to go on. Twice in a row is another's upload.
            var conflict = response.StatusCode == HttpStatusCode.Conflict && Offset(response) is not null && ++misses < 5;
            if (!conflict)
            {
                await line.ThrowIfRefusedAsync(response, cancellationToken);
                misses = 0;
            }

            if (response.StatusCode == HttpStatusCode.OK) break;
            offset = Offset(response) ?? offset + piece.Length;
            if (offset < 0 || offset > length) throw new ServerUnreachableException(line.Server, $"it says it has {offset} bytes of an archive of {length}");
            if (offset == length && piece.Length == 0) break;
        }

        progress?.Report(length);
    }

    private static long? Offset(HttpResponseMessage response) =>
        response.Headers.TryGetValues(OffsetHeader, out var values) && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var offset) ? offset : null;

    private static HttpRequestMessage Put(string sha256, long offset, long length, byte[] piece, IProgress<long>? progress)
    {
        var message = new HttpRequestMessage(HttpMethod.Put, $"code/{sha256}") { Content = new ToldContent(piece, sent => progress?.Report(offset + sent)) };
        message.Headers.Add(OffsetHeader, offset.ToString(CultureInfo.InvariantCulture));
        message.Headers.Add("Upload-Length", length.ToString(CultureInfo.InvariantCulture));
        return message;
    }

    /// <summary>Where to go on; null where the server has it whole.</summary>
    private async Task<long?> OffsetAsync(string sha256, CancellationToken cancellationToken)
    {
        using var response = await line.SendAsync(() => new HttpRequestMessage(HttpMethod.Head, $"code/{sha256}"), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound) return Offset(response) ?? 0;
        await line.ThrowIfRefusedAsync(response, cancellationToken);
        return null;
    }
}
