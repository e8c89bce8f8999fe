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

    /// <summary>Completed and replaced whenever a held call may have to be answered.</summary>
    private TaskCompletionSource changed = NewSignal();
    private string? agent;
    private long welcomed;
    private long greetings;
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
        if (Hear(call) is { } unheard) return unheard;
        var answers = call.Requests.Count == 0 ? [] : await decide(call.Requests, cancellationToken);
        var until = time.GetTimestamp();
        while (true)
        {
            Task change;
            var left = LongestHold - time.GetElapsedTime(until);
            lock (gate)
            {
                ThrowIfSuperseded(call);
                if (call.Number != newestCall) return Unheard();
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

    /// <remarks>Nobody waits for a cluster that is out of reach: there may be many jobs to forget.</remarks>
    public async Task<bool> ForgetAsync(JobId job, int ownerNumber, CancellationToken cancellationToken)
    {
        if (HeardAt is not { } heard || time.GetUtcNow() - heard >= lease) throw new IOException($"the agent of cluster {Name} does not call");
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

    private SyncAnswer Unheard() => new(life, false, LeaseSeconds);

    /// <summary>Null where it was heard; what to answer otherwise.</summary>
    private SyncAnswer? Hear(SyncCall call)
    {
        lock (gate)
        {
            // A life that is not known is greeted first: a call that some agent made long ago, and that only now comes, cannot return the greeting.
            if (call.Life != agent && (call.Server != life || call.Greeting <= 0)) return Unheard() with { Greeting = ++greetings };
            ThrowIfSuperseded(call);
            if (call.Life != agent) Welcome(call);
            if (call.Number <= newestCall) return Unheard();
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
            return null;
        }
    }

    private void Welcome(SyncCall first)
    {
        (agent, welcomed, newestCall) = (first.Life, first.Greeting, 0);
        Retell();
    }

    /// <summary>Of two lives the one counts that was greeted last. Of the other nothing more is heard, were its calls under way for ever so long.</summary>
    private void ThrowIfSuperseded(SyncCall call)
    {
        ObjectDisposedException.ThrowIf(isClosed, this);
        if (call.Life != agent && call.Greeting <= welcomed) throw new SupersededException($"another agent of cluster {Name} has begun since");
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
