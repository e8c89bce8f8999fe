using System.Net;
using Convoy.Clusters;
using Convoy.Clusters.Remote;
using Microsoft.Extensions.Logging;

namespace Convoy.Agent;

/// <summary>
/// The agent's half of the sync call, over any cluster. One call is under way at a time: it says all that is new, or it is held by the server
/// until that has something to say. What comes up meanwhile is said by the next call, which takes the place of the one that is held.
/// </summary>
public sealed partial class SyncLoop
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    /// <summary>Somebody has to do something first: give the agent another token, or join the cluster again.</summary>
    private static readonly TimeSpan RefusedDelay = TimeSpan.FromSeconds(30);

    /// <summary>A held call that another has taken the place of is answered at once, if it is heard at all.</summary>
    private static readonly TimeSpan LeaveWithin = TimeSpan.FromSeconds(2);

    /// <summary>What comes up within it is said together: each call costs both sides as much as many things that it says.</summary>
    private static readonly TimeSpan BetweenCalls = TimeSpan.FromMilliseconds(25);

    private readonly string life = Guid.NewGuid().ToString("N");
    private readonly SyncLine line;
    private readonly string version;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Telling telling;
    private readonly Orders orders;
    private readonly Asking asking;
    private TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long calls;
    private long calledAt;
    private long greeting;

    /// <param name="requests">Null where nothing is asked inside the cluster.</param>
    public SyncLoop(ICluster cluster, IClusterRequests? requests, SyncLine line, string version, TimeProvider time, ILogger<SyncLoop> log)
    {
        (this.line, this.version, this.time, this.log) = (line, version, time, log);
        telling = new Telling(cluster);
        orders = new Orders(cluster, () => Volatile.Read(ref done).TrySetResult(), log);
        asking = new Asking(requests, time);
    }

    /// <summary>Until it is told to stop.</summary>
    /// <exception cref="SupersededException">Another agent keeps the cluster now; this one must not go on.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var working = orders.RunAsync(stop.Token);
        try
        {
            await CallAsync(stop.Token);
        }
        finally
        {
            await stop.CancelAsync();
            await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task CallAsync(CancellationToken cancellationToken)
    {
        var delay = FirstDelay;
        while (true)
        {
            try
            {
                await RoundAsync(cancellationToken);
                delay = FirstDelay;
                continue;
            }
            catch (SyncRefusedException refused) when (refused.Code == "Superseded")
            {
                throw new SupersededException(refused.Message);
            }
            catch (SyncRefusedException refused)
            {
                LogRefused(log, refused.Message, refused.Status == HttpStatusCode.Unauthorized ? "is the token the newest one?" : "has the cluster been removed, or is the server of another version?");
                delay = RefusedDelay;
            }
#pragma warning disable CA1031 // The boundary of the loop: everything is a level, and is said again.
            catch (Exception trouble) when (trouble is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                if (trouble is IOException) LogUnheard(log, trouble.Message);
                else LogTrouble(log, trouble);
            }

            asking.AskAgain();

            // Many agents that lost the same server must not come back as one.
            await Task.Delay(delay * (0.5 + Random.Shared.NextDouble()), time, cancellationToken);
            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    private async Task RoundAsync(CancellationToken cancellationToken)
    {
        if (calls > 0 && BetweenCalls - time.GetElapsedTime(calledAt) is var left && left > TimeSpan.Zero) await Task.Delay(left, time, cancellationToken);
        calledAt = time.GetTimestamp();
        Volatile.Write(ref done, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await telling.AskAsync(cancellationToken);
        var call = new SyncCall(life, ++calls, version)
        {
            Server = orders.Server,
            Greeting = greeting,
            HeardUpTo = orders.HeardUpTo,
            Results = orders.Results(),
            Retelling = telling.Retelling,
            Report = telling.Page(),
            Requests = await asking.PendingAsync(cancellationToken),
        };
        if (await AnswerAsync(call, cancellationToken) is not { } answer) return;
        orders.Meet(answer.Server);
        if (answer.Greeting > 0) greeting = answer.Greeting;
        if (!answer.WasHeard)
        {
            asking.AskAgain();
            return;
        }

        orders.Hear(call, answer);
        telling.Hear(answer);
        await asking.HearAsync(call, answer, cancellationToken);
    }

    /// <summary>Null where there is something to say before an answer has come.</summary>
    private async Task<SyncAnswer?> AnswerAsync(SyncCall call, CancellationToken cancellationToken)
    {
        if (call.SaysSomething) return await line.CallAsync(call, cancellationToken);
        var leave = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = HoldAsync(call, leave.Task, cancellationToken);
        var news = Task.WhenAny(telling.Change, Volatile.Read(ref done).Task, asking.WaitAsync(cancellationToken));
        if (await Task.WhenAny(held, news) == held || held.IsCompleted) return await held;
        leave.SetResult();
        return null;
    }

    /// <summary>The server lets an earlier call go when the next one comes, and its connection serves again.</summary>
    private async Task<SyncAnswer> HoldAsync(SyncCall call, Task leave, CancellationToken cancellationToken)
    {
        using var given = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var held = line.CallAsync(call, given.Token);
        if (await Task.WhenAny(held, leave) == leave) given.CancelAfter(LeaveWithin);
        return await held;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The server refuses this agent ({Why}); {Question} It is tried again")]
    private static partial void LogRefused(ILogger log, string why, string question);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The server is not heard: {Why}; it is called again")]
    private static partial void LogUnheard(ILogger log, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "A round failed; it is repeated")]
    private static partial void LogTrouble(ILogger log, Exception exception);
}
