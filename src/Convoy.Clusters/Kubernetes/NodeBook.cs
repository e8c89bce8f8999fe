using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Clusters.Kubernetes;

/// <summary>
/// The nodes and what is on each, as fresh as the watches tell: fresher than the server's picture, on which decisions were made. Tasks that
/// are on their way to a node count as being there.
/// </summary>
internal sealed class NodeBook(NodePicture picture)
{
    private static readonly NodeUse Unused = new();

    /// <summary>The innermost: nothing of others' is called while it is held.</summary>
    private readonly Lock gate = new();
    private readonly Dictionary<string, NodeObject> nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (NodeUse All, NodeUse Foreign)> use = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Node, PodRequest Request)> pods = new(StringComparer.Ordinal);
    private readonly Dictionary<(JobId Job, int Attempt, int Rank), (string Node, PodRequest Request)> tasks = [];
    private readonly SortedDictionary<string, NodeObservation> seen = new(StringComparer.Ordinal);
    private Dictionary<string, IReadOnlyList<string>>? types;
    private readonly HashSet<string> changed = new(StringComparer.Ordinal);

    public bool Has(string node)
    {
        lock (gate) return nodes.ContainsKey(node);
    }

    public NodeResources ResourcesOf(string node)
    {
        lock (gate) return nodes.TryGetValue(node, out var known) ? new NodeResources(NodePicture.KindOf(known), picture.RdmaOf(known)) : new NodeResources(null, null);
    }

    /// <summary>The types of device of which the nodes with that resource have some; none where all nodes with devices have it, so that any will do.</summary>
    public IReadOnlyList<string> TypesOf(string resource)
    {
        lock (gate)
        {
            types ??= nodes.Values.Select(node => (Kind: NodePicture.KindOf(node), node.Metadata.Labels)).Where(each => each.Kind is not null)
                .GroupBy(each => each.Kind!.Resource).ToDictionary(each => each.Key, each => (IReadOnlyList<string>)[.. each.Select(node => AcceleratorCatalogue.TypeOf(node.Kind!, node.Labels)).Distinct().Order(StringComparer.Ordinal)]);
            return types.TryGetValue(resource, out var found) ? types.Count == 1 ? [] : found : [resource];
        }
    }

    public void Set(NodeObject? before, NodeObject? after)
    {
        lock (gate)
        {
            if (after is null) nodes.Remove(before!.Metadata.Name);
            else nodes[after.Metadata.Name] = after;
            changed.Add((after ?? before)!.Metadata.Name);
            types = null;
        }
    }

    /// <summary>A pod of somebody else's; null takes it away.</summary>
    public void SetForeign(string uid, string? node, PodRequest? request)
    {
        lock (gate)
        {
            if (pods.TryGetValue(uid, out var had) && had.Node == node) return;
            if (pods.Remove(uid, out had))
            {
                var (all, foreign) = use[had.Node];
                all.Add(had.Request, -1);
                foreign.Add(had.Request, -1);
                changed.Add(had.Node);
            }

            if (node is null || request is null) return;
            pods[uid] = (node, request);
            var now = UseOf(node);
            now.All.Add(request, 1);
            now.Foreign.Add(request, 1);
            changed.Add(node);
        }
    }

    /// <summary>A task that is on its node or is to go there.</summary>
    public void Hold((JobId Job, int Attempt, int Rank) task, string node, PodRequest request)
    {
        lock (gate)
        {
            if (tasks.TryAdd(task, (node, request))) UseOf(node).All.Add(request, 1);
        }
    }

    public void Release((JobId Job, int Attempt, int Rank) task)
    {
        lock (gate)
        {
            if (tasks.Remove(task, out var had)) use[had.Node].All.Add(had.Request, -1);
        }
    }

    /// <summary>Why these cannot go to their nodes beside all that is there; null where they can. Those that are held already are not counted twice.</summary>
    public string? Lacks(JobId job, int attempt, IReadOnlyList<(int Rank, string Node, PodRequest Request)> wanted)
    {
        lock (gate)
        {
            var added = new Dictionary<string, NodeUse>(StringComparer.Ordinal);
            foreach (var (rank, node, request) in wanted)
            {
                if (!nodes.TryGetValue(node, out var known)) return $"there is no node {node}";
                if (picture.HealthOf(known) is not NodeHealth.Ready and var health) return $"{node} takes nothing new: it is {health}";
                if (!added.TryGetValue(node, out var more)) added[node] = more = new NodeUse();
                more.Add(request, 1);
                if (tasks.ContainsKey((job, attempt, rank))) more.Add(request, -1);
                if (UseOf(node).All.Lacks(known.Status.Allocatable, more, request) is { } lacking) return $"{node} has no {lacking} left";
            }

            return null;
        }
    }

    /// <summary>All nodes, where any has changed since it was last asked; else null.</summary>
    public IReadOnlyList<NodeObservation>? TakeChanges()
    {
        lock (gate)
        {
            if (changed.Count == 0) return null;
            foreach (var name in changed)
            {
                if (nodes.TryGetValue(name, out var node)) seen[name] = picture.Of(node, use.TryGetValue(name, out var used) ? used.Foreign : Unused);
                else seen.Remove(name);
            }

            changed.Clear();
            return [.. seen.Values];
        }
    }

    private (NodeUse All, NodeUse Foreign) UseOf(string node)
    {
        if (!use.TryGetValue(node, out var known)) use[node] = known = (new NodeUse(), new NodeUse());
        return known;
    }
}
