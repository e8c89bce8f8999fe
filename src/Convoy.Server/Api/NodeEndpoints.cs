using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Scheduling;
using Convoy.Server.Authentication;

namespace Convoy.Server.Api;

public static class NodeEndpoints
{
    /// <summary>A cluster that has been silent for so long is called unreachable.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    public static void MapNodes(this IEndpointRouteBuilder api)
    {
        api.MapGet("/nodes", List).Asks(Permission.SeePlatform).Produces<NodeListView>().WithSummary("Nodes, and what is free on them").TakesPaging("after");
        api.MapGet("/nodes/{name}", Get).Asks(Permission.SeePlatform).Produces<NodeView>().WithSummary("One node");
        api.MapGet("/clusters", ListClusters).Asks(Permission.SeePlatform).Produces<ClusterListView>().WithSummary("Clusters");
    }

    private static IResult List(HttpContext http, Fleet fleet, Ledger ledger)
    {
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var page = fleet.Nodes.Select(node => (Key: $"{node.Cluster}/{node.Name}", Node: node))
            .OrderBy(node => node.Key, StringComparer.Ordinal)
            .Where(node => paging.From is null || string.CompareOrdinal(node.Key, paging.From) > 0)
            .Take(paging.Limit).ToArray();
        var held = HeldBy(ledger);
        return Results.Ok(new NodeListView([.. page.Select(node => View(node.Node, held, http.Caller()))], page.Length == 0 ? null : paging.Next(page.Length, page[^1].Key)));
    }

    private static IResult Get(string name, HttpContext http, Fleet fleet, Ledger ledger) =>
        fleet.Nodes.FirstOrDefault(node => node.Name == name) is { } found ? Results.Ok(View(found, HeldBy(ledger), http.Caller())) : Problems.NoSuch($"node '{name}'; `convoy node list` shows them");

    private static IResult ListClusters(Fleet fleet, Ledger ledger, TimeProvider time)
    {
        var held = HeldBy(ledger);
        var now = time.GetUtcNow();
        return Results.Ok(new ClusterListView([.. fleet.Clusters.Values.Select(cluster =>
        {
            var nodes = cluster.Nodes;
            var free = nodes.Sum(node => Math.Max(0, node.Devices.Count - held[(cluster.Name, node.Name)].Sum(part => part.Place.Taken.Devices)));
            var state = cluster.LastSeenAt is { } seen && now - seen < Silence ? "Ready" : "Unreachable";
            return new ClusterView(cluster.Name, cluster.Kind, state, nodes.Count, nodes.Sum(node => node.Devices.Count), free, cluster.LastSeenAt);
        })], null));
    }

    private static ILookup<(string Cluster, string Node), (Job Job, HeldPlace Place)> HeldBy(Ledger ledger) => (
        from job in ledger.Unfinished.Values
        let running = RunningJob.Of(job)
        where running is not null
        from place in running.Places
        select (Key: (running.Cluster, place.Node), Part: (job, place))).ToLookup(held => held.Key, held => held.Part);

    private static NodeView View(Node node, ILookup<(string, string), (Job Job, HeldPlace Place)> held, Caller caller)
    {
        var parts = held[(node.Cluster, node.Name)].ToArray();
        var free = parts.Aggregate(node.Capacity, (left, part) => left - part.Place.Taken);
        var jobs = parts.GroupBy(part => part.Job).OrderBy(group => group.Key.SubmitSequence).Select(group =>
        {
            var (job, tasks, gpus) = (group.Key, group.Count(), group.Sum(part => part.Place.Taken.Devices));
            return caller.MaySee(job.Owner) ? new NodeJobView(job.Id.Value, job.Spec.Name, job.Owner, job.Level, tasks, gpus) : new NodeJobView(null, null, null, job.Level, tasks, gpus);
        });
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
            [.. jobs]);
    }
}
