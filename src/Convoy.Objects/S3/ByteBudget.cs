namespace Convoy.Objects.S3;

/// <summary>Bytes of memory that many share. Who came first is served first, so that a large wish is not passed by small ones for ever.</summary>
internal sealed class ByteBudget(long bytes)
{
    private readonly Lock gate = new();
    private readonly Queue<Wish> wishes = new();
    private long left = bytes;

    /// <param name="count">At most as much as there is altogether.</param>
    /// <returns>Gives it back.</returns>
    public async Task<IDisposable> TakeAsync(long count, CancellationToken cancellationToken)
    {
        var wish = new Wish(count);
        lock (gate)
        {
            wishes.Enqueue(wish);
            Serve();
        }

        try
        {
            await wish.Served.Task.WaitAsync(cancellationToken);
            return new Room(this, wish);
        }
        catch
        {
            End(wish);
            throw;
        }
    }

    private void End(Wish wish)
    {
        lock (gate)
        {
            if (wish.IsOver) return;
            wish.IsOver = true;
            if (wish.Served.Task.IsCompleted) left += wish.Count;
            Serve();
        }
    }

    private void Serve()
    {
        while (wishes.TryPeek(out var next) && (next.IsOver || next.Count <= left))
        {
            wishes.Dequeue();
            if (next.IsOver) continue;
            left -= next.Count;
            next.Served.SetResult();
        }
    }

    private sealed class Wish(long count)
    {
        public long Count => count;

        /// <summary>Given back, or not wanted any more.</summary>
        public bool IsOver { get; set; }

        public TaskCompletionSource Served { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Room(ByteBudget budget, Wish wish) : IDisposable
    {
        public void Dispose() => budget.End(wish);
    }
}
