using System.Text;
using Convoy.Client.Wire;
using Convoy.Core.Datasets;
using Convoy.Core.People;
using Convoy.Server.Authentication;
using Convoy.Server.Datasets;
using Convoy.Store;
using Microsoft.AspNetCore.Mvc;

namespace Convoy.Server.Api;

/// <summary>Versions of a data set, and the packs that hold their bytes.</summary>
public static class DatasetVersionEndpoints
{
    private const int MostPacksOfCheck = 1000;
    private const string Bytes = "application/octet-stream";

    public static void MapDatasetVersions(this IEndpointRouteBuilder api)
    {
        api.MapGet("/datasets/{name}/versions", ListAsync).Asks(Permission.UseDatasets).Produces<DatasetVersionListView>().WithSummary("Versions of a data set, newest first").TakesPaging("before");
        api.MapGet("/datasets/{name}/versions/{version}", GetAsync).Asks(Permission.ReadDatasets).Produces<DatasetVersionView>().WithSummary("One version, by its number or a tag");
        api.MapGet("/datasets/{name}/versions/{version}/manifest", ManifestAsync).Asks(Permission.ReadDatasets).Produces(200, contentType: Bytes).Produces(206, contentType: Bytes).WithSummary("Which files a version has, and where their bytes lie");
        api.MapGet("/datasets/{name}/versions/{version}/files/{**path}", GetFileAsync).Asks(Permission.ReadDatasets).Produces(200, contentType: Bytes).Produces(206, contentType: Bytes).WithSummary("The bytes of one file of a version, or a part of them");
        api.MapPost("/datasets/{name}/versions", PublishAsync).Asks(Permission.UseDatasets).Produces<DatasetVersionView>(201).WithMetadata(new RequestSizeLimitAttribute(int.MaxValue))
            .WithSummary("Publish a manifest as the next version; the same as the newest is that one").Takes(("tag", "points to the version from then on"));
        api.MapDelete("/datasets/{name}/versions/{version}", RemoveAsync).Asks(Permission.UseDatasets).Produces(204).WithSummary("Delete a version, and the tags that point to it");
        api.MapPost("/datasets/{name}/packs:check", CheckAsync).Asks(Permission.UseDatasets).Produces<PackCheckView>().WithSummary("Which of these packs have to be sent");
        api.MapPut("/datasets/{name}/packs/{sha256}", PutPackAsync).Asks(Permission.UseDatasets).Produces(204).WithMetadata(new RequestSizeLimitAttribute(PackLayout.PackBytes)).WithSummary("Send a pack");
        api.MapGet("/datasets/{name}/packs/{sha256}", GetPackAsync).Asks(Permission.ReadDatasets).Produces(200, contentType: Bytes).Produces(206, contentType: Bytes).WithSummary("The bytes of a pack, or a part of them");
    }

    private static async Task<IResult> ListAsync(string name, HttpContext http, IDatasetStore store, DatasetAccess access, CancellationToken cancellationToken)
    {
        if (await access.FindAsync(name, http.Caller(), cancellationToken) is not { } dataset) return DatasetEndpoints.NoDataset(name);
        var (paging, refusal) = Paging.Read(http, "before");
        if (refusal is not null) return refusal;
        (var before, refusal) = paging.Number(int.MaxValue);
        if (refusal is not null) return refusal;
        var page = await store.ListVersionsAsync(dataset.Name, (int)Math.Min(before, int.MaxValue), paging.Limit, cancellationToken);
        var tags = await store.ListTagsAsync(dataset.Name, cancellationToken);
        return Results.Ok(new DatasetVersionListView([.. page.Select(version => DatasetEndpoints.View(version, tags))], page.Count == 0 ? null : paging.Next(page.Count, page[^1].Version.Number)));
    }

    private static async Task<IResult> GetAsync(string name, string version, HttpContext http, IDatasetStore store, DatasetAccess access, DatasetLookup lookup, CancellationToken cancellationToken)
    {
        if (await access.FindAsync(name, http.Caller(), cancellationToken) is not { } dataset) return DatasetEndpoints.NoDataset(name);
        return await lookup.FindAsync(dataset, version, await access.HeldAsync(http.Caller(), dataset.Name, cancellationToken), cancellationToken) is { } found
            ? Results.Ok(DatasetEndpoints.View(found, await store.ListTagsAsync(dataset.Name, cancellationToken)))
            : DatasetEndpoints.NoVersion(name, version);
    }

