using Convoy.Core.Queues;
using CsCheck;
using static Convoy.Core.Tests.Queues.Trees;

namespace Convoy.Core.Tests.Queues;

public sealed class QuotaUsageTests
{
    [Fact]
    public void Without_quotas_everybody_is_inside_and_only_devices_are_missing()
    {
        var usage = Usage(16);
        Charge(usage, QueueTree.Default, "alice", 12);
        Ask(usage, QueueTree.Default, "bob", 4).ShouldBe(new QuotaAnswer(QuotaVerdict.Inside, 0, 4, 4));
        Ask(usage, QueueTree.Default, "bob", 5).ShouldBe(new QuotaAnswer(QuotaVerdict.WaitingForDevices, 0, 5, 4));
        usage.Ask(0, 0, 17, mayBorrow: false).Verdict.ShouldBe(QuotaVerdict.WaitingForDevices);
    }

    [Fact]
    public void A_team_borrows_what_is_idle_and_gets_its_own_back()
    {
        var tree = Tree(Team("vision", new Quota(8)), Team("speech", new Quota(8)));
        var usage = Usage(16, tree);
        Charge(usage, tree, "vision", 8);
        Ask(usage, tree, "vision", 4).Verdict.ShouldBe(QuotaVerdict.Borrowing);
        Charge(usage, tree, "vision", 4);
        usage.BorrowedBy(tree.IdOf("vision"), 0).ShouldBe(4);
        Ask(usage, tree, "speech", 8).ShouldBe(new QuotaAnswer(QuotaVerdict.Lent, 0, 8, 4));
        usage.Refund(tree.IdOf("vision"), 0, 4);
        Ask(usage, tree, "speech", 8).ShouldBe(new QuotaAnswer(QuotaVerdict.Inside, tree.IdOf("speech"), 8, 8));
    }

    [Fact]
    public void A_borrow_limit_is_named_with_its_numbers()
    {
        var tree = Tree(Team("vision", new Quota(8, 2)), Team("speech", new Quota(8)));
        var usage = Usage(16, tree);
        var vision = tree.IdOf("vision");
        Charge(usage, tree, "vision", 7);
        Ask(usage, tree, "vision", 4).ShouldBe(new QuotaAnswer(QuotaVerdict.WaitingForQuota, vision, 4, 3));
        Ask(usage, tree, "vision", 11).ShouldBe(new QuotaAnswer(QuotaVerdict.ExceedsQueueQuota, vision, 11, 10));
    }

    [Fact]
    public void The_queue_that_decides_is_named_for_every_type()
    {
        var tree = Tree(Team("vision", new Quota(8)));
        new QuotaUsage(tree, ["V100", "A100"], [4, 16]).Ask(tree.IdOf("vision"), 1, 8, mayBorrow: true).ShouldBe(new QuotaAnswer(QuotaVerdict.Inside, tree.IdOf("vision"), 8, 16));
    }

    [Fact]
    public void What_a_team_does_not_lend_stays_idle_for_it()
    {
        var tree = Tree(Team("vision", new Quota(8)), Team("speech", new Quota(8, null, 3)));
        var usage = Usage(16, tree);
        Charge(usage, tree, "vision", 8);
        Ask(usage, tree, "vision", 3).Verdict.ShouldBe(QuotaVerdict.Borrowing);
        Ask(usage, tree, "vision", 4).ShouldBe(new QuotaAnswer(QuotaVerdict.WaitingForQuota, QueueTree.Root, 4, 3));
    }

    [Fact]
    public void A_job_that_may_not_be_preempted_never_borrows()
    {
        var tree = Tree(Team("vision", new Quota(8)));
        var usage = Usage(16, tree);
        var vision = tree.IdOf("vision");
        Charge(usage, tree, "vision", 6);
        usage.Ask(vision, 0, 4, mayBorrow: false).ShouldBe(new QuotaAnswer(QuotaVerdict.WaitingForQuota, vision, 4, 2));
        usage.Ask(vision, 0, 9, mayBorrow: false).ShouldBe(new QuotaAnswer(QuotaVerdict.ExceedsQueueQuota, vision, 9, 8));
    }

    [Fact]
    public void Whoever_is_first_in_order_is_inside_though_others_fill_the_nominal()
    {
        var tree = Tree(Team("vision", new Quota(8, 0)));
        var usage = Usage(16, tree);
        Charge(usage, tree, "vision", 8);
        usage.Ask(tree.IdOf("vision"), 0, 4, mayBorrow: true, before: 4).ShouldBe(new QuotaAnswer(QuotaVerdict.Lent, tree.IdOf("vision"), 4, 0));
    }

