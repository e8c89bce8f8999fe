using System.Runtime.InteropServices;

namespace Convoy.Core.Scheduling;

/// <summary>Records in the order of their keys. A list that was handed out is never changed; taking the next copies only the segments that did.</summary>
/// <param name="most">Records of one segment: that many are copied for one change, and that many fewer segments are listed.</param>
internal sealed class OrderedRecords<T>(Func<T, long> keyOf, int most = 256)
    where T : class
{
    private readonly SortedDictionary<long, T?> changes = [];
    private Segments<T> list = Segments<T>.Empty;

    /// <param name="record">Null where there is none any more.</param>
    public void Set(long key, T? record) => changes[key] = record;

    public Segments<T> Take()
    {
        if (changes.Count == 0) return list;
        var parts = new List<T[]>(list.Parts.Length + (changes.Count / most) + 1);
        var changing = changes.GetEnumerator();
        var isLeft = changing.MoveNext();
        for (var index = 0; index < list.Parts.Length || isLeft; index++)
        {
            var part = index < list.Parts.Length ? list.Parts[index] : [];
            var isLast = index >= list.Parts.Length - 1;
            if (!isLeft || !(isLast || changing.Current.Key < keyOf(list.Parts[index + 1][0])))
            {
                parts.Add(part);
                continue;
            }

            var changed = new List<T>(part.Length + 1);
            foreach (var record in part)
            {
                for (; isLeft && changing.Current.Key < keyOf(record); isLeft = changing.MoveNext()) Add(changed, changing.Current.Value);
                if (!isLeft || changing.Current.Key != keyOf(record))
                {
                    changed.Add(record);
                    continue;
                }

                Add(changed, changing.Current.Value);
                isLeft = changing.MoveNext();
            }

            for (; isLeft && (isLast || changing.Current.Key < keyOf(list.Parts[index + 1][0])); isLeft = changing.MoveNext()) Add(changed, changing.Current.Value);
            if (changed.Count == 0) continue;
            if (changed.Count == part.Length && part.AsSpan().SequenceEqual(CollectionsMarshal.AsSpan(changed), ReferenceEqualityComparer.Instance)) parts.Add(part);
            else if (changed.Count < most / 4 && parts.Count > 0 && parts[^1].Length + changed.Count <= most) parts[^1] = [.. parts[^1], .. changed];
            else parts.AddRange(changed.Chunk(isLast ? most : Even(changed.Count)));
        }

        changes.Clear();
        return list = new Segments<T>([.. parts]);
    }

    /// <summary>So that none is left with a few: whoever comes next in the middle finds room.</summary>
    private int Even(int count)
    {
        var parts = (count + most - 1) / most;
        return (count + parts - 1) / parts;
    }

    private static void Add(List<T> to, T? record)
    {
        if (record is not null) to.Add(record);
    }
}
