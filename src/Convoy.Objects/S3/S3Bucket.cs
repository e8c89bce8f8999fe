using System.Net;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Convoy.Objects.S3;

/// <summary>Objects in a bucket of S3, or of what speaks like it.</summary>
/// <remarks>
/// That a put failed may be all that is known where the store went silent after it had everything: then the new object may be there. No ETag
/// is taken for a hash; that the bytes arrived as they were sent the store checks by the signature, which covers them.
/// </remarks>
public sealed class S3Bucket : IBucket, IDisposable
{
    internal const string ContentType = "application/octet-stream";

    /// <summary>Larger ones are sent in parts.</summary>
    private const long MostBytesAtOnce = 64L << 20;

    /// <summary>No object is larger, and every store can count so far.</summary>
    private const long MostOffset = 1L << 50;

    private static readonly TimeSpan LongestLink = TimeSpan.FromDays(7);

    private readonly S3Options options;
    private readonly TimeProvider time;
    private readonly SocketsHttpHandler connections = S3Connections.Handler();
    private readonly HttpClient http;
    private readonly AmazonS3Client client;
    private readonly Attempts attempts;
    private readonly Hedging hedging;
    private readonly ByteBudget budget;
    private readonly S3Multipart multipart;

    /// <param name="random">Draws the pauses.</param>
    /// <exception cref="ArgumentException">An option cannot be.</exception>
    public S3Bucket(S3Options options, TimeProvider time, Random random)
    {
        options.Check();
        (this.options, this.time) = (options, time);
        http = new HttpClient(connections, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        client = S3Connections.Connect(options, http);
        attempts = new Attempts(options, time, random);
        hedging = new Hedging(options.HedgeAfter, time);
        budget = new ByteBudget(options.BufferBytes);
        multipart = new S3Multipart(client, options.Bucket, attempts, budget);
    }

    /// <remarks>A bucket that is not there looks like one without objects here: HEAD has no body to tell them apart.</remarks>
    public Task<StoredObject?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var ask = new GetObjectMetadataRequest { BucketName = options.Bucket, Key = KeyOf(name) };
        return attempts.RunAsync<StoredObject?>(
            $"looking for {name}",
            async (CancellationToken token) =>
            {
                try
                {
                    var there = await client.GetObjectMetadataAsync(ask, token);
                    return new StoredObject(name, there.ContentLength, At(there.LastModified));
                }
                catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
                {
                    return null;
                }
            },
            cancellationToken);
    }

    public async Task PutAsync(string name, Stream content, long length, CancellationToken cancellationToken)
    {
        var key = KeyOf(name);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, S3Multipart.MostBytes);
        if (length > MostBytesAtOnce)
        {
            await multipart.PutAsync(key, content, length, cancellationToken);
            return;
        }

        using var room = await budget.TakeAsync(length, cancellationToken);
        var bytes = GC.AllocateUninitializedArray<byte>((int)length);
        await content.ReadExactlyAsync(bytes, cancellationToken);
        await attempts.RunAsync(
            $"putting {name}",
            async (Patience patience) =>
            {
                using var body = new UploadBody(bytes, patience);
                return await client.PutObjectAsync(
                    new PutObjectRequest { BucketName = options.Bucket, Key = key, InputStream = body, ContentType = ContentType, AutoCloseStream = false, UseChunkEncoding = false }, patience.Token);
            },
            cancellationToken);
    }

    public async Task<Stream?> ReadAsync(string name, long offset, long length, CancellationToken cancellationToken)
    {
        var key = KeyOf(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length == 0 || offset >= MostOffset) return await FindAsync(name, cancellationToken) is null ? null : new MemoryStream([], writable: false);

        var last = Math.Min(length, MostOffset - offset) + offset - 1;
        var stream = new S3RangeStream($"reading {name}", (from, version, token) => AskAsync(key, from, last, version, token), attempts, options.StallTimeout, offset);
        try
        {
            if (await stream.OpenAsync(cancellationToken)) return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }

        await stream.DisposeAsync();
        return null;
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectName.CheckedStart(prefix);
        ObjectName.CheckedStart(after);
        string? behind = after.Length == 0 ? null : options.Prefix + after;
        while (true)
        {
            // Where it goes on is said by a name and not by the store's token, which not every store keeps for long.
            var ask = new ListObjectsV2Request { BucketName = options.Bucket, Prefix = options.Prefix + prefix, StartAfter = behind };
            var page = await attempts.RunAsync($"listing {prefix}", (CancellationToken token) => client.ListObjectsV2Async(ask, token), cancellationToken);
            foreach (var each in page.S3Objects ?? [])
            {
                behind = each.Key;
                var name = each.Key[options.Prefix.Length..];

                // Others may have put into the bucket what they like.
                if (ObjectName.IsValid(name)) yield return new StoredObject(name, each.Size ?? 0, At(each.LastModified));
            }

            if (page.IsTruncated is not true || page.S3Objects is not { Count: > 0 }) yield break;
        }
    }

    public Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        var ask = new DeleteObjectRequest { BucketName = options.Bucket, Key = KeyOf(name) };
        return attempts.RunAsync(
            $"removing {name}",
            async (CancellationToken token) =>
            {
                try
                {
                    await client.DeleteObjectAsync(ask, token);
                }
                catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchKey")
                {
                    // Some stores say so.
                }

                return true;
            },
            cancellationToken);
    }

    public Uri? LinkTo(string name, TimeSpan validFor)
    {
        var key = KeyOf(name);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(validFor, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(validFor, LongestLink);
        return new Uri(client.GetPreSignedURL(new GetPreSignedUrlRequest
        {
            BucketName = options.Bucket, Key = key, Verb = HttpVerb.GET, Expires = (time.GetUtcNow() + validFor).UtcDateTime,
            Protocol = options.Endpoint.Scheme == "http" ? Protocol.HTTP : Protocol.HTTPS,
        }));
    }

    public void Dispose()
    {
        client.Dispose();
        http.Dispose();
        connections.Dispose();
    }

    private Task<S3Range> AskAsync(string key, long from, long last, string? version, CancellationToken cancellationToken) => hedging.AskAsync(
        async token =>
        {
            using var patience = new Patience(options.StallTimeout, time, token);
            return await S3Range.AskAsync(client, options.Bucket, key, from, last, version, patience.Token);
        },
        cancellationToken);

    private string KeyOf(string name) => options.Prefix + ObjectName.Checked(name);

    private static DateTimeOffset At(DateTime? time) => time is { } at ? new DateTimeOffset(at.ToUniversalTime()) : DateTimeOffset.UnixEpoch;
}
