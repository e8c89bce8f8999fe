using Convoy.Client.Wire;
using Convoy.Core.People;
using Convoy.Core.Resources;
using Convoy.Server.Authentication;
using Convoy.Server.Datasets;
using Convoy.Store;

namespace Convoy.Server.Api;

/// <summary>How much data sets have stored, and whose they are.</summary>
public static class DatasetUsageEndpoints
{
    public static void MapDatasetUsage(this IEndpointRouteBuilder api) =>
        api.MapGet("/dataset-usage", ListAsync).Asks(Permission.UseDatasets).Produces<DatasetUsageListView>().WithSummary("What data sets that you may read have stored").TakesPaging("after").Takes(("dataset", "only this one"));

    private static async Task<IResult> ListAsync(HttpContext http, IDatasetObjects objects, DatasetAccess access, StorageQuota quota, GarbageCollection garbage, CancellationToken cancellationToken)
    {
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var caller = http.Caller();
        IReadOnlyList<DatasetUsage> page;
        if (http.Request.Query["dataset"].ToString() is { Length: > 0 } name)
        {
            if (await access.FindAsync(name, caller, cancellationToken) is not { } dataset || await objects.GetUsageAsync(dataset.Name, cancellationToken) is not { } usage) return DatasetEndpoints.NoDataset(name);
            page = [usage];
        }
        else
        {
            page = await objects.ListUsageAsync(await access.ReaderAsync(caller, cancellationToken), paging.From ?? "", paging.Limit, cancellationToken);
        }

        var owners = new List<OwnerUsageView>();
        foreach (var owner in caller.IsAdministrator ? [.. page.Select(usage => usage.Owner).Distinct().Order(StringComparer.Ordinal)] : (string[])[caller.User])
        {
            owners.Add(new OwnerUsageView(owner, await objects.GetStoredBytesAsync(owner, cancellationToken), await quota.MostAsync(owner, cancellationToken)));
        }

        return Results.Ok(new DatasetUsageListView(
            [.. page.Select(usage => new DatasetUsageView(usage.Name.Value, usage.Owner, usage.Versions, usage.Bytes, usage.OwnBytes))], owners,
            caller.IsAdministrator ? View(await objects.CountGarbageAsync(cancellationToken), garbage.Grace) : null, page.Count == 0 ? null : paging.Next(page.Count, page[^1].Name.Value)));
    }

    private static DatasetGarbageView View(Garbage garbage, TimeSpan grace) => new(garbage.Objects, garbage.Bytes, garbage.Since, garbage.Since + grace, DurationText.Format(grace));
}
