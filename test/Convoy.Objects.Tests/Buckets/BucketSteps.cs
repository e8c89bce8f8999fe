using System.Text;

namespace Convoy.Objects.Tests.Buckets;

/// <summary>What tests do with a bucket.</summary>
internal static class BucketSteps
{
    public static Task PutAsync(this IBucket bucket, string name, byte[] content) => bucket.PutAsync(name, new MemoryStream(content), content.Length, default);

    public static Task PutAsync(this IBucket bucket, string name, string content) => bucket.PutAsync(name, Encoding.UTF8.GetBytes(content));

    /// <summary>Null where there is no such object.</summary>
    public static async Task<byte[]?> ReadAsync(this IBucket bucket, string name, long offset = 0, long length = long.MaxValue)
    {
        await using var stream = await bucket.ReadAsync(name, offset, length, default);
        if (stream is null) return null;
        using var all = new MemoryStream();
        await stream.CopyToAsync(all);
        return all.ToArray();
    }

    public static async Task<string?> ReadTextAsync(this IBucket bucket, string name, long offset = 0, long length = long.MaxValue) =>
        await bucket.ReadAsync(name, offset, length) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    public static async Task<List<string>> NamesAsync(this IBucket bucket, string prefix = "", string after = "")
    {
        var names = new List<string>();
        await foreach (var found in bucket.ListAsync(prefix, after, default)) names.Add(found.Name);
        return names;
    }
}
