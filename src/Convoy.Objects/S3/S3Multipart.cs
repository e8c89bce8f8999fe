using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace Convoy.Objects.S3;

/// <summary>
/// An object too large for one request, sent in parts, some at a time. It is there when the store was told that all are. A part that failed is
/// sent again; where that does not help, the store is told to forget them all.
/// </summary>
/// <remarks>Parts of a process that died stay in the store, and cost, until the bucket's lifecycle removes them (AbortIncompleteMultipartUpload).</remarks>
internal sealed class S3Multipart(IAmazonS3 client, string bucket, Attempts attempts, ByteBudget budget)
{
    public const long MostPartBytes = 64L << 20;

    /// <summary>Some 625 GiB.</summary>
    public const long MostBytes = MostParts * MostPartBytes;

    private const long LeastPartBytes = 16L << 20;
    private const int MostParts = 10_000;
    private const int InFlight = 4;
    private const string Mark = "convoy-put";

    public async Task PutAsync(string key, Stream content, long length, CancellationToken cancellationToken)
    {
        var mark = Guid.NewGuid().ToString("n");
        var begin = new InitiateMultipartUploadRequest { BucketName = bucket, Key = key, ContentType = S3Bucket.ContentType };
        begin.Metadata.Add(Mark, mark);
        var upload = await attempts.RunAsync($"beginning {key}", async (CancellationToken token) => (await client.InitiateMultipartUploadAsync(begin, token)).UploadId, cancellationToken);
        try
        {
            var parts = await SendAsync(key, upload, content, length, cancellationToken);
            await CompleteAsync(key, upload, parts, mark, cancellationToken);
        }
        catch
        {
            await ForgetAsync(key, upload);
            throw;
        }
    }

    private static long PartBytesOf(long length) => Math.Clamp((length + MostParts - 1) / MostParts, LeastPartBytes, MostPartBytes);

    private async Task<PartETag[]> SendAsync(string key, string upload, Stream content, long length, CancellationToken cancellationToken)
    {
        var taken = new List<IDisposable>();
        try
        {
            var size = PartBytesOf(length);
            var sent = new PartETag[(length + size - 1) / size];
            var flight = new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(PartsAsync(content, length, size, taken, cancellationToken), flight, async (part, token) =>
            {
                using (part.Room) sent[part.Number - 1] = new PartETag(part.Number, await SendPartAsync(key, upload, part, token));
            });
            return sent;
        }
        finally
        {
            foreach (var room in taken) room.Dispose();
        }
    }

    /// <summary>Asked for one at a time.</summary>
    private async IAsyncEnumerable<Part> PartsAsync(Stream content, long length, long size, List<IDisposable> taken, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var (from, number) = (0L, 1); from < length; from += size, number++)
        {
            var count = Math.Min(size, length - from);
            var room = await budget.TakeAsync(count, cancellationToken);
            taken.Add(room);

            // Not used again for another part: a request that was given up may still be reading it.
            var bytes = GC.AllocateUninitializedArray<byte>((int)count);
            await content.ReadExactlyAsync(bytes, cancellationToken);
            yield return new Part(number, bytes, room);
        }
    }

    private Task<string> SendPartAsync(string key, string upload, Part part, CancellationToken cancellationToken) => attempts.RunAsync(
        $"part {part.Number} of {key}",
        async (Patience patience) =>
        {
            using var body = new UploadBody(part.Bytes, patience);
            var answer = await client.UploadPartAsync(
                new UploadPartRequest
                {
                    BucketName = bucket, Key = key, UploadId = upload, PartNumber = part.Number, PartSize = part.Bytes.Length, InputStream = body, UseChunkEncoding = false,
                },
                patience.Token);
            return answer.ETag;
        },
        cancellationToken);

    private Task CompleteAsync(string key, string upload, PartETag[] parts, string mark, CancellationToken cancellationToken) => attempts.RunAsync(
        $"completing {key}",
        Attempts.LongPatience,
        async patience =>
        {
            try
            {
                await client.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = upload, PartETags = [.. parts] }, patience.Token);
            }
            catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchUpload")
            {
                // Either an earlier try went through and its answer was lost, or somebody removed the parts.
                var there = await client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = bucket, Key = key }, patience.Token);
                if (there.Metadata[Mark] != mark) throw;
            }

            return true;
        },
        cancellationToken);

    private async Task ForgetAsync(string key, string upload)
    {
        try
        {
            await attempts.RunAsync(
                $"forgetting {key}",
                async (CancellationToken token) => await client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = upload }, token),
                CancellationToken.None);
        }
        catch (ObjectStoreException)
        {
            // Why the put failed is what the caller has to know; the bucket's lifecycle removes the parts.
        }
    }

    private sealed record Part(int Number, byte[] Bytes, IDisposable Room);
}