    private static async Task<IResult> ManifestAsync(string name, string version, HttpContext http, DatasetAccess access, DatasetLookup lookup, ManifestShelf manifests, CancellationToken cancellationToken)
    {
        if (await access.FindAsync(name, http.Caller(), cancellationToken) is not { } dataset) return DatasetEndpoints.NoDataset(name);
        if (await lookup.FindAsync(dataset, version, await access.HeldAsync(http.Caller(), dataset.Name, cancellationToken), cancellationToken) is not { } found) return DatasetEndpoints.NoVersion(name, version);
        return await ByteRange.AnswerAsync(http, found.ManifestBytes, found.ManifestSha256.ToString(), (offset, length) => manifests.ReadAsync(dataset.Name, found.ManifestSha256, offset, length, cancellationToken))
            ?? Problems.Of(410, "ManifestGone", $"the manifest of version {found.Version} of data set '{name}' is not in the object store any more");
    }

    private static async Task<IResult> GetFileAsync(
        string name, string version, string path, HttpContext http, DatasetAccess access, DatasetLookup lookup, OpenManifests manifests, PackShelf packs, CancellationToken cancellationToken)
    {
        if (await access.FindAsync(name, http.Caller(), cancellationToken) is not { } dataset) return DatasetEndpoints.NoDataset(name);
        if (await lookup.FindAsync(dataset, version, await access.HeldAsync(http.Caller(), dataset.Name, cancellationToken), cancellationToken) is not { } found) return DatasetEndpoints.NoVersion(name, version);
        if (await manifests.OpenAsync(found, cancellationToken) is not { } use) return Problems.Of(410, "ManifestGone", $"the manifest of version {found.Version} of data set '{name}' is not in the object store any more");
        var isGiven = false;
        try
        {
            if (use.Manifest.FindFile(Encoding.UTF8.GetBytes(path)) is not { } file) return Problems.NoSuch($"file '{path}' in version {found.Version} of data set '{name}'");
            return (await ByteRange.AnswerAsync(http, use.Manifest.FileSize(file), use.Manifest.FileHash(file).ToString(), (offset, length) =>
            {
                isGiven = true;
                return Task.FromResult<Stream?>(new FileContent(use, file, offset, length, packs));
            }))!;
        }
        finally
        {
            if (!isGiven) use.Dispose();
        }
    }

    private static async Task<IResult> PublishAsync(string name, HttpContext http, IDatasetStore store, DatasetAccess access, Publication publication, DiskReserve disk, CancellationToken cancellationToken)
    {
        var (dataset, refusal) = await DatasetEndpoints.ToWriteAsync(name, http, access, cancellationToken);
        if (dataset is null) return refusal!;
        DatasetTag? tag = null;
        if (http.Request.Query["tag"].ToString() is { Length: > 0 } text)
        {
            if (!DatasetTag.TryParse(text, out var parsed)) return Problems.Invalid("BadTag", $"'{text}' is no tag: up to 63 of a-z, 0-9, ., _ and -, and not like a version");
            tag = parsed;
        }

        if (disk.ShortOf(http.Request.ContentLength ?? 0) is { } shortage) return Problems.DiskFull(shortage);
        (var version, refusal) = await publication.PublishAsync(dataset, http.Request.Body, tag, http.Caller().User, cancellationToken);
        return version is null ? refusal! : Results.Created($"/api/v1/datasets/{name}/versions/{version.Version}", DatasetEndpoints.View(version, await store.ListTagsAsync(dataset.Name, cancellationToken)));
    }

    private static async Task<IResult> RemoveAsync(string name, string version, HttpContext http, IDatasetStore store, DatasetAccess access, TimeProvider time, CancellationToken cancellationToken)
    {
        var (dataset, refusal) = await DatasetEndpoints.ToWriteAsync(name, http, access, cancellationToken);
        if (dataset is null) return refusal!;
        return DatasetVersion.TryParse(version, out var parsed) && await store.RemoveVersionAsync(dataset.Name, parsed, time.GetUtcNow(), cancellationToken) ? Results.NoContent() : DatasetEndpoints.NoVersion(name, version);
    }

