namespace Convoy.Objects.S3;

/// <summary>A part of an object. Where a connection breaks, falls silent or ends too early, another takes up where it stood.</summary>
/// <param name="ask">For what is left, of the object of that version.</param>
internal sealed class S3RangeStream(string what, Func<long, string?, CancellationToken, Task<S3Range>> ask, Attempts attempts, TimeSpan stallTimeout, long from) : ForwardStream
{
    /// <summary>Failures are forgotten when so much has come since the first: else a store that breaks off after each byte were asked for each byte.</summary>
    private const long Progress = 1 << 20;

    private S3Range? range;
    private string? version;
    private long at = from;
    private long end = long.MaxValue;
    private int failures;
    private long failedAt = from;

    /// <summary>False where there is no such object. To be called once, before it is read.</summary>
    public async Task<bool> OpenAsync(CancellationToken cancellationToken)
    {
        await TryAsync(
            async () =>
            {
                range = await ask(at, null, cancellationToken);
                return 0;
            },
            cancellationToken);
        (version, end) = (range!.Version, range.End);
        return range.IsThere;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = (int)Math.Min(buffer.Length, end - at);
        if (count <= 0) return 0;
        var read = await TryAsync(() => ReadOnceAsync(buffer[..count], cancellationToken), cancellationToken);
        at += read;
        if (failures > 0 && at - failedAt >= Progress) failures = 0;
        return read;
    }

    private async Task<int> ReadOnceAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (range is null)
        {
            range = await ask(at, version, cancellationToken);
            if (!range.IsThere || range.End != end) throw new ObjectStoreException($"the store failed at {what}: the object went away meanwhile", new EndOfStreamException());
        }

        using var patience = new Patience(stallTimeout, attempts.Time, cancellationToken);
        var read = await range.ReadAsync(buffer, patience.Token);
        return read > 0 ? read : throw new EndOfStreamException($"{end - at} bytes are missing");
    }

    private async Task<int> TryAsync(Func<Task<int>> attempt, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await attempt();
            }
            catch (Exception e) when (S3Failure.IsOne(e))
            {
                range?.Dispose();
                range = null;
                if (failures == 0) failedAt = at;
                await attempts.GoOnAsync(what, e, ++failures, cancellationToken);
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) range?.Dispose();
        base.Dispose(disposing);
    }
}
