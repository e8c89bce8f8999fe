using System.Text.Json.Serialization;

namespace Convoy.Core.Queues;

/// <summary>What administrators say of one queue.</summary>
/// <param name="Name">A DNS label. A person's name gives that person's own queue settings and a place in the tree.</param>
/// <param name="Parent">Null for a child of the organisation, and for the organisation (<see cref="QueueTree.RootName"/>) itself.</param>
/// <param name="Weight">1 to <see cref="QueueTreeValidator.MaxWeight"/>: with twice the weight, a queue goes first until it has used twice as much.</param>
public sealed record QueueSpec(string Name, string? Parent = null, QueueOrdering Ordering = QueueOrdering.Fair, int Weight = 1)
{
    /// <summary>Among members: whoever there is.</summary>
    public const string Everybody = "*";

    /// <summary>Who may submit to it, by name. Null: everybody, and to a person's own queue that person alone.</summary>
    public IReadOnlyList<string>? Members { get; init; }

    /// <summary>By canonical accelerator type. A type that is not here is shared with the parent.</summary>
    [JsonPropertyName("quota")]
    public IReadOnlyDictionary<string, Quota> Quotas { get; init; } = new Dictionary<string, Quota>();
}

/// <summary>How many accelerators of one type a queue has, in devices.</summary>
/// <param name="Nominal">
/// What the queue and all below it have a right to. It is part of the parent's, and what a parent's children have together is at most the
/// parent's; the rest is for jobs of queues that have none of their own. Null shares the parent's, and is all capacity for the organisation.
/// It may be more than there is: capacity is checked where machines are.
/// </param>
/// <param name="BorrowLimit">How much more than nominal the queue and all below it may use while others leave theirs idle. Null: no limit.</param>
/// <param name="LendLimit">How much of nominal others may use while it is idle. Null: all of it.</param>
public sealed record Quota(int? Nominal = null, int? BorrowLimit = null, int? LendLimit = null);

/// <summary>Who of equal level and priority goes first.</summary>
public enum QueueOrdering
{
    /// <summary>Whose queue, and then who, used least of late.</summary>
    Fair,

    /// <summary>Who came first.</summary>
    Fifo,

    /// <summary>Whose job has had least service so far.</summary>
    Las,
}
