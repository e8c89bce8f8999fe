using System.Runtime.CompilerServices;
using Convoy.Core.Datasets;
using Convoy.Objects;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>
/// The first store, with the copies of its objects behind it: written there, read from where it is near, from wherever it is where that fails, and
/// removed everywhere, but from a store that is locked.
/// </summary>
public sealed class CopiedBucket(DatasetStores stores, StoreMarks marks, IDatasetCopies copies, TimeProvider time) : IBucket
{
    private IBucket Home => stores.Home.Bucket;

    public Task<StoredObject?> FindAsync(string name, CancellationToken cancellationToken) => Home.FindAsync(name, cancellationToken);

    public Task PutAsync(string name, Stream content, long length, CancellationToken cancellationToken) => Home.PutAsync(name, content, length, cancellationToken);

    public Task<Stream?> ReadAsync(string name, long offset, long length, CancellationToken cancellationToken) =>
        stores.Others.Count == 0 || !DatasetObject.TryParse(name, out var of) ? Home.ReadAsync(name, offset, length, cancellationToken) : CopiedRange.OpenAsync(name, offset, length, HavingAsync(of, cancellationToken), cancellationToken);

    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, string after, CancellationToken cancellationToken) => Home.ListAsync(prefix, after, cancellationToken);

    public async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        if (DatasetObject.TryParse(name, out var of))
        {
            foreach (var copy in await copies.ListCopiesAsync(of, cancellationToken))
            {
                // A store that is not among the options any more keeps what it has; it is removed when it is there again.
                if (stores.Find(copy.Store) is not { } store || store.Lock is { } period && copy.CopiedAt + period > time.GetUtcNow())
                {
                    await copies.LeaveAsync(copy, cancellationToken);
                    continue;
                }

                try
                {
                    await marks.EnsureAsync(store, cancellationToken);
                    await store.Bucket.RemoveAsync(name, cancellationToken);
                }
                catch (Exception e) when (e is ObjectStoreException or ForeignPlaceException or SharedPlaceException)
                {
                    // One store that fails keeps nobody from removing the rest; what is left there goes later.
                    await copies.LeaveAsync(copy, cancellationToken);
                    continue;
                }

                await copies.ForgetAsync(copy, cancellationToken);
            }
        }

        await Home.RemoveAsync(name, cancellationToken);
    }

    public Uri? LinkTo(string name, TimeSpan validFor) => Home.LinkTo(name, validFor);

    private async IAsyncEnumerable<DatasetStore> HavingAsync(DatasetObject of, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The usual case asks nobody who has it.
        if (stores.Near == stores.Home) yield return stores.Home;
        var having = (await copies.ListCopiesAsync(of, cancellationToken)).Select(copy => copy.Store).ToHashSet();
        if (stores.Near != stores.Home) having.Add(stores.Home.Name);
        foreach (var store in stores.All.Where(store => having.Contains(store.Name)).OrderBy(store => store != stores.Near).ThenBy(store => store.PriceOut)) yield return store;
    }
}
