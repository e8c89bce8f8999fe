using CsCheck;

namespace Convoy.Store.Tests.Sqlite;

public sealed class SqliteStorePropertyTests
{
    [Fact]
    public Task any_sequence_of_operations_is_answered_as_by_the_model() => StoreOperation.Gen.List[1, 120].SampleAsync(
        async operations =>
        {
            using var folder = new DatabaseFolder();
            await using var model = new ModelStore();
            await using (var store = await folder.OpenAsync())
            {
                foreach (var operation in operations) (await operation.AskAsync(store)).ShouldBe(await operation.AskAsync(model), operation.ToString());
                (await StoreOperation.AllAsync(store)).ShouldBe(await StoreOperation.AllAsync(model));
            }

            await using var reopened = await folder.OpenAsync();
            (await StoreOperation.AllAsync(reopened)).ShouldBe(await StoreOperation.AllAsync(model), "after opening again");
        },
        iter: 40,
        threads: 2,
        print: operations => string.Join('\n', operations));
}
