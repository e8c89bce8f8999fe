using System.Globalization;
using Convoy.Client.Wire;
using Convoy.Core.Datasets;
using Convoy.Core.Languages;
using Convoy.Core.People;
using Convoy.Core.Resources;
using Convoy.Server.Authentication;
using Convoy.Server.Datasets;
using Convoy.Server.Loops;
using Convoy.Store;

namespace Convoy.Server.Api;

/// <summary>Copies of data sets in other object stores.</summary>
public static class ReplicationEndpoints
{
    private const string AboveAll = "\uffff";

    public static void MapReplications(this IEndpointRouteBuilder api)
    {
        api.MapGet("/stores", Stores).Asks(Permission.UseDatasets).Produces<ObjectStoreListView>().WithSummary("The object stores in which data sets may lie");
        api.MapGet("/datasets/{name}/replications", ListAsync).Asks(Permission.UseDatasets).Produces<ReplicationListView>().WithSummary("Where copies of a data set are, or are to be, the newest version first").TakesPaging("before");
        api.MapPost("/datasets/{name}/replications", AskAsync).Asks(Permission.UseDatasets).Produces<ReplicationPlanView>(202).Produces<ReplicationPlanView>().WithSummary("Have a version copied to another store, and those that follow; a dry run says what it takes");
        api.MapDelete("/datasets/{name}/replications/{store}", StopAsync).Asks(Permission.UseDatasets).Produces(204).WithSummary("Copy no more versions there; what is there stays");
    }

    private static IResult Stores(DatasetStores stores) => Results.Ok(new ObjectStoreListView(
        [.. stores.All.Select(store => new ObjectStoreView(store.Name, store.Region, store.PriceOut, store.Lock is { } period ? DurationText.Format(period) : null, store == stores.Home, store == stores.Near))]));

    private static async Task<IResult> ListAsync(string name, HttpContext http, DatasetAccess access, IDatasetCopies copies, Replicator replicator, CancellationToken cancellationToken)
    {
        if (await access.FindAsync(name, http.Caller(), cancellationToken) is not { } dataset) return DatasetEndpoints.NoDataset(name);
        var (paging, refusal) = Paging.Read(http, "before");
        if (refusal is not null) return refusal;
        if (Cursor(paging.From) is not { } before) return Paging.BadCursor(paging.From!);
        var page = await copies.ListAsync(dataset.Name, before, paging.Limit, cancellationToken);
        var items = new List<ReplicationView>(page.Count);
        foreach (var one in page) items.Add(await ViewAsync(one, http.Caller(), copies, replicator, cancellationToken));
        var policies = await copies.ListPoliciesAsync(dataset.Name, cancellationToken);
        return Results.Ok(new ReplicationListView(
            items, [.. policies.Select(policy => new CopyPolicyView(policy.Store, DurationText.Format(policy.Within), policy.By, policy.At))],
            page.Count == 0 ? null : paging.Next(page.Count, string.Create(CultureInfo.InvariantCulture, $"{page[^1].Version.Number}:{page[^1].Store}"))));
    }

    private static async Task<IResult> AskAsync(
        string name, ReplicationRequest request, HttpContext http, DatasetAccess access, DatasetLookup lookup, DatasetStores stores, IDatasetCopies copies, Replicator replicator, ReplicationLoop loop, TimeProvider time, CancellationToken cancellationToken)
    {
        var (dataset, refusal) = await DatasetEndpoints.ToWriteAsync(name, http, access, cancellationToken);
        if (dataset is null) return refusal!;
        if (stores.Others.FirstOrDefault(store => store.Name == request.Store) is not { } to)
        {
            return Problems.Invalid("NoSuchStore", stores.Others.Count == 0
                ? (Text)$"there is no other object store here; an administrator gives them to the server (--stores)"
                : $"there is no store '{request.Store}' for copies; there are {string.Join(", ", stores.Others.Select(store => store.Name))}");
        }

        var within = TimeSpan.Zero;
        if (request.Within is { } text && !DurationText.TryParse(text, out within)) return Problems.Invalid("BadDuration", $"within is a duration such as 1h, not '{text}'");
        var wanted = request.Version ?? DatasetTag.Latest.Value;
        if (await lookup.FindAsync(dataset, wanted, cancellationToken) is not { } version) return DatasetEndpoints.NoVersion(name, wanted);
        if (await copies.FindManifestAsync(dataset.Name, version.Version, cancellationToken) is not { IsListed: true } manifest) return Problems.Of(503, "NotListedYet", "what this version needs is still being looked up; try again in a moment");
        var figures = await copies.CountAsync(manifest.Number, to.Name, cancellationToken);
        var plan = new ReplicationPlanView(name, version.Version.ToString(), to.Name, figures.Packs, figures.Bytes, figures.MissingPacks, figures.MissingBytes, await replicator.CostAsync(manifest.Number, to, cancellationToken), !request.DryRun);
        if (request.DryRun) return Results.Ok(plan);

        var now = time.GetUtcNow();
        if (!request.Once && !await copies.SavePolicyAsync(new CopyPolicy(dataset.Name, to.Name, within, http.Caller().User, now), cancellationToken)) return DatasetEndpoints.NoDataset(name);
        await copies.AskAsync(dataset.Name, version.Version, to.Name, now, now, cancellationToken);
        loop.Wake();
        return Results.Accepted($"/api/v1/datasets/{name}/replications", plan);
    }

    private static async Task<IResult> StopAsync(string name, string store, HttpContext http, DatasetAccess access, IDatasetCopies copies, CancellationToken cancellationToken)
    {
        var (dataset, refusal) = await DatasetEndpoints.ToWriteAsync(name, http, access, cancellationToken);
        if (dataset is null) return refusal!;
        return await copies.RemovePolicyAsync(dataset.Name, store, cancellationToken) ? Results.NoContent() : Problems.NoSuch($"copying of data set '{name}' to store '{store}'");
    }

    private static async Task<ReplicationView> ViewAsync(Replication one, Caller caller, IDatasetCopies copies, Replicator replicator, CancellationToken cancellationToken)
    {
        var pace = one.WholeAt is null ? replicator.PaceOf(one) : null;
        var figures = pace is not null ? new CopyFigures(0, pace.Bytes, 0, Math.Max(0, pace.Bytes - pace.There))
            : await copies.FindManifestAsync(one.Dataset, one.Version, cancellationToken) is { } manifest ? await copies.CountAsync(manifest.Number, one.Store, cancellationToken) : new CopyFigures(0, 0, 0, 0);
        var state = one switch { { WholeAt: not null } => "Whole", { Problem: not null } => "Stuck", _ => pace is null ? "Waiting" : "Copying" };
        return new ReplicationView(
            one.Version.ToString(), one.Store, state, figures.Bytes, figures.Bytes - figures.MissingBytes, pace?.Rate, pace?.Left?.TotalSeconds, one.AskedAt, one.DueAt, one.WholeAt, one.Problem is not { } problem ? null : caller.IsAdministrator ? Text.Verbatim(problem) : "it cannot be copied now, and is tried again; ask an administrator");
    }

    /// <summary>Null where it is none.</summary>
    private static (int Version, string Store)? Cursor(string? text) => text is null ? (int.MaxValue, AboveAll)
        : text.Split(':') is [var number, var store] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? (version, store) : null;
}
