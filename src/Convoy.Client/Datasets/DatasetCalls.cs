using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Convoy.Client.Wire;
using Convoy.Core.Datasets;

namespace Convoy.Client.Datasets;

/// <summary>Data sets of the platform, as its API has them.</summary>
public sealed class DatasetCalls
{
    private const int BufferBytes = 1 << 17;

    /// <summary>Connections that break without a single byte having come.</summary>
    private const int MostBreaks = 5;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    private readonly ServerLine line;
    private readonly TimeProvider time;

    internal DatasetCalls(ServerLine line, TimeProvider time)
    {
        this.line = line;
        this.time = time;
    }

    public Task<DatasetListView> ListAsync(string? after, int? limit, CancellationToken cancellationToken) =>
        line.GetAsync(new QueryText("datasets").Add("after", after).Add("limit", limit).ToString(), WireJson.Default.DatasetListView, cancellationToken);

    public Task<DatasetView> GetAsync(string name, CancellationToken cancellationToken) => line.GetAsync(PathOf(name), WireJson.Default.DatasetView, cancellationToken);

    /// <summary>Makes the data set, or changes what is not null.</summary>
    public Task<DatasetView> SaveAsync(string name, DatasetRequest request, CancellationToken cancellationToken) =>
        line.SendAsync(HttpMethod.Put, PathOf(name), request, WireJson.Default.DatasetRequest, WireJson.Default.DatasetView, cancellationToken);

    public Task RemoveAsync(string name, CancellationToken cancellationToken) => RemoveAtAsync(PathOf(name), cancellationToken);

    public Task<DatasetVersionListView> ListVersionsAsync(string name, string? before, int? limit, CancellationToken cancellationToken) =>
        line.GetAsync(new QueryText(PathOf(name, "versions")).Add("before", before).Add("limit", limit).ToString(), WireJson.Default.DatasetVersionListView, cancellationToken);

    /// <param name="wanted">A version or a tag.</param>
    public Task<DatasetVersionView> GetVersionAsync(string name, string wanted, CancellationToken cancellationToken) =>
        line.GetAsync(PathOf(name, "versions", wanted), WireJson.Default.DatasetVersionView, cancellationToken);

    public Task RemoveVersionAsync(string name, string version, CancellationToken cancellationToken) => RemoveAtAsync(PathOf(name, "versions", version), cancellationToken);

    /// <param name="wanted">A version or a tag.</param>
    public Task<DatasetVersionView> MoveTagAsync(string name, string tag, string wanted, CancellationToken cancellationToken) =>
        line.SendAsync(HttpMethod.Put, PathOf(name, "tags", tag), new DatasetTagRequest(wanted), WireJson.Default.DatasetTagRequest, WireJson.Default.DatasetVersionView, cancellationToken);

    public Task RemoveTagAsync(string name, string tag, CancellationToken cancellationToken) => RemoveAtAsync(PathOf(name, "tags", tag), cancellationToken);

    /// <summary>What data sets have stored, and their owners; of one where it is named.</summary>
    public Task<DatasetUsageListView> UsageAsync(string? name, string? after, int? limit, CancellationToken cancellationToken) =>
        line.GetAsync(new QueryText("dataset-usage").Add("dataset", name).Add("after", after).Add("limit", limit).ToString(), WireJson.Default.DatasetUsageListView, cancellationToken);

    public Task<ObjectStoreListView> StoresAsync(CancellationToken cancellationToken) => line.GetAsync("stores", WireJson.Default.ObjectStoreListView, cancellationToken);

    /// <summary>Where copies of it are, or are to be, the newest version first.</summary>
    public Task<ReplicationListView> ListReplicationsAsync(string name, string? before, int? limit, CancellationToken cancellationToken) =>
        line.GetAsync(new QueryText(PathOf(name, "replications")).Add("before", before).Add("limit", limit).ToString(), WireJson.Default.ReplicationListView, cancellationToken);

    /// <summary>Has a version copied to another store, and those that follow, or says what that takes.</summary>
    public Task<ReplicationPlanView> ReplicateAsync(string name, ReplicationRequest request, CancellationToken cancellationToken) =>
        line.SendAsync(HttpMethod.Post, PathOf(name, "replications"), request, WireJson.Default.ReplicationRequest, WireJson.Default.ReplicationPlanView, cancellationToken);

    /// <summary>No more versions go there; what is there stays.</summary>
    public Task StopReplicationAsync(string name, string store, CancellationToken cancellationToken) => RemoveAtAsync(PathOf(name, "replications", store), cancellationToken);

    /// <summary>Whether the data set has the pack without its bytes being sent.</summary>
    /// <param name="length">In bytes, of one that would be sent: where the owner may not have so much more, that is refused. Null only asks.</param>
    public async Task<bool> HasPackAsync(string name, Sha256 pack, int? length, CancellationToken cancellationToken)
    {
        var check = await line.SendAsync(HttpMethod.Post, PathOf(name, "packs:check"), new PackCheckRequest([pack.ToString()], length is { } bytes ? [bytes] : null), WireJson.Default.PackCheckRequest, WireJson.Default.PackCheckView, cancellationToken);
        return check.Missing.Count == 0;
    }

