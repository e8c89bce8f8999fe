using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace Convoy.Objects.S3;

/// <summary>Where a bucket of S3, or of what speaks like it, is found, and how patient one is with it.</summary>
public sealed record S3Options
{
    /// <summary>Such as https://s3.eu-central-1.amazonaws.com or http://127.0.0.1:7480, without the bucket.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>What requests are signed for; stores that know no regions take any.</summary>
    public string Region { get; init; } = "us-east-1";

    public required string Bucket { get; init; }

    /// <summary>What every key starts with, so that several may share a bucket: empty, or a path that ends with a slash.</summary>
    public string Prefix { get; init; } = "";

    public required string AccessKey { get; init; }

    /// <summary>Must be given, and is neither printed nor serialized; what is not serialized cannot be "required".</summary>
    [JsonIgnore]
    public string SecretKey { get; init; } = "";

    /// <summary>The bucket stands in the path and not in the host's name, for which few stores of one's own have a certificate.</summary>
    public bool ForcePathStyle { get; init; } = true;

    /// <summary>
    /// Sends checksums of S3's own only where they are demanded: stores older than 2025 refuse them (400 XAmzContentSHA256Mismatch). What is
    /// sent is still signed, bytes and all.
    /// </summary>
    public bool ChecksumsOnlyWhenRequired { get; init; } = true;

    /// <summary>Of one thing that fails, the first among them.</summary>
    public int Tries { get; init; } = 6;

    /// <summary>The longest pause before the second try; it doubles with each, and how much of it is waited is drawn.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where not a byte went either way for so long, the request is given up for another.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Where a read's first byte has not come after so long, a second request is sent and the first to answer is taken: best what 19 reads of
    /// 20 stay below. Null sends none.
    /// </summary>
    public TimeSpan? HedgeAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What all puts together hold in memory to be able to send it again; those that find no room wait. Bytes, at least 64 MiB.</summary>
    public long BufferBytes { get; init; } = 512L << 20;

    /// <exception cref="ArgumentException">What cannot be.</exception>
    internal void Check()
    {
        if (!Endpoint.IsAbsoluteUri || Endpoint.Scheme is not ("http" or "https")) throw new ArgumentException("an endpoint of S3 starts with http:// or https://");
        if (Bucket.Length == 0) throw new ArgumentException("a bucket of S3 has a name");
        if (AccessKey.Length == 0 || SecretKey.Length == 0) throw new ArgumentException("a bucket of S3 needs an access key and a secret key");
        if (Prefix.Length > 100 || (Prefix.Length > 0 && !Prefix.EndsWith('/'))) throw new ArgumentException("a prefix of S3 is a path of at most 100 letters that ends with a slash");
        ObjectName.CheckedStart(Prefix);
        ArgumentOutOfRangeException.ThrowIfLessThan(Tries, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(StallTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(BufferBytes, S3Multipart.MostPartBytes);
    }

    private bool PrintMembers(StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"Endpoint = {Endpoint}, Region = {Region}, Bucket = {Bucket}, Prefix = {Prefix}, AccessKey = {AccessKey}");
        return true;
    }
}
