using System.Globalization;
using Convoy.Core.Languages;
using Convoy.Core.Resources;
using Convoy.Objects;
using Convoy.Objects.Disk;
using Convoy.Objects.S3;
using Convoy.Objects.Sealed;

namespace Convoy.Server.Datasets;

/// <summary>Where the bytes of data sets lie: in a folder, or in S3.</summary>
/// <param name="S3">Null for a folder.</param>
/// <param name="Folder">Null for the one below the state folder.</param>
public sealed record DatasetPlace(S3Options? S3, string? Folder = null)
{
    private const string S3Scheme = "s3", FileScheme = "file";

    /// <summary>The names by which every tool of S3 knows them. No argument: those are for everybody on the machine to read.</summary>
    private const string UsualKeys = "AWS";
    private const int KeyBytes = 32;

    public static DatasetPlace Disk { get; } = new((S3Options?)null);

    /// <summary>Null where it has none.</summary>
    public string? Region { get; init; }

    /// <summary>What a GB (10⁹ bytes) costs that leaves it, in whatever currency its operator counts.</summary>
    public decimal PriceOut { get; init; }

    /// <summary>For so long nothing that came here is removed; null where it may be at once.</summary>
    public TimeSpan? Lock { get; init; }

    /// <summary>With which everything there is encrypted; null where it is not. Never printed.</summary>
    public byte[]? SealKey { get; init; }

    /// <summary><c>s3://BUCKET/PREFIX?endpoint=URL&amp;region=NAME&amp;keys=PREFIX</c> or <c>file:///FOLDER</c>, with <c>price-out</c>, <c>lock</c> and <c>seal</c>.</summary>
    /// <param name="option">That names it.</param>
    /// <returns>Null where it is none; why is among the errors.</returns>
    public static DatasetPlace? Parse(string option, string text, Func<string, string?> environment, List<Text> errors)
    {
        var before = errors.Count;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not (S3Scheme or FileScheme) || (address.Scheme == S3Scheme) != (address.Host.Length > 0) || (address.Scheme == FileScheme && address.AbsolutePath.Length < 2))
        {
            errors.Add($"{option} takes s3://BUCKET/PREFIX?endpoint=URL&region=NAME or file:///FOLDER, not '{text}'");
            return null;
        }

        var isS3 = address.Scheme == S3Scheme;
        var query = System.Web.HttpUtility.ParseQueryString(address.Query);
        string[] known = isS3 ? ["endpoint", "region", "price-out", "lock", "seal", "keys"] : ["region", "price-out", "lock", "seal"];
        foreach (var unknown in query.AllKeys.Where(key => !known.Contains(key))) errors.Add($"{option} knows {string.Join(", ", known)}, not '{unknown}'");
        var price = 0m;
        if (query["price-out"] is { } priced && (!decimal.TryParse(priced, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out price) || price > 1_000_000)) errors.Add($"price-out of {option} is the price of a GB that leaves the store, such as 0.09, not '{priced}'");
        TimeSpan? locked = null;
        if (query["lock"] is { } period)
        {
            if (DurationText.TryParse(period, out var parsed)) locked = parsed;
            else errors.Add($"lock of {option} is for how long nothing is removed there, such as 30d, not '{period}'");
        }

        var sealKey = query["seal"] is { } keyFile ? ReadKey(option, keyFile, errors) : null;
        var s3 = isS3 ? OptionsOf(option, address, query["endpoint"], query["region"] ?? "us-east-1", query["keys"] ?? UsualKeys, environment, errors) : null;
        return errors.Count > before ? null : new DatasetPlace(s3, isS3 ? null : Uri.UnescapeDataString(address.AbsolutePath)) { Region = isS3 ? s3!.Region : query["region"], PriceOut = price, Lock = locked, SealKey = sealKey };
    }

    public IBucket Open(StateFolder state, TimeProvider time)
    {
        IBucket bucket = S3 is null ? new DiskBucket(Folder ?? state.Datasets) : new S3Bucket(S3, time, new Random());
        return SealKey is { } key ? new SealedBucket(bucket, key) : bucket;
    }

    /// <summary>64 hexadecimal digits, in a file that is its owner's alone.</summary>
    private static byte[]? ReadKey(string option, string path, List<Text> errors)
    {
        try
        {
            if ((File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0) errors.Add($"{path} has the key of {option} and may be read by others; chmod 600 it");
            var text = File.ReadAllText(path).Trim();
            if (text.Length == 2 * KeyBytes && text.All(char.IsAsciiHexDigit)) return Convert.FromHexString(text);
            errors.Add($"{path}, the key of {option}, is not 64 hexadecimal digits; `openssl rand -hex 32` makes some");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{path}, the key of {option}, cannot be read: {e.Message}");
        }

        return null;
    }

    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"S3 = {S3}, Folder = {Folder}, Region = {Region}");
        return true;
    }

    private static S3Options? OptionsOf(string option, Uri address, string? endpoint, string region, string keys, Func<string, string?> environment, List<Text> errors)
    {
        endpoint ??= $"https://s3.{region}.amazonaws.com";
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var where) || where.Scheme is not ("http" or "https")) errors.Add($"the endpoint of {option} starts with https:// or http://, not '{endpoint}'");
        var (accessKey, secretKey) = ($"{keys}_ACCESS_KEY_ID", $"{keys}_SECRET_ACCESS_KEY");
        if (environment(accessKey) is not { Length: > 0 } access || environment(secretKey) is not { Length: > 0 } secret)
        {
            errors.Add($"{option} {S3Scheme}://… needs the keys of the store in the environment: {accessKey} and {secretKey}");
            return null;
        }

        var prefix = address.AbsolutePath.Trim('/');
        return where is null ? null : new S3Options { Endpoint = where, Region = region, Bucket = address.Host, Prefix = prefix.Length == 0 ? "" : prefix + "/", AccessKey = access, SecretKey = secret };
    }
}
