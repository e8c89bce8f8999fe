using System.Text.Json;

namespace Convoy.Clusters.Remote;

/// <summary>Orders that are not known to be done, by number.</summary>
internal sealed class OrderBook
{
    private readonly SortedDictionary<long, OpenOrder> open = [];
    private long last;

    public OpenOrder Add(ClusterAssignment wish) => Add(new SyncOrder(last + 1, Wish: wish));

    public OpenOrder Add(ForgetOrder forget) => Add(new SyncOrder(last + 1, Forget: forget));

    public bool HasAfter(long number) => open.Keys.Any(each => each > number);

    /// <summary>In order, as many as one answer takes.</summary>
    public IReadOnlyList<SyncOrder> After(long number)
    {
        var said = new List<SyncOrder>();
        var bytes = 0;
        foreach (var order in open.Values.SkipWhile(order => order.Order.Number <= number))
        {
            bytes += order.Bytes;
            if (said.Count > 0 && bytes > SyncJson.PageBytes) break;
            said.Add(order.Order);
        }

        return said;
    }

    public void Complete(OrderResult result)
    {
        if (open.Remove(result.Number, out var order)) order.Complete(result);
    }

    public void Withdraw(IEnumerable<OpenOrder> orders)
    {
        foreach (var order in orders) open.Remove(order.Order.Number);
    }

    public void Fail(Exception why)
    {
        foreach (var order in open.Values) order.Fail(why);
        open.Clear();
    }

    private OpenOrder Add(SyncOrder order)
    {
        var added = new OpenOrder(order, JsonSerializer.SerializeToUtf8Bytes(order, SyncJson.Default.SyncOrder).Length);
        open.Add(++last, added);
        return added;
    }
}

/// <param name="bytes">Of its JSON.</param>
internal sealed class OpenOrder(SyncOrder order, int bytes)
{
    private readonly TaskCompletionSource<OrderResult> result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SyncOrder Order => order;

    public int Bytes => bytes;

    public Task<OrderResult> Result => result.Task;

    public void Complete(OrderResult done) => result.TrySetResult(done);

    public void Fail(Exception why) => result.TrySetException(why);
}
