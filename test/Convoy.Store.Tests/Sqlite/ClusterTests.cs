using Convoy.Store.Sqlite;

namespace Convoy.Store.Tests.Sqlite;

public sealed class ClusterTests : IAsyncLifetime
{
    private readonly DatabaseFolder folder = new();
    private SqliteStore store = null!;

    public async ValueTask InitializeAsync() => store = await folder.OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Clusters_are_kept_by_name_until_they_are_removed_and_may_come_again()
    {
        var east = new JoinedCluster("east", "kubernetes", "aa", "root", Sample.Noon);
        var west = new JoinedCluster("west", "kubernetes", "bb", "root", Sample.Noon);
        foreach (var cluster in new[] { west, east }) await store.SaveClusterAsync(cluster, CancellationToken.None);
        await store.SaveClusterAsync(east with { TokenHash = "cc" }, CancellationToken.None);
        (await store.ListClustersAsync(CancellationToken.None)).ShouldBe([east with { TokenHash = "cc" }, west]);
        await store.RemoveClusterAsync("east", Sample.Noon, CancellationToken.None);
        (await store.ListClustersAsync(CancellationToken.None)).ShouldBe([west]);
        await store.SaveClusterAsync(east, CancellationToken.None);
        (await store.ListClustersAsync(CancellationToken.None)).ShouldBe([east, west]);
    }
}
