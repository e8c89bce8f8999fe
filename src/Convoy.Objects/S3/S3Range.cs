using System.Net;
using System.Net.Http.Headers;
using Amazon.S3;
using Amazon.S3.Model;

namespace Convoy.Objects.S3;

/// <summary>What one request for a part of an object gave: its bytes from where was asked to <see cref="End"/>, of which the first are there.</summary>
internal sealed class S3Range : IDisposable
{
    private const int FirstBytes = 1 << 14;

    private readonly GetObjectResponse? answer;
    private ReadOnlyMemory<byte> first;

    private S3Range(bool isThere, long end, GetObjectResponse? answer, ReadOnlyMemory<byte> first)
    {
        (IsThere, End, this.answer, this.first) = (isThere, end, answer, first);
    }

    /// <summary>Whether there is such an object.</summary>
    public bool IsThere { get; }

    /// <summary>The first byte that does not belong to it: what was asked for, or the end of the object.</summary>
    public long End { get; }

    /// <summary>Which of the objects that were there under this name it is. Says nothing of the bytes.</summary>
    public string? Version => answer?.ETag;

    /// <summary>Done when the first bytes are there: a store that only says that they will come is as slow as one that says nothing.</summary>
    /// <param name="version">Null for whichever is there.</param>
    public static async Task<S3Range> AskAsync(IAmazonS3 client, string bucket, string key, long from, long last, string? version, CancellationToken cancellationToken)
    {
        GetObjectResponse answer;
        try
        {
            answer = await client.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = key, ByteRange = new ByteRange(from, last), EtagToMatch = version }, cancellationToken);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return new S3Range(isThere: true, from, null, default);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode != "NoSuchBucket")
        {
            return new S3Range(isThere: false, from, null, default);
        }

        try
        {
            var end = Math.Min(last + 1, TotalOf(answer, from, key));
            var bytes = new byte[Math.Min(FirstBytes, end - from)];
            var read = await answer.ResponseStream.ReadAsync(bytes, cancellationToken);
            if (read == 0) throw new EndOfStreamException("the answer had no bytes");
            return new S3Range(isThere: true, end, answer, bytes.AsMemory(0, read));
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (first.IsEmpty) return answer!.ResponseStream.ReadAsync(buffer, cancellationToken);
        var count = Math.Min(buffer.Length, first.Length);
        first[..count].CopyTo(buffer);
        first = first[count..];
        return ValueTask.FromResult(count);
    }

    public void Dispose() => answer?.Dispose();

    /// <summary>The bytes of the whole object.</summary>
    private static long TotalOf(GetObjectResponse answer, long from, string key)
    {
        if (ContentRangeHeaderValue.TryParse(answer.ContentRange, out var range) && range.From == from && range.Length is { } total) return total;
        if (answer.HttpStatusCode == HttpStatusCode.OK && from == 0) return answer.ContentLength;
        throw new ObjectStoreException($"the store gave another part of {key} than was asked for: {answer.ContentRange}", new NotSupportedException(answer.ContentRange));
    }
}
