using System.Collections;

namespace Convoy.Core.Scheduling;

/// <summary>
/// A frozen list in segments. Two that were taken one after the other share those in which nothing changed, so that what differs is
/// found without looking at the rest. An index costs a search among the segments.
/// </summary>
internal sealed class Segments<T> : IReadOnlyList<T>
    where T : class
{
    private readonly T[][] parts;
    private readonly int[] starts;

    /// <param name="parts">None of them empty; they are not changed from here on.</param>
    public Segments(T[][] parts)
    {
        this.parts = parts;
        starts = new int[parts.Length];
        foreach (var (index, part) in parts.Index())
        {
            starts[index] = Count;
            Count += part.Length;
        }
    }

    public static Segments<T> Empty { get; } = new([]);

    public int Count { get; }

    public ReadOnlySpan<T[]> Parts => parts;

    public T this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            var part = Array.BinarySearch(starts, index) is var found && found >= 0 ? found : ~found - 1;
            return parts[part][index - starts[part]];
        }
    }

    /// <summary>What is in one list and not in the other, as objects. Both are in this order, in which no two of a list are equal.</summary>
    public static void Compare(Segments<T> before, Segments<T> after, Comparison<T> order, Action<T> gone, Action<T> come)
    {
        var (old, now) = (new Cursor(before.parts), new Cursor(after.parts));
        while (!old.IsAtEnd || !now.IsAtEnd)
        {
            if (old.IsAtStart && now.IsAtStart && ReferenceEquals(old.Part, now.Part))
            {
                old.Skip();
                now.Skip();
            }
            else if (!old.IsAtEnd && !now.IsAtEnd && ReferenceEquals(old.Current, now.Current))
            {
                old.Step();
                now.Step();
            }
            else if (now.IsAtEnd || (!old.IsAtEnd && order(old.Current, now.Current) <= 0))
            {
                gone(old.Current);
                old.Step();
            }
            else
            {
                come(now.Current);
                now.Step();
            }
        }
    }

    public IEnumerator<T> GetEnumerator()
    {
        foreach (var part in parts)
        {
            foreach (var each in part) yield return each;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private struct Cursor(T[][] parts)
    {
        private int part;
        private int at;

        public readonly bool IsAtEnd => part >= parts.Length;

        public readonly bool IsAtStart => at == 0 && !IsAtEnd;

        public readonly T[] Part => parts[part];

        public readonly T Current => parts[part][at];

        public void Step()
        {
            if (++at == parts[part].Length) Skip();
        }

        public void Skip() => (part, at) = (part + 1, 0);
    }
}
