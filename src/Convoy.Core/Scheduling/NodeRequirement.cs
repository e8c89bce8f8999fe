namespace Convoy.Core.Scheduling;

/// <summary>What a task asks of its node's labels, and which taints it bears. Equal where the same is asked in the same order.</summary>
/// <param name="AnyOf">Terms of which one must hold, each with all of its expressions; none means any node. As in Kubernetes a term of no expressions holds nowhere.</param>
/// <param name="Tolerations">Null means those of Convoy's own tasks: nodes kept for Convoy, and for tasks with devices those that are kept for who uses such.</param>
public sealed record NodeRequirement(IReadOnlyList<IReadOnlyList<LabelExpression>> AnyOf, IReadOnlyList<Toleration>? Tolerations)
{
    /// <summary>The taint of a node that is for Convoy's tasks alone.</summary>
    public const string Dedicated = "convoy.dev/dedicated";

    /// <summary>Resources by which Kubernetes clusters taint their nodes with devices, so that who needs none stays away.</summary>
    private static readonly string[] DeviceTaints = ["nvidia.com/gpu", "amd.com/gpu", "huawei.com/Ascend910", "huawei.com/Ascend310P", "habana.ai/gaudi", "google.com/tpu", "aws.amazon.com/neuron", "gpu.intel.com/xe"];

    /// <summary>Nothing in particular.</summary>
    public static NodeRequirement None { get; } = new([], null);

    public bool IsNone => ReferenceEquals(this, None) || (AnyOf.Count == 0 && Tolerations is null);

    /// <summary>Whether anybody at all is kept away from the node.</summary>
    public static bool IsTainted(Node node)
    {
        for (var i = 0; i < node.Taints.Count; i++)
        {
            if (!node.Taints[i].IsPreference) return true;
        }

        return false;
    }

    /// <param name="usesDevices">Whether the task takes devices, or a share of one.</param>
    public bool Allows(Node node, bool usesDevices) =>
        node.Taints.All(taint => taint.IsPreference || Tolerates(taint, usesDevices)) && (AnyOf.Count == 0 || AnyOf.Any(term => term.Count > 0 && term.All(each => each.Holds(node))));

    public bool Equals(NodeRequirement? other) => ReferenceEquals(this, other) || (other is not null
        && AnyOf.Count == other.AnyOf.Count && AnyOf.Zip(other.AnyOf).All(pair => pair.First.SequenceEqual(pair.Second))
        && (Tolerations is null ? other.Tolerations is null : other.Tolerations is not null && Tolerations.SequenceEqual(other.Tolerations)));

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var expression in AnyOf.SelectMany(term => term)) hash.Add(expression);
        foreach (var toleration in Tolerations ?? []) hash.Add(toleration);
        return hash.ToHashCode();
    }

    public override string ToString() =>
        $"{string.Join(" or ", AnyOf.Select(term => $"({string.Join(" and ", term)})"))}; tolerates {(Tolerations is null ? "as Convoy does" : string.Join(", ", Tolerations))}";

    private bool Tolerates(Taint taint, bool usesDevices) => Tolerations is null
        ? taint.Key == Dedicated || (usesDevices && DeviceTaints.Contains(taint.Key))
        : Tolerations.Any(toleration => toleration.Bears(taint));
}

public enum LabelOperator
{
    In,

    /// <summary>Holds where there is no such label, too.</summary>
    NotIn,
    Exists,
    DoesNotExist,

    /// <summary>The label and the one value are whole numbers, and the label's is the larger.</summary>
    Gt,
    Lt,
}

/// <summary>One thing asked of a node's labels, as Kubernetes means it.</summary>
/// <param name="Key">Of a label, or <see cref="NodeName"/>.</param>
public sealed record LabelExpression(string Key, LabelOperator Operator, IReadOnlyList<string> Values)
{
    /// <summary>Stands for the node's name, as if that were a label.</summary>
    public const string NodeName = "metadata.name";

    public bool Holds(Node node)
    {
        var value = Key == NodeName ? node.Name : node.Labels.GetValueOrDefault(Key);
        return Operator switch
        {
            LabelOperator.In => value is not null && Values.Contains(value),
            LabelOperator.NotIn => value is null || !Values.Contains(value),
            LabelOperator.Exists => value is not null,
            LabelOperator.DoesNotExist => value is null,
            LabelOperator.Gt => Compared(value) > 0,
            LabelOperator.Lt => Compared(value) < 0,
            _ => false,
        };
    }

    public bool Equals(LabelExpression? other) => other is not null && Key == other.Key && Operator == other.Operator && Values.SequenceEqual(other.Values);

    public override int GetHashCode() => HashCode.Combine(Key, Operator, Values.Count, Values.Count > 0 ? Values[0] : "");

    public override string ToString() => $"{Key} {Operator} [{string.Join(", ", Values)}]";

    /// <summary>Null where the two are not numbers.</summary>
    private int? Compared(string? value) => Number(value) is { } own && Values is [var only] && Number(only) is { } other ? own.CompareTo(other) : null;

    private static long? Number(string? text) =>
        long.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null;
}

public enum TolerationOperator
{
    /// <summary>The taint has this value.</summary>
    Equal,

    /// <summary>Whatever its value.</summary>
    Exists,
}

/// <summary>Taints that a task bears.</summary>
/// <param name="Key">Null bears every taint, where <paramref name="Operator"/> asks for no value.</param>
public sealed record Toleration(string? Key, string? Value, TolerationOperator Operator)
{
    public bool Bears(Taint taint) => Operator == TolerationOperator.Exists ? Key is null || Key == taint.Key : Key == taint.Key && (Value ?? "") == taint.Value;

    public override string ToString() => $"{Key ?? "everything"}{(Operator == TolerationOperator.Equal ? $"={Value}" : "")}";
}