    private static async Task<IResult> CheckAsync(string name, PackCheckRequest request, HttpContext http, DatasetAccess access, PackShelf packs, StorageQuota quota, CancellationToken cancellationToken)
    {
        var (dataset, refusal) = await DatasetEndpoints.ToWriteAsync(name, http, access, cancellationToken);
        if (dataset is null) return refusal!;
        if (request.Packs is not { Count: <= MostPacksOfCheck } asked) return Problems.BadRequest("BadPacks", $"packs names at most {MostPacksOfCheck} packs by their SHA-256");
        if (request.Bytes is { } lengths && (lengths.Count != asked.Count || lengths.Any(length => length is < 1 or > PackLayout.PackBytes))) return Problems.BadRequest("BadPacks", $"bytes has the length of each of the packs, from 1 to {PackLayout.PackBytes}");
        var hashes = new List<Sha256>(asked.Count);
        foreach (var text in asked)
        {
            if (!Sha256.TryParse(text, out var hash)) return NoHash();
            hashes.Add(hash);
        }

        var (missing, over) = await packs.MissingAsync(dataset, await access.ReaderAsync(http.Caller(), cancellationToken), hashes, cancellationToken);
        if (over > 0) return await quota.RefusalOfAsync(dataset.Owner, over, cancellationToken);
        if (request.Bytes is { } each && missing.Count > 0 && await quota.RefusalAsync(dataset.Owner, missing.Sum(hash => (long)each[hashes.IndexOf(hash)]), cancellationToken) is { } full) return full;
        return Results.Ok(new PackCheckView([.. missing.Select(hash => hash.ToString())]));
    }

    private static async Task<IResult> PutPackAsync(string name, string sha256, HttpContext http, DatasetAccess access, PackShelf packs, StorageQuota quota, DiskReserve disk, CancellationToken cancellationToken)
    {
        var (dataset, refusal) = await DatasetEndpoints.ToWriteAsync(name, http, access, cancellationToken);
        if (dataset is null) return refusal!;
        if (!Sha256.TryParse(sha256, out var hash)) return NoHash();
        if (http.Request.ContentLength is not (> 0 and <= PackLayout.PackBytes) || http.Request.ContentLength is not { } length) return Problems.BadRequest("BadPack", $"a pack has from 1 to {PackLayout.PackBytes} bytes, and Content-Length says how many");
        if (disk.ShortOf(length) is { } shortage) return Problems.DiskFull(shortage);
        var taken = await packs.TakeInAsync(dataset, hash, http.Request.Body, (int)length, cancellationToken);
        if (taken.Over > 0) return await quota.RefusalOfAsync(dataset.Owner, taken.Over, cancellationToken);
        return taken.IsSame
            ? Results.NoContent()
            : Problems.BadRequest("PackHashMismatch", "what was sent has another SHA-256; nothing of it was kept; send it again");
    }

    private static async Task<IResult> GetPackAsync(string name, string sha256, HttpContext http, DatasetAccess access, PackShelf packs, CancellationToken cancellationToken)
    {
        if (await access.FindAsync(name, http.Caller(), cancellationToken) is not { } dataset) return DatasetEndpoints.NoDataset(name);
        if (!Sha256.TryParse(sha256, out var hash)) return NoHash();
        if (await packs.FindAsync(dataset, await access.HeldAsync(http.Caller(), dataset.Name, cancellationToken), hash, cancellationToken) is not { } bytes) return Problems.NoSuch($"pack {hash} of data set '{name}'");
        return await ByteRange.AnswerAsync(http, bytes, sha256, (offset, length) => packs.ReadAsync(hash, offset, length, cancellationToken))
            ?? Problems.Of(410, "PackGone", $"pack {hash} is not in the object store any more");
    }

    private static IResult NoHash() => Problems.BadRequest("BadHash", "a pack is named by its SHA-256, 64 lower-case hexadecimal digits");

}
