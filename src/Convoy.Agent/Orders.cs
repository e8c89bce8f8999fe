using System.Threading.Channels;
using Convoy.Clusters;
using Convoy.Clusters.Remote;
using Microsoft.Extensions.Logging;

namespace Convoy.Agent;

/// <summary>
/// What the server has ordered, on its way into the cluster, and what became of it, on its way back. Wishes go in one batch after the other;
/// forgetting may take its time and goes beside them. Calls go on meanwhile.
/// </summary>
internal sealed partial class Orders(ICluster cluster, Action changed, ILogger log)
{
    private const int LargestBatch = 512;

    private readonly Lock gate = new();
    private readonly Channel<(string Server, SyncOrder Order)> wishes = Channel.CreateUnbounded<(string, SyncOrder)>();
    private readonly Channel<(string Server, SyncOrder Order)> forgets = Channel.CreateUnbounded<(string, SyncOrder)>();
    private readonly SortedDictionary<long, OrderResult> unheard = [];

    /// <summary>Which life of the server's half the numbers are of.</summary>
    public string? Server { get; private set; }

    public long HeardUpTo { get; private set; }

    public bool HasNews
    {
        get
        {
            lock (gate) return unheard.Count > 0;
        }
    }

    public IReadOnlyList<OrderResult> Results()
    {
        lock (gate) return [.. unheard.Values.Take(LargestBatch)];
    }

    /// <summary>What another life of the server's half had numbered means nothing to this one.</summary>
    public void Meet(string server)
    {
        lock (gate)
        {
            if (Server == server) return;
            unheard.Clear();
            (Server, HeardUpTo) = (server, 0);
        }
    }

    /// <summary>An answer came: what the call said was heard.</summary>
    public void Hear(SyncCall call, SyncAnswer answer)
    {
        lock (gate)
        {
            foreach (var result in call.Results)
            {
                unheard.Remove(result.Number);
            }

            foreach (var order in answer.Orders.Where(order => order.Number > HeardUpTo).OrderBy(order => order.Number))
            {
                HeardUpTo = order.Number;
                (order.Wish is null ? forgets : wishes).Writer.TryWrite((answer.Server, order));
            }
        }
    }

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(TakeAsync(cancellationToken), ForgetAsync(cancellationToken));

    private async Task TakeAsync(CancellationToken cancellationToken)
    {
        var batch = new List<(string Server, SyncOrder Order)>();
        while (await wishes.Reader.WaitToReadAsync(cancellationToken))
        {
            batch.Clear();
            while (batch.Count < LargestBatch && wishes.Reader.TryRead(out var next)) batch.Add(next);
            Say(batch, await ApplyAsync(batch, cancellationToken));
        }
    }

    private async Task<IReadOnlyList<OrderResult>> ApplyAsync(IReadOnlyList<(string Server, SyncOrder Order)> batch, CancellationToken cancellationToken)
    {
        try
        {
            // Of a job the newest alone: an earlier one is answered as it is.
            var newest = batch.GroupBy(item => item.Order.Wish!.Assignment.JobId).Select(wishes => wishes.MaxBy(item => item.Order.Wish!.Assignment.Generation).Order.Wish!).ToArray();
            var refusals = await cluster.ApplyAsync(newest, cancellationToken);
            var refused = refusals.ToDictionary(refusal => refusal.JobId);
            return
            [
                .. batch.Select(item => item.Order).Select(order => refused.TryGetValue(order.Wish!.Assignment.JobId, out var refusal)
                    ? new OrderResult(order.Number, refusal.Reason, refusal.Permanent)
                    : new OrderResult(order.Number)),
            ];
        }
#pragma warning disable CA1031 // The boundary of one batch: the server says what of it is still wished then.
        catch (Exception trouble) when (trouble is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogNotApplied(log, trouble, batch.Count);
            return [.. batch.Select(item => new OrderResult(item.Order.Number, trouble.Message, IsPermanent: false))];
        }
    }

    private async Task ForgetAsync(CancellationToken cancellationToken)
    {
        await foreach (var next in forgets.Reader.ReadAllAsync(cancellationToken))
        {
            if (next.Order.Forget is not { } forget)
            {
                // A newer server orders something that is not known here.
                Say([next], [new OrderResult(next.Order.Number, Trouble: "the agent is older than the server and does not know what is ordered")]);
                continue;
            }

            try
            {
                Say([next], [new OrderResult(next.Order.Number, Forgotten: await cluster.ForgetAsync(forget.Job, forget.OwnerNumber, cancellationToken))]);
            }
#pragma warning disable CA1031 // The boundary of one job: it is asked again later.
            catch (Exception trouble) when (trouble is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                LogNotForgotten(log, trouble, forget.Job.Value);
                Say([next], [new OrderResult(next.Order.Number, Trouble: trouble.Message)]);
            }
        }
    }

    private void Say(IReadOnlyList<(string Server, SyncOrder Order)> done, IReadOnlyList<OrderResult> results)
    {
        lock (gate)
        {
            foreach (var (item, result) in done.Zip(results))
            {
                if (item.Server == Server) unheard[result.Number] = result;
            }
        }

        changed();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} wishes could not be applied now; the server is told so")]
    private static partial void LogNotApplied(ILogger log, Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} cannot be forgotten now; the server is told so")]
    private static partial void LogNotForgotten(ILogger log, Exception exception, string job);
}
