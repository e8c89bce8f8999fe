using System.Numerics;

namespace Convoy.Core.Scheduling.Placement;

/// <summary>The scores of all nodes for one shape, the smallest on top: a change costs O(log nodes), the best node as much.</summary>
internal sealed class ScoreTree
{
    /// <summary>The score of a node that the shape does not fit.</summary>
    public const long Never = long.MaxValue;

    private readonly int leaves;

    /// <summary>A heap's layout: the root is 1, the children of i are 2i and 2i + 1; each holds the least of its children.</summary>
    private readonly long[] least;

    public ScoreTree(int nodes, Func<int, long> score)
    {
        leaves = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, nodes));
        least = new long[2 * leaves];
        for (var i = 0; i < leaves; i++) least[leaves + i] = i < nodes ? score(i) : Never;
        for (var i = leaves - 1; i > 0; i--) least[i] = Math.Min(least[2 * i], least[(2 * i) + 1]);
    }

    /// <summary>How many changes of the pool it has followed.</summary>
    public int Seen { get; set; }

    public void Set(int node, long score)
    {
        var at = leaves + node;
        least[at] = score;
        for (at /= 2; at > 0; at /= 2)
        {
            var smaller = Math.Min(least[2 * at], least[(2 * at) + 1]);
            if (least[at] == smaller) return;
            least[at] = smaller;
        }
    }

    /// <summary>The node of the smallest score in a range, among equals the first, that may be taken; null where none may.</summary>
    public int? Best(int from, int end, Func<int, bool> mayTake)
    {
        var (score, node) = (Never, -1);
        Visit(1, 0, leaves);
        return node < 0 ? null : node;

        void Visit(int at, int first, int width)
        {
            if (least[at] > score || (least[at] == score && (node < 0 || first > node)) || first >= end || first + width <= from) return;
            if (width == 1)
            {
                if (mayTake(first)) (score, node) = (least[at], first);
                return;
            }

            var half = width / 2;
            if (least[2 * at] <= least[(2 * at) + 1])
            {
                Visit(2 * at, first, half);
                Visit((2 * at) + 1, first + half, half);
            }
            else
            {
                Visit((2 * at) + 1, first + half, half);
                Visit(2 * at, first, half);
            }
        }
    }
}
