namespace Convoy.Store.Tests.Sqlite;

public sealed class SqliteStoreContractTests : StoreContract
{
    private readonly DatabaseFolder folder = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        folder.Dispose();
    }

    protected override async Task<IStore> OpenEmptyAsync() => await folder.OpenAsync();
}
