using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

public sealed class OrderedRecordsProperties
{
    private static readonly Gen<(int Key, bool IsThere)[][]> Histories = Gen.Select(Gen.Int[0, 60], Gen.Bool).Array[0, 20].Array[1, 8];

    [Fact]
    public void A_list_is_what_was_set_last_and_one_that_was_handed_out_stays_as_it_was() => Gen.Select(Histories, Gen.Int[1, 9]).Sample((history, most) =>
    {
        var records = new OrderedRecords<Record>(record => record.Key, most);
        var model = new SortedDictionary<int, Record>();
        var taken = new List<(Segments<Record> List, Record[] Was)>();
        foreach (var changes in history)
        {
            foreach (var change in changes) Set(records, model, change);
            taken.Add((records.Take(), [.. model.Values]));
            foreach (var (list, was) in taken)
            {
                list.ShouldBe(was, ReferenceEqualityComparer.Instance);
                list.Count.ShouldBe(was.Length);
                Enumerable.Range(0, was.Length).ShouldAllBe(index => ReferenceEquals(list[index], was[index]));
            }
        }
    }, iter: 3_000);

    [Fact]
    public void What_differs_between_two_lists_is_told_once_and_nothing_else_is() => Gen.Select(Histories, Gen.Int[1, 9]).Sample((history, most) =>
    {
        var records = new OrderedRecords<Record>(record => record.Key, most);
        var model = new SortedDictionary<int, Record>();
        var before = records.Take();
        foreach (var changes in history)
        {
            foreach (var change in changes) Set(records, model, change);
            var after = records.Take();
            var (gone, come) = (new List<Record>(), new List<Record>());
            Segments<Record>.Compare(before, after, (x, y) => x.Key.CompareTo(y.Key), gone.Add, come.Add);
            gone.ShouldBe(before.Where(record => !after.Any(other => ReferenceEquals(other, record))), ReferenceEqualityComparer.Instance);
            come.ShouldBe(after.Where(record => !before.Any(other => ReferenceEquals(other, record))), ReferenceEqualityComparer.Instance);
            before = after;
        }
    }, iter: 1_000);

    [Fact]
    public void After_many_jobs_have_come_and_gone_the_segments_that_are_left_are_not_many()
    {
        var records = new OrderedRecords<Record>(record => record.Key, 8);
        for (var key = 0; key < 10_000; key++)
        {
            records.Set(key, new Record(key));
            if (key >= 100) records.Set(key - 100, (key - 100) % 100 == 0 ? new Record(key - 100) : null);
            records.Take();
        }

        records.Take().Count.ShouldBe(199);
        records.Take().Parts.Length.ShouldBeLessThan(199 * 2 * 4 / 8);
    }

    private static void Set(OrderedRecords<Record> records, SortedDictionary<int, Record> model, (int Key, bool IsThere) change)
    {
        var record = change.IsThere ? new Record(change.Key) : null;
        records.Set(change.Key, record);
        if (record is null) model.Remove(change.Key);
        else model[change.Key] = record;
    }

    private sealed record Record(int Key);
}
