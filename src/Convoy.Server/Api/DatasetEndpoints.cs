using Convoy.Client.Wire;
using Convoy.Core.Datasets;
using Convoy.Core.Languages;
using Convoy.Core.People;
using Convoy.Server.Authentication;
using Convoy.Server.Datasets;
using Convoy.Store;

namespace Convoy.Server.Api;

/// <summary>Data sets by name: what there is, who may use it, and which versions its tags point to.</summary>
public static class DatasetEndpoints
{
    private const int LongestDescription = 1000;

    public static void MapDatasets(this IEndpointRouteBuilder api)
    {
        api.MapGet("/datasets", ListAsync).Asks(Permission.UseDatasets).Produces<DatasetListView>().WithSummary("Data sets that you may read").TakesPaging("after");
        api.MapGet("/datasets/{name}", GetAsync).Asks(Permission.UseDatasets).Produces<DatasetView>().WithSummary("One data set");
        api.MapPut("/datasets/{name}", SaveAsync).Asks(Permission.UseDatasets).Produces<DatasetView>().Produces<DatasetView>(201).WithSummary("Make a data set, or change who may use it");
        api.MapDelete("/datasets/{name}", RemoveAsync).Asks(Permission.UseDatasets).Produces(204).WithSummary("Delete a data set with all its versions");
        api.MapPut("/datasets/{name}/tags/{tag}", MoveTagAsync).Asks(Permission.UseDatasets).Produces<DatasetVersionView>().WithSummary("Point a tag to a version");
        api.MapDelete("/datasets/{name}/tags/{tag}", RemoveTagAsync).Asks(Permission.UseDatasets).Produces(204).WithSummary("Remove a tag");
    }

    private static async Task<IResult> ListAsync(HttpContext http, IDatasetStore store, DatasetAccess access, CancellationToken cancellationToken)
    {
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var caller = http.Caller();
        var page = await store.ListDatasetsAsync(await access.ReaderAsync(caller, cancellationToken), paging.From ?? "", paging.Limit, cancellationToken);
        var items = new List<DatasetView>(page.Count);
        foreach (var dataset in page) items.Add(await ViewAsync(dataset, caller, store, access, cancellationToken));
        return Results.Ok(new DatasetListView(items, page.Count == 0 ? null : paging.Next(page.Count, page[^1].Name.Value)));
    }

    private static async Task<IResult> GetAsync(string name, HttpContext http, IDatasetStore store, DatasetAccess access, CancellationToken cancellationToken) =>
        await access.FindAsync(name, http.Caller(), cancellationToken) is { } dataset ? Results.Ok(await ViewAsync(dataset, http.Caller(), store, access, cancellationToken)) : NoDataset(name);

    private static async Task<IResult> SaveAsync(string name, DatasetRequest request, HttpContext http, IDatasetStore store, DatasetAccess access, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!DatasetName.TryParse(name, out var parsed)) return Problems.Invalid("BadDatasetName", $"'{name}' is no data set's name: up to 63 of a-z, 0-9 and -, without - at either end");
        if (request.Description?.Length > LongestDescription) return Problems.Invalid("BadDescription", $"a description has at most {LongestDescription} characters");
        var caller = http.Caller();
        foreach (var who in (request.Readers ?? []).Concat(request.Writers ?? []))
        {
            if (!await access.IsKnownAsync(who, cancellationToken)) return Problems.Invalid("NoSuchReader", $"there is no user and no queue '{who}'; * means everybody");
        }

        var change = new DatasetChange(request.Description, request.Readers, request.Writers);
        var saved = await store.SaveDatasetAsync(parsed, change, caller.User, caller.IsAdministrator, time.GetUtcNow(), cancellationToken);
        if (!saved.IsTheirs && !await access.MayAsync(saved.Dataset, caller, toWrite: false, cancellationToken)) return Problems.Conflict("NameTaken", $"the name '{name}' is taken; choose another");

