using Convoy.Core.Languages;
using Convoy.Objects;
using Convoy.Objects.Disk;
using Convoy.Objects.S3;

namespace Convoy.Server.Datasets;

/// <summary>Where the bytes of data sets lie: below the state folder, or in S3.</summary>
/// <param name="S3">Null for the disk.</param>
public sealed record DatasetPlace(S3Options? S3)
{
    private const string Scheme = "s3";

    /// <summary>The names by which every tool of S3 knows them. No argument: those are for everybody on the machine to read.</summary>
    private const string AccessKey = "AWS_ACCESS_KEY_ID", SecretKey = "AWS_SECRET_ACCESS_KEY";

    public static DatasetPlace Disk { get; } = new((S3Options?)null);

    /// <summary><c>s3://BUCKET/PREFIX?endpoint=URL&amp;region=NAME</c>.</summary>
    /// <returns>Null where it is none; why is among the errors.</returns>
    public static DatasetPlace? Parse(string text, Func<string, string?> environment, List<Text> errors)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme != Scheme || address.Host.Length == 0)
        {
            errors.Add($"--datasets takes s3://BUCKET/PREFIX?endpoint=URL&region=NAME, not '{text}'");
            return null;
        }

        var query = System.Web.HttpUtility.ParseQueryString(address.Query);
        var region = query["region"] ?? "us-east-1";
        var endpoint = query["endpoint"] ?? $"https://s3.{region}.amazonaws.com";
        foreach (var unknown in query.AllKeys.Where(key => key is not ("region" or "endpoint"))) errors.Add($"--datasets knows endpoint and region, not '{unknown}'");
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var where) || where.Scheme is not ("http" or "https")) errors.Add($"the endpoint of --datasets starts with https:// or http://, not '{endpoint}'");
        if (environment(AccessKey) is not { Length: > 0 } access || environment(SecretKey) is not { Length: > 0 } secret)
        {
            errors.Add($"--datasets {Scheme}://… needs the keys of the store in the environment: {AccessKey} and {SecretKey}");
            return null;
        }

        var prefix = address.AbsolutePath.Trim('/');
        return errors.Count > 0 ? null : new DatasetPlace(new S3Options { Endpoint = where!, Region = region, Bucket = address.Host, Prefix = prefix.Length == 0 ? "" : prefix + "/", AccessKey = access, SecretKey = secret });
    }

    public IBucket Open(StateFolder state, TimeProvider time) => S3 is null ? new DiskBucket(state.Datasets) : new S3Bucket(S3, time, new Random());
}
