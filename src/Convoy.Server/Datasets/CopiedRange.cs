using Convoy.Objects;

namespace Convoy.Server.Datasets;

/// <summary>A part of an object that several stores have: where one fails, or has less of it, the next goes on. All have the same bytes, as objects are named after theirs.</summary>
internal sealed class CopiedRange : ForwardStream
{
    private readonly string name;
    private readonly IAsyncEnumerator<DatasetStore> stores;
    private readonly CancellationToken stop;
    private long offset;
    private long left;
    private Stream? current;
    private ObjectStoreException? failed;

    private CopiedRange(string name, long offset, long length, IAsyncEnumerator<DatasetStore> stores, CancellationToken stop) =>
        (this.name, this.offset, left, this.stores, this.stop) = (name, offset, length, stores, stop);

    /// <summary>Null where none has it.</summary>
    /// <param name="length">The object has as many bytes from there.</param>
    /// <param name="stores">That have it, the best first; no more are asked for than are needed.</param>
    public static async Task<Stream?> OpenAsync(string name, long offset, long length, IAsyncEnumerable<DatasetStore> stores, CancellationToken cancellationToken)
    {
        var range = new CopiedRange(name, offset, length, stores.GetAsyncEnumerator(cancellationToken), cancellationToken);
        try
        {
            if (await range.MoveOnAsync()) return range;
        }
        catch
        {
            await range.DisposeAsync();
            throw;
        }

        await range.DisposeAsync();
        return null;
    }

    /// <exception cref="ObjectStoreException">Nobody has the rest, and one of them failed.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (current is not null && left > 0 && buffer.Length > 0)
        {
            try
            {
                if (await current.ReadAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken) is > 0 and var read)
                {
                    (offset, left) = (offset + read, left - read);
                    return read;
                }
            }
            catch (ObjectStoreException e)
            {
                failed ??= e;
            }

            await MoveOnAsync();
        }

        return 0;
    }

    public override async ValueTask DisposeAsync()
    {
        if (current is not null) await current.DisposeAsync();
        await stores.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>To the next store that has the rest; false where none has it.</summary>
    private async Task<bool> MoveOnAsync()
    {
        if (current is not null) await current.DisposeAsync();
        current = null;
        while (await stores.MoveNextAsync())
        {
            try
            {
                current = await stores.Current.Bucket.ReadAsync(name, offset, left, stop);
                if (current is not null) return true;
            }
            catch (ObjectStoreException e)
            {
                failed ??= e;
            }
        }

        return failed is null ? false : throw failed;
    }
}