        // Whoever publishes makes sure that there is a data set first.
        if (!saved.IsTheirs && !change.IsNothing) return Problems.OverCap("NotAllowed", $"data set '{name}' is {saved.Dataset.Owner}'s; only its owner says who may use it");
        var view = await ViewAsync(saved.Dataset, caller, store, access, cancellationToken);
        return saved.IsNew ? Results.Created($"/api/v1/datasets/{name}", view) : Results.Ok(view);
    }

    private static async Task<IResult> RemoveAsync(string name, HttpContext http, IDatasetStore store, DatasetAccess access, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await access.FindAsync(name, http.Caller(), cancellationToken) is not { } dataset) return NoDataset(name);
        if (!http.Caller().MaySee(dataset.Owner)) return Problems.OverCap("NotAllowed", $"data set '{name}' is {dataset.Owner}'s; only its owner deletes it");
        return await store.RemoveDatasetAsync(dataset.Name, time.GetUtcNow(), cancellationToken) ? Results.NoContent() : NoDataset(name);
    }

    private static async Task<IResult> MoveTagAsync(
        string name, string tag, DatasetTagRequest request, HttpContext http, IDatasetStore store, DatasetAccess access, DatasetLookup lookup, TimeProvider time, CancellationToken cancellationToken)
    {
        var (dataset, refusal) = await ToWriteAsync(name, http, access, cancellationToken);
        if (dataset is null) return refusal!;
        if (!DatasetTag.TryParse(tag, out var parsed)) return Problems.Invalid("BadTag", $"'{tag}' is no tag: up to 63 of a-z, 0-9, ., _ and -, and not like a version");
        if (await lookup.FindAsync(dataset, request.Version, cancellationToken) is not { } version) return NoVersion(name, request.Version);
        if (!await store.MoveTagAsync(dataset.Name, new StoredTag(parsed, version.Version, http.Caller().User, time.GetUtcNow()), cancellationToken)) return NoVersion(name, request.Version);
        return Results.Ok(View(version, await store.ListTagsAsync(dataset.Name, cancellationToken)));
    }

    private static async Task<IResult> RemoveTagAsync(string name, string tag, HttpContext http, IDatasetStore store, DatasetAccess access, CancellationToken cancellationToken)
    {
        var (dataset, refusal) = await ToWriteAsync(name, http, access, cancellationToken);
        if (dataset is null) return refusal!;
        return DatasetTag.TryParse(tag, out var parsed) && await store.RemoveTagAsync(dataset.Name, parsed, cancellationToken) ? Results.NoContent() : Problems.NoSuch($"tag '{tag}' of data set '{name}'");
    }

    internal static IResult NoDataset(string name) => Problems.NotFound($"data set '{name}'");

    internal static IResult NoVersion(string name, string wanted) => Problems.NoSuch($"version or tag '{wanted}' of data set '{name}'; `convoy dataset get {name}` shows them");

    /// <summary>For those who may publish; the others are told no.</summary>
    internal static async Task<(StoredDataset? Dataset, IResult? Refusal)> ToWriteAsync(string name, HttpContext http, DatasetAccess access, CancellationToken cancellationToken)
    {
        if (await access.FindAsync(name, http.Caller(), cancellationToken) is not { } dataset) return (null, NoDataset(name));
        return await access.MayAsync(dataset, http.Caller(), toWrite: true, cancellationToken)
            ? (dataset, null)
            : (null, Problems.OverCap("NotAllowed", $"you may read data set '{name}' and not change it; ask {dataset.Owner}"));
    }

    internal static DatasetVersionView View(StoredVersion version, IReadOnlyList<StoredTag> tags) => new(
        version.Dataset.Value, version.Version.ToString(), version.Figures.Files, version.Figures.Directories, version.Figures.Bytes, version.Figures.Packs, version.Figures.PackBytes,
        version.ManifestSha256.ToString(), version.ManifestBytes, version.By, version.At, [.. tags.Where(tag => tag.Version == version.Version).Select(tag => tag.Tag.Value)]);

    private static async Task<DatasetView> ViewAsync(StoredDataset dataset, Caller caller, IDatasetStore store, DatasetAccess access, CancellationToken cancellationToken)
    {
        var tags = await store.ListTagsAsync(dataset.Name, cancellationToken);
        var latest = tags.FirstOrDefault(tag => tag.Tag == DatasetTag.Latest) is { } pointer ? await store.GetVersionAsync(dataset.Name, pointer.Version, cancellationToken) : null;
        return new DatasetView(
            dataset.Name.Value, dataset.Owner, dataset.Description, [.. dataset.Access.Where(grant => !grant.MayWrite).Select(grant => grant.Who)], [.. dataset.Access.Where(grant => grant.MayWrite).Select(grant => grant.Who)],
            await access.MayAsync(dataset, caller, toWrite: true, cancellationToken), dataset.CreatedAt, latest is null ? null : View(latest, tags), tags.ToDictionary(tag => tag.Tag.Value, tag => tag.Version.ToString()));
    }
}
