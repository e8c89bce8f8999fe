using Convoy.Core.Documents;
using Convoy.Core.Scheduling;
using static Convoy.Core.Jobs.Reading.NodeBinder;

namespace Convoy.Core.Jobs.Reading;

/// <summary>Reads what was stored of pods of another operator. Nobody types it.</summary>
internal sealed class PodGroupBinder(NodeBinder binder)
{
    public PodGroupSpec Pods(DocumentNode node, string path)
    {
        var members = Required(node, path, ["namespace", "name", "requirements", "uids"], "namespace", "name");
        return new PodGroupSpec(Of(members, path, "namespace", binder.Text) ?? "", Of(members, path, "name", binder.Text) ?? "", Of(members, path, "requirements", Requirements) ?? new Dictionary<string, NodeRequirement>())
        {
            Uids = Of(members, path, "uids", Uids) ?? new Dictionary<string, IReadOnlyList<string>>(),
        };
    }

    private IReadOnlyDictionary<string, IReadOnlyList<string>> Uids(DocumentNode node, string path)
    {
        var uids = new OrderedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (role, list) in binder.Members(node, path, null, [])) uids.Add(role, binder.List(list, Join(path, role), binder.Text) ?? []);
        return uids;
    }

    private IReadOnlyDictionary<string, NodeRequirement> Requirements(DocumentNode node, string path)
    {
        var requirements = new OrderedDictionary<string, NodeRequirement>(StringComparer.Ordinal);
        foreach (var (role, requirement) in binder.Members(node, path, null, [])) requirements.Add(role, Requirement(requirement, Join(path, role)));
        return requirements;
    }

    private NodeRequirement Requirement(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["anyOf", "tolerations"], []);
        return new NodeRequirement(Of(members, path, "anyOf", (n, p) => binder.List(n, p, (term, at) => binder.List(term, at, Expression))) ?? [], Of(members, path, "tolerations", (n, p) => binder.List(n, p, Toleration)));
    }

    private LabelExpression Expression(DocumentNode node, string path)
    {
        var members = Required(node, path, ["key", "operator", "values"], "key", "operator");
        return new LabelExpression(Of(members, path, "key", binder.Text) ?? "", Word<LabelOperator>(members, path), Of(members, path, "values", (n, p) => binder.List(n, p, binder.Text)) ?? []);
    }

    private Toleration Toleration(DocumentNode node, string path)
    {
        var members = Required(node, path, ["key", "value", "operator"], "operator");
        return new Toleration(Of(members, path, "key", binder.Text), Of(members, path, "value", binder.Text), Word<TolerationOperator>(members, path));
    }

    private IReadOnlyDictionary<string, DocumentNode> Required(DocumentNode node, string path, string[] known, params string[] required)
    {
        var members = binder.Members(node, path, known, []);
        foreach (var key in required) binder.Require(members, path, key, node);
        return members;
    }

    private T Word<T>(IReadOnlyDictionary<string, DocumentNode> members, string path)
        where T : struct, Enum => OfValue(members, path, "operator", (n, p) => binder.Parsed<T>(n, p, (text, out value) => Enum.TryParse(text, out value) && Enum.GetName(value) == text, $"one of {string.Join(", ", Enum.GetNames<T>())}")) ?? default;
}
