using Convoy.Core.Jobs;

namespace Convoy.Core.Queues;

/// <summary>A tree of queues, or everything that is wrong with it.</summary>
public sealed record QueueTreeReading(QueueTree? Tree, IReadOnlyList<SpecProblem> Problems);

/// <summary>
/// Organisation, teams, people. Immutable, and known to be sound: <see cref="Of"/> is the only way to one with queues in it.
/// </summary>
/// <remarks>
/// A queue has a dense id: 0 is the organisation, and parents come before their children, whatever the order in which queues were
/// listed. A name that is in no list is a person's own queue: a leaf below the organisation without settings. It takes no id of its own,
/// because all that it would hold is the organisation's quota and that person's share.
/// </remarks>
public sealed class QueueTree
{
    /// <summary>The organisation: everybody may submit to it, and nobody may be called so.</summary>
    public const string RootName = "default";
    public const int Root = 0;

    private readonly QueueSpec[] queues;
    private readonly int[] parents;
    private readonly QueueOrdering[] orderings;
    private readonly Dictionary<string, int> ids;

    private QueueTree(IReadOnlyList<QueueSpec> listed)
    {
        var byName = listed.ToDictionary(queue => queue.Name, StringComparer.Ordinal);
        byName.TryAdd(RootName, new QueueSpec(RootName));
        queues = [.. byName.Values.OrderBy(Level).ThenBy(queue => queue.Name, StringComparer.Ordinal)];
        ids = queues.Select((queue, id) => (queue.Name, id)).ToDictionary(pair => pair.Name, pair => pair.id, StringComparer.Ordinal);
        parents = [.. queues.Select(queue => queue.Name == RootName ? -1 : ids[queue.Parent ?? RootName])];
        orderings = new QueueOrdering[queues.Length];
        for (var id = 0; id < queues.Length; id++)
        {
            var above = id == Root ? QueueOrdering.Fair : orderings[parents[id]];
            orderings[id] = above == QueueOrdering.Fair ? queues[id].Ordering : above;
        }

        int Level(QueueSpec queue)
        {
            var level = 0;
            for (; queue.Name != RootName; level++) queue = byName[queue.Parent ?? RootName];
            return level;
        }
    }

    /// <summary>What a platform without administrators' wishes has: the organisation, whose nominal is all capacity.</summary>
    public static QueueTree Default { get; } = new([]);

    public int Count => queues.Length;

    public QueueSpec this[int queue] => queues[queue];

    /// <param name="queues">In any order; the organisation may be among them, to be given an ordering or a nominal.</param>
    public static QueueTreeReading Of(IReadOnlyList<QueueSpec> queues)
    {
        var problems = QueueTreeValidator.Problems(queues);
        return problems.Count == 0 ? new QueueTreeReading(new QueueTree(queues), []) : new QueueTreeReading(null, problems);
    }

    /// <summary>The organisation's for a person's own queue, which is any name that is in no list.</summary>
    public int IdOf(string name) => ids.GetValueOrDefault(name, Root);

    /// <summary>-1 for the organisation.</summary>
    public int ParentOf(int queue) => parents[queue];

    /// <summary>
    /// What orders a queue's jobs. Only a fair queue leaves anything to those below it: the others take the jobs of all below by
    /// submission, or by service.
    /// </summary>
    public QueueOrdering OrderingOf(int queue) => orderings[queue];
}