    [Fact]
    public void Limits_hold_at_every_level_and_a_team_below_shares_the_nominal_above_it()
    {
        var tree = Tree(Team("vision", new Quota(8, 1)), new QueueSpec("lanes", "vision") { Quotas = Of("A100", new Quota(3)) }, new QueueSpec("signs", "vision"));
        var usage = Usage(16, tree);
        usage.PoolOf(tree.IdOf("signs"), 0).ShouldBe(tree.IdOf("vision"));
        usage.RightOf(tree.IdOf("signs"), 0).ShouldBe(5);
        usage.RightOf(QueueTree.Root, 0).ShouldBe(8);
        Ask(usage, tree, "lanes", 9).Verdict.ShouldBe(QuotaVerdict.Borrowing);
        Ask(usage, tree, "lanes", 10).ShouldBe(new QuotaAnswer(QuotaVerdict.ExceedsQueueQuota, tree.IdOf("vision"), 10, 9));
    }

    [Fact]
    public void Of_two_queues_that_leave_as_little_the_nearest_is_named()
    {
        var tree = Tree(Team("vision", new Quota(8, 0)), new QueueSpec("lanes", "vision") { Quotas = Of("A100", new Quota(3, 5)) });
        Ask(Usage(16, tree), tree, "lanes", 9).ShouldBe(new QuotaAnswer(QuotaVerdict.ExceedsQueueQuota, tree.IdOf("lanes"), 9, 8));
    }

    [Fact]
    public void More_than_was_charged_cannot_be_refunded() => Should.Throw<ArgumentOutOfRangeException>(() => Usage(4).Refund(0, 0, 1));

    [Fact]
    public void A_negative_amount_is_neither_charged_nor_refunded()
    {
        var usage = Usage(4);
        Should.Throw<ArgumentOutOfRangeException>(() => usage.Charge(0, 0, -1));
        Should.Throw<ArgumentOutOfRangeException>(() => usage.Refund(0, 0, -1));
        usage.UsedOf(0, 0).ShouldBe(0);
    }

    [Fact]
    public void Jobs_fill_nominal_in_their_order_and_those_that_may_not_be_preempted_first()
    {
        var inside = new bool[5];
        NominalOrder.Mark(8, [new(4), new(6), new(2), new(1), new(2, false)], inside).ShouldBe(8);
        inside.ShouldBe([true, false, true, false, true]);
        NominalOrder.Mark(2, [new(4), new(0), new(3, false)], inside.AsSpan(0, 3)).ShouldBe(3);
        inside.AsSpan(0, 3).ToArray().ShouldBe([false, false, true]);
    }

    [Fact]
    public void No_job_outside_nominal_would_fit_wholly_in_what_those_before_it_left() =>
        Gen.Select(Gen.Long[0, 30], Gen.Select(Gen.Long[1, 9], Gen.Bool).Array[0, 9]).Sample((right, jobs) =>
        {
            var inside = new bool[jobs.Length];
            var taken = NominalOrder.Mark(right, [.. jobs.Select(job => new PoolGang(job.Item1, job.Item2))], inside);
            taken.ShouldBe(jobs.Where((_, i) => inside[i]).Sum(job => job.Item1));
            var held = jobs.Where(job => !job.Item2).Sum(job => job.Item1);
            taken.ShouldBeLessThanOrEqualTo(Math.Max(right, held));
            for (var i = 0; i < jobs.Length; i++)
            {
                var before = held + jobs.Where((job, j) => j < i && job.Item2 && inside[j]).Sum(job => job.Item1);
                inside[i].ShouldBe(!jobs[i].Item2 || before + jobs[i].Item1 <= right);
            }
        });

    private static QueueSpec Team(string name, Quota quota) => new(name) { Quotas = Of("A100", quota) };

    private static QuotaUsage Usage(long capacity, QueueTree? tree = null) => new(tree ?? QueueTree.Default, ["A100"], [capacity]);

    private static void Charge(QuotaUsage usage, QueueTree tree, string queue, long devices) => usage.Charge(tree.IdOf(queue), 0, devices);

    private static QuotaAnswer Ask(QuotaUsage usage, QueueTree tree, string queue, long devices) => usage.Ask(tree.IdOf(queue), 0, devices, mayBorrow: true);
}
