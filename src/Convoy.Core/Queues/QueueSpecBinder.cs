using Convoy.Core.Documents;
using Convoy.Core.Jobs.Reading;
using static Convoy.Core.Jobs.Reading.NodeBinder;

namespace Convoy.Core.Queues;

/// <summary>Which keys a list of queues has, and of what type. What cannot be read gets its default, and a problem.</summary>
/// <remarks>
/// <c>[{name, parent, ordering, weight, members, quota: {A100-80G: {nominal, borrowLimit, lendLimit}}}]</c>; only <c>name</c> is required.
/// </remarks>
internal sealed class QueueSpecBinder(NodeBinder binder)
{
    public IReadOnlyList<QueueSpec> Bind(DocumentNode node, string path) => binder.List(node, path, Queue) ?? [];

    private QueueSpec Queue(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["name", "parent", "ordering", "weight", "members", "quota"], []);
        if (node is MappingNode) binder.Require(members, path, "name", node);
        var usual = new QueueSpec("");
        return new QueueSpec(
            Of(members, path, "name", binder.Text) ?? usual.Name,
            Of(members, path, "parent", binder.Text),
            OfValue(members, path, "ordering", (each, at) => binder.Word<QueueOrdering>(each, at, [])) ?? usual.Ordering,
            OfValue(members, path, "weight", binder.Whole) ?? usual.Weight)
        {
            Members = Of(members, path, "members", People),
            Quotas = Of(members, path, "quota", Quotas) ?? usual.Quotas,
        };
    }

    private IReadOnlyList<string>? People(DocumentNode node, string path) =>
        node is ScalarNode { Kind: ScalarKind.Text, Text: QueueSpec.Everybody } ? [QueueSpec.Everybody] : binder.List(node, path, binder.Text);

    private IReadOnlyDictionary<string, Quota> Quotas(DocumentNode node, string path)
    {
        var quotas = new OrderedDictionary<string, Quota>(StringComparer.Ordinal);
        foreach (var (type, quota) in binder.Members(node, path, null, [])) quotas.Add(type, Quota(quota, Join(path, type)));
        return quotas;
    }

    private Quota Quota(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["nominal", "borrowLimit", "lendLimit"], []);
        return new Quota(
            OfValue(members, path, "nominal", binder.Whole),
            OfValue(members, path, "borrowLimit", binder.Whole),
            OfValue(members, path, "lendLimit", binder.Whole));
    }
}
