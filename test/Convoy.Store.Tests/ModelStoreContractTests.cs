namespace Convoy.Store.Tests;

/// <summary>The model itself keeps the contract; otherwise comparing with it would prove nothing.</summary>
public sealed class ModelStoreContractTests : StoreContract
{
    protected override Task<IStore> OpenEmptyAsync() => Task.FromResult<IStore>(new ModelStore());
}
