using Convoy.Core.Queues;
using CsCheck;
using static Convoy.Core.Tests.Queues.Trees;

namespace Convoy.Core.Tests.Queues;

public sealed class QueueTreeTests
{
    [Fact]
    public void Without_any_queues_there_is_the_organisation_and_everybodys_queue_is_part_of_it()
    {
        QueueTree.Default.Count.ShouldBe(1);
        QueueTree.Default[QueueTree.Root].Name.ShouldBe("default");
        QueueTree.Default.IdOf("alice").ShouldBe(QueueTree.Root);
        QueueTree.Default.ParentOf(QueueTree.Root).ShouldBe(-1);
    }

    [Fact]
    public void Ids_do_not_depend_on_the_order_of_the_list()
    {
        QueueSpec[] queues = [new("z"), new("a", "m"), new("m"), new("b", "a"), new("default")];
        var tree = Tree(queues);
        Enumerable.Range(0, tree.Count).Select(id => tree[id].Name).ShouldBe(["default", "m", "z", "a", "b"]);
        tree.ParentOf(tree.IdOf("b")).ShouldBe(tree.IdOf("a"));
        Array.Reverse(queues);
        Enumerable.Range(0, tree.Count).Select(id => Tree(queues)[id].Name).ShouldBe(["default", "m", "z", "a", "b"]);
    }

    [Fact]
    public void A_queue_that_is_not_fair_orders_all_below_it()
    {
        var tree = Tree(new QueueSpec("team", null, QueueOrdering.Las), new QueueSpec("alice", "team"), new QueueSpec("bob"), new QueueSpec("carol", null, QueueOrdering.Fifo));
        tree.OrderingOf(tree.IdOf("alice")).ShouldBe(QueueOrdering.Las);
        tree.OrderingOf(tree.IdOf("bob")).ShouldBe(QueueOrdering.Fair);
        tree.OrderingOf(tree.IdOf("carol")).ShouldBe(QueueOrdering.Fifo);
        tree.OrderingOf(QueueTree.Root).ShouldBe(QueueOrdering.Fair);
    }

    [Fact]
    public void Everything_wrong_is_said_at_once()
    {
        Problems(
            new QueueSpec("Bad_Name", null, (QueueOrdering)9, 0),
            new QueueSpec("default", "x") { Quotas = Of("A100", new Quota(8, 1, 1)) },
            new QueueSpec("team", "defalt") { Quotas = Of("A 100", new Quota(-1, -2, -3)) },
            new QueueSpec("team"),
            new QueueSpec("sharing") { Quotas = Of("A100", new Quota(null, 4)) },
            new QueueSpec("a", "b"),
            new QueueSpec("b", "a"),
            new QueueSpec("self", "self"),
            new QueueSpec("greedy") { Quotas = Of("A100", new Quota(9)) })
            .ShouldBe(
                [
                    "queues[0].name", "queues[0].ordering", "queues[0].weight",
                    "queues[1].quota.A100.borrowLimit", "queues[1].quota.A100.lendLimit", "queues[1].parent",
                    "queues[2].quota.A 100", "queues[2].quota.A 100.nominal", "queues[2].quota.A 100.borrowLimit", "queues[2].quota.A 100.lendLimit", "queues[2].parent",
                    "queues[3].name", "queues[4].quota.A100.borrowLimit", "queues[5].parent", "queues[7].parent", "queues[1].quota.A100.nominal",
                ],
                ignoreOrder: true);
    }

    [Fact]
    public void A_message_says_what_is_wrong_and_what_to_do()
    {
        Message(new QueueSpec("team", "visoin"), new QueueSpec("vision")).ShouldBe("there is no queue 'visoin'; did you mean 'vision'?");
        Message(new QueueSpec("a", "c"), new QueueSpec("b", "a"), new QueueSpec("c", "b"), new QueueSpec("d", "c")).ShouldBe("goes in a circle: a → c → b → a");
        Message(
            new QueueSpec("team") { Quotas = Of("A100", new Quota(8)) },
            new QueueSpec("shared", "team"),
            new QueueSpec("x", "shared") { Quotas = Of("A100", new Quota(5)) },
            new QueueSpec("y", "team") { Quotas = Of("A100", new Quota(4)) }).ShouldBe("is 8, and the queues below 'team' have 9 together; raise it or lower theirs");
    }

