using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;

namespace Convoy.Store.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public async Task a_new_store_has_the_default_levels_lowest_first() => (await Store.ListLevelsAsync(None)).ShouldBe(Level.Defaults);

    [Fact]
    public async Task saving_a_level_replaces_the_one_of_that_name()
    {
        var intern = new Level("intern", 25, 1, 2, 3, 4, TimeSpan.FromHours(48)) { MayPreempt = false, Preemptible = false, MinRunTime = TimeSpan.FromMinutes(10) };
        await Store.SaveLevelAsync(intern, None);
        await Store.SaveLevelAsync(new Level("guest", 1), None);
        (await Store.ListLevelsAsync(None)).ShouldBe([new Level("guest", 1), Level.Defaults[1], intern, Level.Defaults[2]]);
    }

    [Fact]
    public async Task an_organisation_and_its_levels_take_the_place_of_the_one_before_and_of_no_other()
    {
        (await Store.GetOrganisationAsync(None)).Revision.ShouldBe(0);
        var first = new Organisation([new QueueSpec("vision") { Quotas = new Dictionary<string, Quota> { ["H100"] = new(8, 4, 0) }, Members = ["ada"] }], [new Level("intern", 5), new Level("guest", 1)]);
        (await Store.SaveOrganisationAsync(new StoredOrganisation(1, first), "ada", Sample.Noon, None)).ShouldBe(CommitOutcome.Committed);
        (await Store.SaveOrganisationAsync(new StoredOrganisation(1, Organisation.Empty), "bob", Sample.Noon, None)).ShouldBe(CommitOutcome.Conflict);
        (await Store.SaveOrganisationAsync(new StoredOrganisation(3, new([], [new Level("senior", 1)])), "bob", Sample.Noon, None)).ShouldBe(CommitOutcome.Conflict);

        var stored = await Store.GetOrganisationAsync(None);
        stored.Revision.ShouldBe(1);
        stored.Organisation.ToJson().ShouldBe(first.ToJson());
        (await Store.ListLevelsAsync(None)).Select(level => (level.Name, level.Rank)).ShouldBe([("guest", 1), ("intern", 5), ("engineer", 20), ("senior", 30)]);
    }

    [Fact]
    public async Task of_a_node_the_latest_wish_holds_until_it_is_removed()
    {
        var wish = new NodeWish("local", "node-1", NodeHealth.Draining, "ada", Sample.Noon);
        foreach (var one in new[] { wish, wish with { Cluster = "east" }, wish with { Node = "node-0" }, wish with { Health = NodeHealth.Quarantined, By = "bob" } }) await Store.SaveNodeWishAsync(one, None);
        (await Store.ListNodeWishesAsync(None)).ShouldBe([wish with { Cluster = "east" }, wish with { Node = "node-0" }, wish with { Health = NodeHealth.Quarantined, By = "bob" }]);
        await Store.RemoveNodeWishAsync("local", "node-1", None);
        await Store.RemoveNodeWishAsync("local", "node-1", None);
        (await Store.ListNodeWishesAsync(None)).Select(one => (one.Cluster, one.Node)).ShouldBe([("east", "node-1"), ("local", "node-0")]);
    }

    [Fact]
    public async Task users_get_the_next_number_and_a_name_is_given_once()
    {
        var ada = await Store.AddUserAsync("ada", "senior", true, Sample.Noon, None);
        (await Store.AddUserAsync("ada", "intern", false, Sample.Noon, None)).ShouldBeNull();
        var bob = await Store.AddUserAsync("bob", "intern", false, Sample.Noon.AddTicks(1), None);

        ada.ShouldBe(new User("ada", 1, "senior", true, Sample.Noon));
        bob.ShouldBe(new User("bob", 2, "intern", false, Sample.Noon.AddTicks(1)));
        (await Store.GetUserAsync("ada", None)).ShouldBe(ada);
        (await Store.GetUserAsync("eve", None)).ShouldBeNull();
        (await Store.ListUsersAsync("", 10, None)).ShouldBe([ada!, bob!]);
        (await Store.ListUsersAsync("ada", 10, None)).ShouldBe([bob!]);
        (await Store.ListUsersAsync("", 1, None)).ShouldBe([ada!]);
    }

    [Fact]
    public async Task a_user_of_an_unknown_level_is_refused()
    {
        (await Should.ThrowAsync<StoreException>(async () => await Store.AddUserAsync("ada", "wizard", false, Sample.Noon, None))).Fault.ShouldBe(StoreFault.Refused);
        (await Store.GetUserAsync("ada", None)).ShouldBeNull();
    }

    [Fact]
    public async Task tokens_are_found_by_hash_and_listed_by_id()
    {
        await Store.AddUserAsync("ada", "senior", true, Sample.Noon, None);
        await Store.AddUserAsync("bob", "intern", false, Sample.Noon, None);
        var first = new AccessToken("t1", "ada", "h1", Sample.Noon, Sample.Noon.AddDays(1), null, "笔记本");
        var second = new AccessToken("t2", "bob", "h2", Sample.Noon, null, null, null);
        var third = new AccessToken("t3", "ada", "h3", Sample.Noon, null, null, null);
        foreach (var token in new[] { third, first, second }) await Store.AddTokenAsync(token, None);

        (await Store.FindTokenAsync("h1", None)).ShouldBe(first);
        (await Store.FindTokenAsync("h9", None)).ShouldBeNull();
        (await Store.ListTokensAsync(null, "", 10, None)).ShouldBe([first, second, third]);
        (await Store.ListTokensAsync("ada", "", 10, None)).ShouldBe([first, third]);
        (await Store.ListTokensAsync("ada", "t1", 10, None)).ShouldBe([third]);
        (await Store.ListTokensAsync(null, "", 2, None)).ShouldBe([first, second]);
    }

    [Fact]
    public async Task a_token_whose_id_hash_or_user_cannot_be_is_refused()
    {
        await Store.AddUserAsync("ada", "senior", true, Sample.Noon, None);
        var token = new AccessToken("t1", "ada", "h1", Sample.Noon, null, null, null);
        await Store.AddTokenAsync(token, None);
        foreach (var wrong in new[] { token with { Hash = "h2" }, token with { Id = "t2" }, token with { Id = "t3", Hash = "h3", User = "eve" } })
        {
            (await Should.ThrowAsync<StoreException>(async () => await Store.AddTokenAsync(wrong, None))).Fault.ShouldBe(StoreFault.Refused);
        }

        (await Store.ListTokensAsync(null, "", 10, None)).ShouldBe([token]);
    }

    [Fact]
    public async Task revoking_twice_keeps_the_first_time()
    {
        await Store.AddUserAsync("ada", "senior", true, Sample.Noon, None);
        await Store.AddTokenAsync(new AccessToken("t1", "ada", "h1", Sample.Noon, null, null, null), None);
        (await Store.RevokeTokenAsync("t1", Sample.Noon.AddHours(1), None)).ShouldBeTrue();
        (await Store.RevokeTokenAsync("t1", Sample.Noon.AddHours(2), None)).ShouldBeTrue();
        (await Store.RevokeTokenAsync("t9", Sample.Noon, None)).ShouldBeFalse();
        (await Store.FindTokenAsync("h1", None))!.RevokedAt.ShouldBe(Sample.Noon.AddHours(1));
    }

    [Fact]
    public async Task code_that_others_uploaded_does_not_exist_for_one()
    {
        await Store.GrantCodeAsync("ada", "abc", 10, Sample.Noon, None);
        await Store.GrantCodeAsync("ada", "abc", 10, Sample.Noon, None);
        (await Store.HasCodeAsync("ada", "abc", None)).ShouldBeTrue();
        (await Store.HasCodeAsync("ada", "abd", None)).ShouldBeFalse();
        (await Store.HasCodeAsync("bob", "abc", None)).ShouldBeFalse();
    }
}