    /// <param name="progress">Bytes of it that have left so far.</param>
    public async Task PutPackAsync(string name, Sha256 pack, ReadOnlyMemory<byte> content, Action<long> progress, CancellationToken cancellationToken)
    {
        using var response = await line.SendAsync(() => ServerLine.HasLargeBody(new HttpRequestMessage(HttpMethod.Put, PathOf(name, "packs", pack.ToString())) { Content = new ToldContent(content, progress) }), cancellationToken);
        await line.ThrowIfRefusedAsync(response, cancellationToken);
    }

    /// <summary>The same manifest as the newest version's is that version.</summary>
    /// <param name="manifest">A file.</param>
    public async Task<DatasetVersionView> PublishAsync(string name, string manifest, string? tag, CancellationToken cancellationToken)
    {
        var path = new QueryText(PathOf(name, "versions")).Add("tag", tag).ToString();
        return await line.SendAsync(() => Publication(path, manifest), WireJson.Default.DatasetVersionView, cancellationToken);
    }

    /// <summary>Brings a version's manifest into a file, and reads all of it.</summary>
    /// <exception cref="BadManifestException">What came is not what the platform says it is.</exception>
    public async Task<MappedManifest> FetchManifestAsync(DatasetVersionView version, string path, CancellationToken cancellationToken)
    {
        await using (var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, BufferBytes, useAsync: true))
        {
            await CopyAsync(PathOf(version.Dataset, "versions", version.Version) + "/manifest", 0, version.ManifestBytes, (bytes, stop) => file.WriteAsync(bytes, stop), cancellationToken);
        }

        await using (var file = File.OpenRead(path))
        {
            if (Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken)) != version.ManifestSha256) throw new BadManifestException($"the manifest of data set {version.Dataset}@{version.Version} was damaged on its way; try again");
        }

        return MappedManifest.Open(path, isTrusted: false);
    }

    /// <summary>Hands out bytes of a pack. A connection that breaks is taken up where it broke.</summary>
    /// <param name="take">Its memory is used again after it returns.</param>
    public Task CopyPackAsync(string name, Sha256 pack, long offset, long length, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> take, CancellationToken cancellationToken) =>
        CopyAsync(PathOf(name, "packs", pack.ToString()), offset, length, take, cancellationToken);

    private async Task CopyAsync(string path, long offset, long length, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> take, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        var end = offset + length;
        for (var breaks = 0; offset < end;)
        {
            var began = offset;
            using var response = await TrySendAsync(path, began, end - 1, isLast: breaks == MostBreaks, cancellationToken);
            if (response is null)
            {
                await Task.Delay(BetweenTries * ++breaks, time, cancellationToken);
                continue;
            }

            await line.ThrowIfRefusedAsync(response, cancellationToken);
            if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != began) throw line.NotConvoy("it is not the part that was asked for", null);
            await using var body = await line.BodyAsync(response, cancellationToken);
            while (await ReadAsync(body, buffer, cancellationToken) is > 0 and var read)
            {
                if (read > end - offset) throw line.NotConvoy($"it is longer than what was asked for, which has {end - began} bytes", null);
                await take(buffer.AsMemory(0, read), cancellationToken);
                offset += read;
            }

            if (offset == end) return;
            breaks = offset > began ? 0 : breaks + 1;
            if (breaks == MostBreaks) throw new ServerUnreachableException(line.Server, $"the download broke off {breaks} times in a row");
            await Task.Delay(BetweenTries, time, cancellationToken);
        }
    }

    /// <summary>Null where nobody answers: the server may be starting again.</summary>
    private async Task<HttpResponseMessage?> TrySendAsync(string path, long from, long to, bool isLast, CancellationToken cancellationToken)
    {
        try
        {
            return await line.SendAsync(() => Get(path, from, to), cancellationToken);
        }
        catch (ServerUnreachableException) when (!isLast)
        {
            return null;
        }
    }

    private static HttpRequestMessage Get(string path, long from, long to)
    {
        var message = new HttpRequestMessage(HttpMethod.Get, path);
        message.Headers.Range = new RangeHeaderValue(from, to);
        return message;
    }

    private static HttpRequestMessage Publication(string path, string manifest)
    {
        var content = new StreamContent(File.OpenRead(manifest));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        var message = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        return ServerLine.HasLargeBody(ServerLine.MayRepeat(message));
    }

    /// <summary>Nothing where the connection broke.</summary>
    private static async Task<int> ReadAsync(Stream body, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return 0;
        }
    }

    private async Task RemoveAtAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await line.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, path), cancellationToken);
        await line.ThrowIfRefusedAsync(response, cancellationToken);
    }

    private static string PathOf(string name, params string[] parts) => string.Join('/', ["datasets", Uri.EscapeDataString(name), .. parts.Select(part => part.EndsWith(":check", StringComparison.Ordinal) ? part : Uri.EscapeDataString(part))]);
}
