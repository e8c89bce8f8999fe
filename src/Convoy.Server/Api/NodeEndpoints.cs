using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Scheduling;
using Convoy.Server.Authentication;
using Convoy.Server.Loops;
using Convoy.Store;

namespace Convoy.Server.Api;

public static class NodeEndpoints
{
    private static readonly (string, string) Where = ("cluster", "whose node, where several bear the name");

    public static void MapNodes(this IEndpointRouteBuilder api)
    {
        api.MapGet("/nodes", List).Asks(Permission.SeePlatform).Produces<NodeListView>().WithSummary("Nodes, and what is free on them").TakesPaging("after");
        api.MapGet("/nodes/{name}", Get).Asks(Permission.SeePlatform).Produces<NodeView>().WithSummary("One node");
        api.MapPut("/nodes/{name}/wish", WishAsync).Asks(Permission.AdministerNodes).Produces<NodeWishView>().WithSummary("Let nothing new land on a node, and perhaps empty it").Takes(Where);
        api.MapDelete("/nodes/{name}/wish", RemoveWishAsync).Asks(Permission.AdministerNodes).Produces<NodeWishView>().WithSummary("Use a node again").Takes(Where);
    }

    private static IResult List(HttpContext http, Fleet fleet, Ledger ledger, TimeProvider time)
    {
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var page = fleet.NodesAt(time.GetUtcNow()).Select(node => (Key: $"{node.Cluster}/{node.Name}", Node: node))
            .OrderBy(node => node.Key, StringComparer.Ordinal)
            .Where(node => paging.From is null || string.CompareOrdinal(node.Key, paging.From) > 0)
            .Take(paging.Limit).ToArray();
        var held = HeldBy(ledger);
        return Results.Ok(new NodeListView([.. page.Select(node => View(node.Node, fleet, held, http.Caller()))], page.Length == 0 ? null : paging.Next(page.Length, page[^1].Key)));
    }

    private static IResult Get(string name, HttpContext http, Fleet fleet, Ledger ledger, TimeProvider time) =>
        fleet.NodesAt(time.GetUtcNow()).FirstOrDefault(node => node.Name == name) is { } found ? Results.Ok(View(found, fleet, HeldBy(ledger), http.Caller())) : NoSuchNode(name);

    private static async Task<IResult> WishAsync(
        string name, NodeWishRequest request, HttpContext http, Fleet fleet, Ledger ledger, IStore store, SchedulingLoop scheduling, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.Health is not (NodeHealth.Draining or NodeHealth.Quarantined)) return Problems.Invalid("BadHealth", "health is Draining or Quarantined; to use the node again, delete the wish");
        var (node, refusal) = Find(name, http, fleet);
        if (node is null) return refusal!;
        var caller = http.Caller();
        await store.SaveNodeWishAsync(new NodeWish(node.Cluster, node.Name, request.Health, caller.User, time.GetUtcNow()), cancellationToken);
        await RenewAsync(fleet, store, scheduling, cancellationToken);
        var told = !request.Evict ? [] : await Task.WhenAll(ledger.Unfinished.Values.Where(job => job.Current?.Cluster == node.Cluster)
            .Select(job => ledger.TellAsync(job.Id, new JobCommand.Drain(node.Cluster, node.Name, caller.User), cancellationToken)));
        return Results.Ok(Answer(node, fleet, ledger, caller, told.Count(answer => answer.Decision is Decision.Accepted { Events.Count: > 0 })));
    }

    private static async Task<IResult> RemoveWishAsync(string name, HttpContext http, Fleet fleet, Ledger ledger, IStore store, SchedulingLoop scheduling, CancellationToken cancellationToken)
    {
        var (node, refusal) = Find(name, http, fleet);
        if (node is null) return refusal!;
        await store.RemoveNodeWishAsync(node.Cluster, node.Name, cancellationToken);
        await RenewAsync(fleet, store, scheduling, cancellationToken);
        return Results.Ok(Answer(node, fleet, ledger, http.Caller(), 0));
    }

    private static async Task RenewAsync(Fleet fleet, IStore store, SchedulingLoop scheduling, CancellationToken cancellationToken)
    {
        fleet.Wish(await store.ListNodeWishesAsync(cancellationToken));
        scheduling.Wake();
    }

    private static (Node? Node, IResult? Refusal) Find(string name, HttpContext http, Fleet fleet)
    {
        var cluster = http.Request.Query["cluster"].ToString();
        var found = fleet.Nodes.Where(node => node.Name == name && (cluster.Length == 0 || node.Cluster == cluster)).ToArray();
        return found.Length switch
        {
            0 => (null, NoSuchNode(name)),
            1 => (found[0], null),
            _ => (null, Problems.Conflict("AmbiguousName", $"there is a node '{name}' in each of the clusters {string.Join(", ", found.Select(node => node.Cluster))}; say which, with cluster=")),
        };
    }

    private static NodeWishView Answer(Node node, Fleet fleet, Ledger ledger, Caller caller, int evicted) =>
        new(View(fleet.Nodes.FirstOrDefault(now => now.Cluster == node.Cluster && now.Name == node.Name) ?? node, fleet, HeldBy(ledger), caller), evicted);

    private static IResult NoSuchNode(string name) => Problems.NoSuch($"node '{name}'; `convoy node list` shows them");

    /// <summary>What of each node is taken, and by whom.</summary>
    internal static ILookup<(string Cluster, string Node), (Job Job, HeldPlace Place)> HeldBy(Ledger ledger) => (
        from job in ledger.Unfinished.Values
        let running = RunningJob.Of(job)
        where running is not null
        from place in running.Places
        select (Key: (running.Cluster, place.Node), Part: (job, place))).ToLookup(held => held.Key, held => held.Part);

    private static NodeView View(Node node, Fleet fleet, ILookup<(string, string), (Job Job, HeldPlace Place)> held, Caller caller)
    {
        var parts = held[(node.Cluster, node.Name)].ToArray();
        var free = parts.Aggregate(node.Capacity, (left, part) => left - part.Place.Taken);
        var jobs = parts.GroupBy(part => part.Job).OrderBy(group => group.Key.SubmitSequence).Select(group => JobViews.Holder(group.Key, [.. group.Select(part => part.Place)], caller));
        return new NodeView(
            node.Name,
            node.Cluster,
            node.Health,
            node.Accelerator,
            node.Devices.Count,
            Math.Max(0, free.Devices),
            node.CpuMillicores,
            Math.Max(0, free.CpuMillicores),
            node.MemoryBytes,
            Math.Max(0, free.MemoryBytes),
            [.. jobs])
        {
            WishedBy = fleet.WishOf(node)?.By,
        };
    }
}
