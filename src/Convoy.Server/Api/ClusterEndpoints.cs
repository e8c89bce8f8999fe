using Convoy.Client.Wire;
using Convoy.Core.People;
using Convoy.Server.Authentication;

namespace Convoy.Server.Api;

public static class ClusterEndpoints
{
    private const string AnyCluster = "any";
    private static readonly string[] Kinds = ["kubernetes"];

    public static void MapClusters(this IEndpointRouteBuilder api)
    {
        api.MapGet("/clusters", List).Asks(Permission.SeePlatform).Produces<ClusterListView>().WithSummary("Clusters").TakesPaging("after");
        api.MapGet("/clusters/{name}", Get).Asks(Permission.SeePlatform).Produces<ClusterView>().WithSummary("One cluster");
        api.MapPut("/clusters/{name}", JoinAsync).Asks(Permission.AdministerClusters).Produces<ClusterTokenView>(201).WithSummary("Join a cluster; its agent's token is shown once");
        api.MapPost("/clusters/{name}/token", RenewTokenAsync).Asks(Permission.AdministerClusters).Produces<ClusterTokenView>().WithSummary("A new token for a cluster's agent; the old one ends");
        api.MapDelete("/clusters/{name}", RemoveAsync).Asks(Permission.AdministerClusters).Produces(204).WithSummary("Remove a cluster on which no job holds machines");
    }

    private static IResult List(HttpContext http, Fleet fleet, JoinedClusters joined, Ledger ledger, Restraints restraints, TimeProvider time)
    {
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var page = fleet.Clusters.Values.Where(cluster => paging.From is null || string.CompareOrdinal(cluster.Name, paging.From) > 0).Take(paging.Limit).ToArray();
        var held = NodeEndpoints.HeldBy(ledger);
        var now = time.GetUtcNow();
        return Results.Ok(new ClusterListView([.. page.Select(cluster => View(cluster, joined, held, now))], page.Length == 0 ? null : paging.Next(page.Length, page[^1].Name)) { Notices = Notices.Of(restraints) });
    }

    private static IResult Get(string name, Fleet fleet, JoinedClusters joined, Ledger ledger, TimeProvider time) =>
        fleet.Clusters.TryGetValue(name, out var found) ? Results.Ok(View(found, joined, NodeEndpoints.HeldBy(ledger), time.GetUtcNow())) : NoSuchCluster(name);

    private static async Task<IResult> JoinAsync(string name, ClusterJoinRequest request, HttpContext http, Fleet fleet, JoinedClusters joined, CancellationToken cancellationToken)
    {
        if (!UserName.IsValid(name)) return Problems.Invalid("BadClusterName", $"'{name}' is no cluster's name: up to 63 of a-z, 0-9 and -, without - at either end");
        if (name == AnyCluster) return Problems.Invalid("BadClusterName", $"'{AnyCluster}' means every cluster in a job file; give it another name");
        if (!Kinds.Contains(request.Kind)) return Problems.Invalid("BadClusterKind", $"there is no kind of cluster '{request.Kind}'; kinds are {string.Join(", ", Kinds)}");
        if (!fleet.Clusters.ContainsKey(name) && await joined.JoinAsync(name, request.Kind, http.Caller().User, cancellationToken) is { } token)
        {
            return Results.Created($"/api/v1/clusters/{name}", new ClusterTokenView(name, request.Kind, token));
        }

        return Problems.Conflict("ClusterExists", $"there is a cluster '{name}' already; for a new token of its agent: `convoy cluster token {name}`");
    }

    private static async Task<IResult> RenewTokenAsync(string name, HttpContext http, Fleet fleet, JoinedClusters joined, CancellationToken cancellationToken) =>
        await joined.RenewTokenAsync(name, http.Caller().User, cancellationToken) is { } token ? Results.Ok(new ClusterTokenView(name, joined.Find(name)?.Kind ?? "", token)) : NotJoined(name, fleet);

    private static async Task<IResult> RemoveAsync(string name, HttpContext http, Fleet fleet, JoinedClusters joined, CancellationToken cancellationToken) => await joined.RemoveAsync(name, http.Caller().User, cancellationToken) switch
    {
        null => NotJoined(name, fleet),
        0 => Results.NoContent(),
        { } holding => Problems.Conflict("ClusterInUse", $"cluster '{name}' is in use: {Sentences.Count(holding, "job")} with machines there; cancel them, or drain its nodes, and remove it then"),
    };

    private static IResult NotJoined(string name, Fleet fleet) => fleet.Clusters.ContainsKey(name)
        ? Problems.Invalid("NotJoined", $"cluster '{name}' is the server's own: it has no agent, and stays")
        : NoSuchCluster(name);

    private static IResult NoSuchCluster(string name) => Problems.NoSuch($"cluster '{name}'; `convoy cluster list` shows them");

    private static ClusterView View(ClusterState cluster, JoinedClusters joined, ILookup<(string Cluster, string Node), (Core.Jobs.Job Job, Core.Scheduling.HeldPlace Place)> held, DateTimeOffset now)
    {
        var nodes = cluster.Nodes;
        var free = nodes.Sum(node => Math.Max(0, node.Devices.Count - held[(cluster.Name, node.Name)].Sum(part => part.Place.Taken.Devices)));
        var state = cluster.LastSeenAt is null ? "NeverSeen" : cluster.IsSilentAt(now) ? "Silent" : "Ready";
        var known = joined.Find(cluster.Name);
        return new ClusterView(cluster.Name, cluster.Kind, state, nodes.Count, nodes.Sum(node => node.Devices.Count), free, cluster.LastSeenAt)
        {
            Version = known is null ? VersionEndpoints.Version : joined.HalfOf(cluster.Name)?.AgentVersion,
            JoinedAt = known?.At,
            JoinedBy = known?.By,
        };
    }
}