    [Theory]
    [InlineData(15, true)]
    [InlineData(16, false)]
    [InlineData(40, false)]
    public void A_tree_has_at_most_sixteen_levels(int belowRoot, bool holds)
    {
        var chain = Enumerable.Range(0, belowRoot).Select(i => new QueueSpec($"q{i}", i == 0 ? null : $"q{i - 1}")).ToArray();
        string.Join(' ', Problems(chain)).ShouldBe(holds ? "" : "queues[15].parent");
    }

    [Fact]
    public void Promises_to_children_are_summed_without_overflow() =>
        Problems(
            new QueueSpec("team") { Quotas = Of("A100", new Quota(int.MaxValue)) },
            new QueueSpec("x", "team") { Quotas = Of("A100", new Quota(int.MaxValue)) },
            new QueueSpec("y", "team") { Quotas = Of("A100", new Quota(int.MaxValue)) }).ShouldBe(["queues[0].quota.A100.nominal"]);

    private static readonly Gen<QueueSpec> Queues = Gen.Select(
        Gen.OneOf("default", "a", "b", "c", "d", "e", "f", "Z"),
        Gen.OneOf<string?>(null, "default", "a", "b", "c", "d", "e", "nobody"),
        Gen.Int[-1, 3],
        Gen.Dictionary(Gen.OneOf("A100", "V100", ""), Gen.Select(Limit, Limit, Limit, (nominal, borrow, lend) => new Quota(nominal, borrow, lend)))[0, 2],
        (name, parent, weight, quotas) => new QueueSpec(name, parent, (QueueOrdering)Math.Max(0, weight), weight) { Quotas = quotas });

    private static Gen<int?> Limit => Gen.OneOf<int?>(null, null, 0, 1, 5, 9, -1);

    /// <summary>The other road to a verdict: sets of names, grown from the organisation down.</summary>
    [Fact]
    public void Any_list_makes_a_sound_tree_or_has_problems() => Queues.Array[0, 6].Sample(
        queues =>
        {
            var reading = QueueTree.Of(queues);
            (reading.Tree is null).ShouldBe(reading.Problems.Count > 0);
            reading.Problems.Select(problem => (problem.Path, problem.Message)).ShouldBeUnique();
            (reading.Tree is not null).ShouldBe(IsSound(queues));
            if (reading.Tree is not { } tree) return;
            for (var id = 1; id < tree.Count; id++)
            {
                tree.ParentOf(id).ShouldBeInRange(0, id - 1);
                tree.IdOf(tree[id].Name).ShouldBe(id);
                tree[tree.ParentOf(id)].Name.ShouldBe(tree[id].Parent ?? "default");
            }
        },
        iter: 20_000);

    private static bool IsSound(QueueSpec[] queues)
    {
        if (queues.Select(queue => queue.Name).Distinct().Count() != queues.Length) return false;
        if (queues.Any(queue => queue.Name == "Z" || queue.Weight < 1 || !Enum.IsDefined(queue.Ordering) || (queue.Name == "default" && queue.Parent is not null))) return false;
        if (queues.Any(queue => queue.Quotas.Any(quota => quota.Key.Length == 0 || quota.Value.Nominal < 0 || quota.Value.BorrowLimit < 0 || quota.Value.LendLimit < 0))) return false;
        if (queues.Any(queue => queue.Quotas.Values.Any(quota => (quota.BorrowLimit ?? quota.LendLimit) is not null && (quota.Nominal is null || queue.Name == "default")))) return false;
        var reached = new Dictionary<string, QueueSpec[]> { ["default"] = [] };
        for (var round = 0; round < queues.Length; round++)
        {
            foreach (var queue in queues)
            {
                if (queue.Name != "default" && reached.TryGetValue(queue.Parent ?? "default", out var path)) reached[queue.Name] = [.. path, queue];
            }
        }

        if (queues.Any(queue => !reached.ContainsKey(queue.Name))) return false;
        var paths = reached.Values.Select(path => queues.Where(queue => queue.Name == "default").Concat(path).ToArray()).Where(path => path.Length > 0).ToArray();
        return new[] { "A100", "V100" }.All(type => queues.Where(owner => Own(owner, type) is not null).All(owner =>
            paths.Where(path => Own(path[^1], type) is not null && path.SkipLast(1).LastOrDefault(above => Own(above, type) is not null) == owner)
                .Sum(path => (long)Own(path[^1], type)!.Value) <= Own(owner, type)!.Value));

        static int? Own(QueueSpec queue, string type) => queue.Quotas.TryGetValue(type, out var quota) ? quota.Nominal : null;
    }
}
