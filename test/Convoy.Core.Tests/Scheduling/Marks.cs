using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>Labels and taints of nodes, and what tasks ask of them. Most worlds have none.</summary>
internal sealed record Marks((IReadOnlyDictionary<string, string> Labels, Taint[] Taints)[] OfNodes, NodeRequirement[] OfRoles, bool AreLate)
{
    private static readonly Gen<(IReadOnlyDictionary<string, string>, Taint[])> OfNode =
        from zone in Gen.OneOf<string?>(null, "a", "b")
        from generation in Gen.OneOf<string?>(null, "-1", "3", "3x")
        from taints in Gen.OneOf(
            Gen.Const<Taint[]>([]),
            Gen.OneOf(new Taint("team", "red"), new Taint("team", "blue"), new Taint(NodeRequirement.Dedicated, "yes"), new Taint("nvidia.com/gpu", "present"), new Taint("busy", "", IsPreference: true)).Array[1, 2])
        select (Labels(("zone", zone), ("generation", generation)), taints);

    private static readonly Gen<LabelExpression> Expression = Gen.OneOf(
        Gen.Select(Gen.OneOf("zone", "generation", LabelExpression.NodeName), Gen.OneOf(LabelOperator.In, LabelOperator.NotIn), Gen.OneOf("a", "b", "3", "n0", "n1", "n2").Array[0, 3]).Select((key, @operator, values) => new LabelExpression(key, @operator, values)),
        Gen.Select(Gen.OneOf("zone", "generation", LabelExpression.NodeName), Gen.OneOf(LabelOperator.Exists, LabelOperator.DoesNotExist)).Select((key, @operator) => new LabelExpression(key, @operator, [])),
        Gen.Select(Gen.OneOf("zone", "generation"), Gen.OneOf(LabelOperator.Gt, LabelOperator.Lt), Gen.OneOf<string[]>(["2"], ["-5"], ["x"], [], ["1", "9"])).Select((key, @operator, values) => new LabelExpression(key, @operator, values)));

    private static readonly Gen<Toleration> Toleration =
        from key in Gen.OneOf<string?>(null, "team", "team", "nvidia.com/gpu", NodeRequirement.Dedicated)
        from value in Gen.OneOf<string?>(null, "red", "blue")
        from @operator in Gen.Enum<TolerationOperator>()
        select new Toleration(key, value, @operator);

    public static Gen<NodeRequirement> Requirement { get; } = Gen.Frequency(
        (2, Gen.Const(NodeRequirement.None)),
        (3, Gen.Select(Expression.Array[0, 2].Array[0, 2], Gen.OneOf(Gen.Const((Toleration[]?)null), Toleration.Array[0, 2].Select(tolerations => (Toleration[]?)tolerations))).Select((anyOf, tolerations) => new NodeRequirement(anyOf, tolerations))));

    /// <summary>Enough for the largest world.</summary>
    private static readonly Gen<Marks> Some = Gen.Select(OfNode.Array[10], Requirement.Array[16], Gen.Bool).Select((nodes, roles, areLate) => new Marks(nodes, roles, areLate));

    public static Gen<Marks?> Any { get; } = Gen.Frequency((3, Gen.Const((Marks?)null)), (2, Some.Select(marks => (Marks?)marks)));

    /// <summary>Nodes as they are before anything runs.</summary>
    public static Node[] Early(Marks? marks, Node[] nodes) => marks is { AreLate: false } ? marks.On(nodes) : nodes;

    /// <summary>A world that runs already: what is on a node stays, whatever marks it gets.</summary>
    public static ClusterSnapshot Late(Marks? marks, ClusterSnapshot snapshot) => marks is { AreLate: true } ? snapshot with { Nodes = marks.On([.. snapshot.Nodes]) } : snapshot;

    public static PendingJob[] On(Marks? marks, PendingJob[] jobs) => marks is null ? jobs
        : [.. jobs.Select((job, i) => job with { Roles = [.. job.Roles.Select((role, at) => role with { Requirement = marks.OfRoles[(i + (at * 7)) % marks.OfRoles.Length] })] })];

    public Node[] On(Node[] nodes) => [.. nodes.Select((node, i) => node with { Labels = OfNodes[i % OfNodes.Length].Labels, Taints = OfNodes[i % OfNodes.Length].Taints })];

    private static IReadOnlyDictionary<string, string> Labels(params (string Key, string? Value)[] labels) => labels.Where(label => label.Value is not null).ToDictionary(label => label.Key, label => label.Value!);
}
