using Convoy.Core.People;
using Convoy.Core.Queues;

namespace Convoy.Client.Wire;

/// <summary>What administrators said of the organisation last, and all levels: its queues and levels may be given again as they are.</summary>
/// <param name="Revision">0 before anything was said.</param>
public sealed record OrganisationView(long Revision, IReadOnlyList<QueueSpec> Queues, IReadOnlyList<Level> Levels, int SchemaVersion = 1);

/// <summary>What an organisation's file changed, or would change, by name.</summary>
/// <param name="Revision">Of the organisation after it.</param>
/// <param name="Applied">False in a dry run.</param>
public sealed record OrganisationChangeView(long Revision, bool Applied, NameChanges Queues, NameChanges Levels, int SchemaVersion = 1);

public sealed record NameChanges(IReadOnlyList<string> Added, IReadOnlyList<string> Changed, IReadOnlyList<string> Removed);

/// <summary>A queue of the tree, and what runs in it and below it.</summary>
/// <param name="Parent">Null for the organisation.</param>
/// <param name="Depth">0 for the organisation.</param>
/// <param name="MayUse">Whether the viewer may submit to it.</param>
public sealed record QueueView(string Name, string? Parent, int Depth, QueueOrdering Ordering, int Weight, bool MayUse, IReadOnlyList<QueueUseView> Accelerators);

/// <summary>All numbers are devices of one type.</summary>
/// <param name="Nominal">Null where it shares its parent's.</param>
/// <param name="Used">By running jobs of the queue and of all below it.</param>
/// <param name="Borrowed">Used beyond nominal.</param>
public sealed record QueueUseView(string Accelerator, long? Nominal, int? BorrowLimit, int? LendLimit, long Used, long Borrowed);

/// <summary>All queues, each before those below it. People's own are below the organisation without being listed.</summary>
public sealed record QueueTreeView(IReadOnlyList<QueueView> Items, string? Next, int SchemaVersion = 1) : IListView<QueueView>;
