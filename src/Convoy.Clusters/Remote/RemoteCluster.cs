using Convoy.Core.Jobs;

namespace Convoy.Clusters.Remote;

/// <summary>
/// A cluster that an agent keeps, as the server sees it: the server's half of the sync call. Nothing of it need survive: to another life of
/// either half everything is told again. Nor is anything kept that the other half and who asks here have heard.
/// </summary>
public sealed partial class RemoteCluster : ICluster
{
    /// <summary>A call that says nothing is held for so long: three fit into the lease.</summary>
    public static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(10);

    private readonly TimeProvider time;
    private readonly TimeSpan lease;
    private readonly TimeSpan patience;
    private readonly Lock gate = new();
    private readonly string life = Guid.NewGuid().ToString("N");
    private readonly OrderBook orders = new();
    private readonly HashSet<string> superseded = new(StringComparer.Ordinal);

    /// <summary>Completed and replaced whenever a held call may have to be answered.</summary>
    private TaskCompletionSource changed = NewSignal();
    private string? agent;
    private long newestCall;
    private DateTimeOffset? heardAt;
    private bool isClosed;

    /// <param name="lease">Who has not called for so long is taken for unreachable.</param>
    /// <param name="patience">How long an order waits for an agent that does not call.</param>
    public RemoteCluster(string name, TimeProvider time, TimeSpan lease, TimeSpan patience)
    {
        Name = name;
        this.time = time;
        this.lease = lease;
        this.patience = patience;
        retelling = NextRetelling();
    }

    public string Name { get; }

    /// <summary>Of the agent that called last; null before one did.</summary>
    public string? AgentVersion { get; private set; }

    /// <summary>Hears a call, and answers when there is something to say.</summary>
    /// <param name="decide">Answers the requests that come with it.</param>
    /// <exception cref="SupersededException">Another agent has begun since.</exception>
    public async Task<SyncAnswer> SyncAsync(
        SyncCall call, Func<IReadOnlyList<RequestMessage>, CancellationToken, Task<IReadOnlyList<RequestAnswer>>> decide, CancellationToken cancellationToken)
    {
        if (!Hear(call)) return new SyncAnswer(life, false, LeaseSeconds);
        var answers = call.Requests.Count == 0 ? [] : await decide(call.Requests, cancellationToken);
        var until = time.GetTimestamp();
        while (true)
        {
            Task change;
            var left = LongestHold - time.GetElapsedTime(until);
            lock (gate)
            {
                ThrowIfSuperseded(call);
                if (call.Number != newestCall) return new SyncAnswer(life, false, LeaseSeconds);
                var heardUpTo = call.Server == life ? call.HeardUpTo : 0;
                if (call.SaysSomething || call.Retelling != retelling || orders.HasAfter(heardUpTo) || left <= TimeSpan.Zero)
                {
                    return new SyncAnswer(life, true, LeaseSeconds) { Retelling = retelling, Taken = taken, Orders = orders.After(heardUpTo), Answers = answers };
                }

                change = changed.Task;
            }

            try
            {
                await change.WaitAsync(left, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                // Held for long enough.
            }
        }
    }

    public async Task<IReadOnlyList<Refusal>> ApplyAsync(IReadOnlyList<ClusterAssignment> assignments, CancellationToken cancellationToken)
    {
        if (assignments.Count == 0) return [];
        var results = await OrderAsync(() => [.. assignments.Select(orders.Add)], cancellationToken);
        return
        [
            .. assignments.Zip(results).Where(pair => pair.Second.Refused is not null)
                .Select(pair => new Refusal(pair.First.Assignment.JobId, pair.First.Assignment.Generation, pair.Second.Refused!, pair.Second.IsPermanent)),
        ];
    }

    public async Task<bool> ForgetAsync(JobId job, int ownerNumber, CancellationToken cancellationToken)
    {
        var result = (await OrderAsync(() => [orders.Add(new ForgetOrder(job, ownerNumber))], cancellationToken))[0];
        if (result.Forgotten is not { } forgotten) throw new IOException($"cluster {Name} cannot forget job {job} now: {result.Trouble}");
        if (forgotten)
        {
            lock (gate) Forget(job);
        }

        return forgotten;
    }

    public ValueTask DisposeAsync()
    {
        lock (gate)
        {
            isClosed = true;
            journal?.End();
            whole.TrySetResult();
            orders.Fail(new ObjectDisposedException(Name));
            Wake();
        }

        return ValueTask.CompletedTask;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int LeaseSeconds => (int)lease.TotalSeconds;

    private DateTimeOffset? HeardAt
    {
        get
        {
            lock (gate) return heardAt;
        }
    }

    /// <summary>False where a later call of the same agent has been heard.</summary>
    private bool Hear(SyncCall call)
    {
        lock (gate)
        {
            ThrowIfSuperseded(call);
            if (agent != call.Life) Welcome(call.Life);
            if (call.Number <= newestCall) return false;
            newestCall = call.Number;
            heardAt = time.GetUtcNow();
            AgentVersion = call.Version;
            if (call.Server == life)
            {
                foreach (var result in call.Results) orders.Complete(result);
            }

            if (call.Retelling is null && taken >= 0) Retell();
            else if (call.Retelling == retelling && call.Report is { } page) Take(page);

            // An earlier call that is held is answered: this one has taken its place.
            Wake();
            return true;
        }
    }

    /// <summary>Of an agent that was superseded nothing more is heard, were its calls under way for ever so long.</summary>
    private void Welcome(string next)
    {
        if (agent is not null) superseded.Add(agent);
        (agent, newestCall) = (next, 0);
        Retell();
    }

    private void ThrowIfSuperseded(SyncCall call)
    {
        ObjectDisposedException.ThrowIf(isClosed, this);
        if (superseded.Contains(call.Life)) throw new SupersededException($"another agent of cluster {Name} has begun since");
    }

    /// <summary>Waits for as long as the agent calls. Whether it has taken what is given up then nobody knows; who asks again finds out.</summary>
    private async Task<IReadOnlyList<OrderResult>> OrderAsync(Func<IReadOnlyList<OpenOrder>> give, CancellationToken cancellationToken)
    {
        IReadOnlyList<OpenOrder> given;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isClosed, this);
            given = give();
            Wake();
        }

        var begun = time.GetUtcNow();
        try
        {
            var all = Task.WhenAll(given.Select(order => order.Result));
            while (true)
            {
                var heard = HeardAt is { } at && at > begun ? at : begun;
                var left = heard + patience - time.GetUtcNow();
                if (left <= TimeSpan.Zero) throw new IOException($"the agent of cluster {Name} does not call");
                try
                {
                    return await all.WaitAsync(left, time, cancellationToken);
                }
                catch (TimeoutException)
                {
                    // It may have called since.
                }
            }
        }
        finally
        {
            lock (gate) orders.Withdraw(given);
        }
    }

    private void Wake()
    {
        var waiting = changed;
        changed = NewSignal();
        waiting.SetResult();
    }
}

/// <summary>An agent was told that another has taken its place.</summary>
public sealed class SupersededException(string message) : Exception(message);
