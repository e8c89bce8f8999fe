using Convoy.Core.Documents;
using Convoy.Core.Jobs.Reading;
using Convoy.Core.People;
using Convoy.Core.Resources;
using static Convoy.Core.Jobs.Reading.NodeBinder;

namespace Convoy.Core.Queues;

/// <summary>Which keys an organisation's file has, and of what type. What cannot be read gets its default, and a problem.</summary>
/// <remarks>
/// <c>queues: [{name, parent, ordering, weight, members, quota: {A100-80G: {nominal, borrowLimit, lendLimit}}}]</c>, of which only
/// <c>name</c> is required, and <c>levels: [{name, rank, …}]</c>, of which both are.
/// </remarks>
internal sealed class OrganisationBinder(NodeBinder binder)
{
    public Organisation Bind(DocumentNode document)
    {
        var members = binder.Members(document, "", ["queues", "levels"], []);
        if (document is MappingNode) binder.Require(members, "", "queues", document);
        return new Organisation(
            Of(members, "", "queues", (node, path) => binder.List(node, path, Queue)) ?? [],
            Of(members, "", "levels", (node, path) => binder.List(node, path, Level)) ?? []);
    }

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

    private Level Level(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["name", "rank", "maxGpus", "maxGpusPerJob", "maxRunning", "maxSubmitted", "maxDuration", "mayPreempt", "preemptible", "minRunTime"], []);
        if (node is MappingNode)
        {
            binder.Require(members, path, "name", node);
            binder.Require(members, path, "rank", node);
        }

        var usual = new Level("", 0);
        return new Level(
            Of(members, path, "name", binder.Text) ?? usual.Name,
            OfValue(members, path, "rank", binder.Whole) ?? usual.Rank,
            OfValue(members, path, "maxGpus", binder.Whole),
            OfValue(members, path, "maxGpusPerJob", binder.Whole),
            OfValue(members, path, "maxRunning", binder.Whole),
            OfValue(members, path, "maxSubmitted", binder.Whole),
            OfValue(members, path, "maxDuration", Duration))
        {
            MayPreempt = OfValue(members, path, "mayPreempt", binder.Truth) ?? usual.MayPreempt,
            Preemptible = OfValue(members, path, "preemptible", binder.Truth) ?? usual.Preemptible,
            MinRunTime = OfValue(members, path, "minRunTime", Duration) ?? usual.MinRunTime,
        };
    }

    private TimeSpan? Duration(DocumentNode node, string path) => binder.Parsed<TimeSpan>(node, path, DurationText.TryParse, "a duration such as 10m or 48h");
}
