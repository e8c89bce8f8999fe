using System.Security.Cryptography;
using Convoy.Core.Languages;
using Convoy.Core.Tasks;

namespace Convoy.Client;

/// <summary>How typing into a job came to an end.</summary>
public enum TerminalEnd
{
    /// <summary>The program has ended, and all that it printed was shown.</summary>
    Ended,

    /// <summary>It is no longer there: what it printed after <see cref="RemoteTerminal.Position"/> is in the job's log.</summary>
    Gone,

    /// <summary>The person has attached elsewhere.</summary>
    TakenOver,
}

/// <summary>Something that happened on the way to a job's terminal, and goes on.</summary>
public abstract record TerminalNotice
{
    /// <summary>The connection broke, and is made again.</summary>
    public sealed record Lost(Text Why) : TerminalNotice;

    /// <summary>It is there again.</summary>
    public sealed record Back : TerminalNotice;

    /// <summary>So much output came while it was not, and is only in the log.</summary>
    /// <param name="From">Number of the first byte of it.</param>
    public sealed record Missed(long From, long Bytes) : TerminalNotice;
}

/// <summary>
/// A person's side of an interactive job's terminal. Where the connection breaks it is made again: what was printed meanwhile comes
/// late, and what was typed and had not arrived is sent again, once.
/// </summary>
public sealed class RemoteTerminal : IDisposable
{
    /// <summary>A server that restarts is back by then.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ServerLine line;
    private readonly string path;
    private readonly TimeProvider time;
    private readonly long session = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
    private readonly TypedBytes typed = new();
    private readonly SemaphoreSlim news = new(0);
    private TerminalSize? size;
    private volatile bool isResized;
    private volatile bool hasEnded;
    private bool isBack;
    private long? next;

    internal RemoteTerminal(ServerLine line, string path, TimeProvider time, TerminalSize? size, bool fromStart)
    {
        this.line = line;
        this.path = path;
        this.time = time;
        this.size = size;
        next = fromStart ? 0 : null;
    }

    /// <summary>One past the last byte shown, numbered as in the job's log; null before the first connection of who sees only the last output.</summary>
    public long? Position => next;

    /// <summary>Waits where more is typed than the program takes.</summary>
    public async Task TypeAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var count = typed.Add(bytes.Span);
            bytes = bytes[count..];
            if (count > 0) news.Release();
            else await typed.RoomAsync(cancellationToken);
        }
    }

    /// <summary>Nothing more will be typed.</summary>
    public void EndInput()
    {
        hasEnded = true;
        news.Release();
    }

    public void Resize(TerminalSize window)
    {
        size = window;
        isResized = true;
        news.Release();
    }

    /// <summary>Until the program ends or somebody takes over. Leaving, by <paramref name="cancellationToken"/>, ends nothing.</summary>
    /// <param name="notice">Awaited before more is printed.</param>
    /// <param name="print">Given what the program prints, in order; valid during the call.</param>
    /// <exception cref="ConvoyException">The job may not be typed into.</exception>
    /// <exception cref="ServerUnreachableException">For minutes now.</exception>
    public async Task<TerminalEnd> RunAsync(Action<ReadOnlyMemory<byte>> print, Func<TerminalNotice, Task> notice, CancellationToken cancellationToken)
    {
        var pause = ShortestPause;
        long? lostSince = null;
        while (true)
        {
            try
            {
                using var socket = await line.OpenSocketAsync(path, cancellationToken);
                if (await ServeAsync(new TerminalSocket(socket), print, notice, ConnectedAsync, cancellationToken) is { } end) return end;
                await LostAsync("the connection broke");
            }
            catch (ServerUnreachableException e) when (lostSince is { } since && time.GetElapsedTime(since) < GiveUpAfter)
            {
                await LostAsync(e.Explanation);
            }
            catch (ConvoyException e) when (e.Code is "NotRunning" or "AlreadyFinished")
            {
                return TerminalEnd.Gone;
            }

            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
        }

        async Task ConnectedAsync()
        {
            if (lostSince is not null) await notice(new TerminalNotice.Back());
            (lostSince, pause) = (null, ShortestPause);
        }

        async Task LostAsync(Text why)
        {
            if (lostSince is null) await notice(new TerminalNotice.Lost(why));
            lostSince ??= time.GetTimestamp();
        }
    }

    public void Dispose()
    {
        news.Dispose();
        typed.Dispose();
    }

    /// <summary>Null where the connection broke.</summary>
    private async Task<TerminalEnd?> ServeAsync(TerminalSocket socket, Action<ReadOnlyMemory<byte>> print, Func<TerminalNotice, Task> notice, Func<Task> connected, CancellationToken cancellationToken)
    {
        isResized = false;
        if (!await socket.SendAsync(new TerminalAttach(size, session, next, isBack).ToFrame(), cancellationToken)) return null;
        if (await socket.ReceiveAsync(cancellationToken) is not { } first) return null;
        if (first.Kind == TerminalFrameKind.TakenOver) return TerminalEnd.TakenOver;
        if (TerminalAttached.Read(first) is not { } attached) return first.Kind == TerminalFrameKind.Ended ? TerminalEnd.Ended : null;
        isBack = true;
        await connected();
        if (attached.Offset > next) await notice(new TerminalNotice.Missed(next.Value, attached.Offset - next.Value));
        next = attached.Offset;
        typed.StartAgain(attached.InputTaken);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = SendAsync(socket, over.Token);
        try
        {
            while (await socket.ReceiveAsync(cancellationToken) is { } frame)
            {
                switch (frame.Kind)
                {
                    case TerminalFrameKind.Output:
                        print(frame.Payload);
                        next += frame.Payload.Length;
                        break;
                    case TerminalFrameKind.InputTaken when frame.Number is { } taken:
                        typed.Acknowledge(taken);
                        break;
                    case TerminalFrameKind.TakenOver:
                        return TerminalEnd.TakenOver;
                    case TerminalFrameKind.Ended:
                        return TerminalEnd.Ended;
                    default:
                        // Of a newer server.
                        break;
                }
            }

            return null;
        }
        finally
        {
            await over.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SendAsync(TerminalSocket socket, CancellationToken over)
    {
        var saidEnd = false;
        while (true)
        {
            if (isResized)
            {
                isResized = false;
                if (!await socket.SendAsync(new TerminalFrame(TerminalFrameKind.Resize, size!.Value.ToBytes()), over)) return;
            }

            // Asked first: what was typed before the end goes before it.
            var isLast = hasEnded;
            while (typed.Unsent() is { Length: > 0 } bytes)
            {
                if (!await socket.SendAsync(new TerminalFrame(TerminalFrameKind.Input, bytes), over)) return;
            }

            if (isLast && !saidEnd)
            {
                saidEnd = true;
                if (!await socket.SendAsync(new TerminalFrame(TerminalFrameKind.EndOfInput), over)) return;
            }

            await news.WaitAsync(over);
        }
    }
}
