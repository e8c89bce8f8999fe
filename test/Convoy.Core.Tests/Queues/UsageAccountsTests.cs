using Convoy.Core.Queues;
using Convoy.Core.Scheduling;
using Convoy.Core.Tests.Scheduling;

namespace Convoy.Core.Tests.Queues;

public sealed class UsageAccountsTests
{
    private const long Whole = 1L << UsageAccounts.ShareBits;
    private static readonly DateTimeOffset Epoch = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);
    private static readonly QueueTree Tree = Trees.Tree(new QueueSpec("vision"), new QueueSpec("lanes", "vision"), new QueueSpec("speech"));
    private static readonly Node[] Nodes = [Worlds.Node("n1", 8, cores: 100), Worlds.Node("n2", 8, cores: 100), Worlds.Node("n3", 4, "V100-32G", cores: 100)];

    [Fact]
    public void Who_holds_half_of_a_type_for_ever_has_used_half_and_a_half_life_after_letting_go_a_quarter()
    {
        var usage = new UsageAccounts(FairShare.DefaultHalfLife, Epoch);
        usage.Charge(Attempt("ann", "lanes", 8, Epoch.AddDays(-700), Epoch.AddDays(7)));
        Shares(usage, 7).Users["ann"].ShouldBeInRange((Whole / 2) - (Whole >> 20), Whole / 2);
        Shares(usage, 14).Users["ann"].ShouldBeInRange((Whole / 4) - (Whole >> 20), Whole / 4);
    }

    [Fact]
    public void A_queue_has_used_what_all_below_it_have_and_the_organisation_is_not_listed()
    {
        var usage = new UsageAccounts(FairShare.DefaultHalfLife, Epoch);
        usage.Charge(Attempt("ann", "lanes", 4, Epoch, Epoch.AddDays(1)));
        usage.Charge(Attempt("bob", "vision", 4, Epoch, Epoch.AddDays(1)));
        usage.Charge(Attempt("bob", "bob", 4, Epoch, Epoch.AddDays(1)));
        var shares = Shares(usage, 1);
        shares.Queues.Keys.ShouldBe(["lanes", "vision"]);
        shares.Queues["vision"].ShouldBeInRange((shares.Queues["lanes"] * 2) - 2, (shares.Queues["lanes"] * 2) + 2);
        shares.Users["bob"].ShouldBeInRange((shares.Users["ann"] * 2) - 2, (shares.Users["ann"] * 2) + 2);
    }

    [Fact]
    public void The_scarcest_of_what_somebody_held_is_what_counts()
    {
        var usage = new UsageAccounts(FairShare.DefaultHalfLife, Epoch);
        usage.Charge(Attempt("ann", "ann", 4, Epoch, Epoch.AddDays(1)) with { Accelerator = "V100-32G" });
        usage.Charge(Attempt("bob", "bob", 4, Epoch, Epoch.AddDays(1)));
        usage.Charge(Attempt("eve", "eve", 0, Epoch, Epoch.AddDays(1)) with { CpuMillicores = 300_000 });
        var shares = Shares(usage, 1).Users;
        shares["ann"].ShouldBe(shares["eve"]);
        shares["bob"].ShouldBeLessThan(shares["ann"]);
    }

    [Fact]
    public void Another_tree_and_a_type_that_comes_later_find_what_was_used_before()
    {
        var usage = new UsageAccounts(FairShare.DefaultHalfLife, Epoch);
        usage.Charge(Attempt("ann", "ann", 4, Epoch, Epoch.AddDays(1)));
        usage.Charge(Attempt("ann", "later", 4, Epoch, Epoch.AddDays(1)) with { Accelerator = "H100-80G" });
        Shares(usage, 1).Queues.ShouldBeEmpty();
        var grown = usage.Shares(Trees.Tree(new QueueSpec("ann"), new QueueSpec("later")), [.. Nodes, Worlds.Node("n4", 8, "H100-80G")], Epoch.AddDays(1)).Queues;
        grown.Keys.ShouldBe(["ann", "later"]);
        grown["later"].ShouldBeInRange((grown["ann"] * 2) - 2, (grown["ann"] * 2) + 2);
    }

    private static UsageShares Shares(UsageAccounts usage, int day) => usage.Shares(Tree, Nodes, Epoch.AddDays(day));

    private static AttemptUsage Attempt(string owner, string queue, int devices, DateTimeOffset from, DateTimeOffset until) =>
        new(1, 1, queue, owner, devices == 0 ? null : "A100-80G", devices * 1000, 0, 0, from, until);
}
