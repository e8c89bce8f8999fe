using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Convoy.Client;

namespace Convoy.Cli.Terminals;

internal enum AttachmentEnd
{
    /// <summary>The program has ended, or lost its machines.</summary>
    Ended,

    /// <summary>The same, and something of what it printed may not have been shown.</summary>
    Gone,
    TakenOver,
    Detached,
}

/// <summary>Standard input and output, or the terminal that they are, joined to an interactive job until either side leaves.</summary>
[SuppressMessage("Reliability", "CA2000", Justification = "The local terminal is disposed by `using`, and before that where something unforeseen ends the attachment.")]
[SuppressMessage("Reliability", "CA2025", Justification = "The typing is awaited in the finally block, before what it uses is disposed.")]
internal sealed class Attachment(Call call, string job, Stream output)
{
    private readonly TypedInput input = new();
    private long? position;

    /// <param name="isTerminal">The job has a terminal, and so have we.</param>
    /// <param name="fromStart">Shows all that was printed before, not only the last of it.</param>
    /// <param name="cancellationToken">Detaches.</param>
    public async Task<AttachmentEnd> RunAsync(bool isTerminal, bool fromStart, CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var remote = call.Client.Terminal(job, isTerminal ? LocalTerminal.Size : null, fromStart);
        using var local = isTerminal ? LocalTerminal.Open() : null;
        using var resized = isTerminal ? PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resize(remote)) : null;
        using var continued = isTerminal ? PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => ComeBack(remote, local!)) : null;
        position = null;
        var typing = TypeAsync(remote, local, leaving);
        try
        {
            var end = await remote.RunAsync(bytes => output.Write(bytes.Span), notice => TellAsync(notice, local, leaving.Token), leaving.Token);
            position = remote.Position;
            return end switch { TerminalEnd.Ended => AttachmentEnd.Ended, TerminalEnd.Gone => AttachmentEnd.Gone, _ => AttachmentEnd.TakenOver };
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            return AttachmentEnd.Detached;
        }
        catch
        {
            // Here and not in a finally block, which a crash may never come to.
            local?.Dispose();
            throw;
        }
        finally
        {
            await leaving.CancelAsync();
            await typing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What the program printed after the last that was shown, from the job's log.</summary>
    public Task ShowRestAsync(CancellationToken cancellationToken) => ShowLogAsync(position ?? 0, long.MaxValue, cancellationToken);

    private async Task ShowLogAsync(long from, long end, CancellationToken cancellationToken)
    {
        await foreach (var item in call.Client.ReadLogsAsync(job, new LogQuery(), cancellationToken))
        {
            if (item.Value is not { } chunk) continue;
            if (chunk.Offset >= end) return;
            var first = (int)Math.Clamp(from - chunk.Offset, 0, chunk.Bytes.Length);
            var last = (int)Math.Clamp(end - chunk.Offset, first, chunk.Bytes.Length);
            output.Write(chunk.Bytes.Span[first..last]);
        }
    }

    private async Task TypeAsync(RemoteTerminal remote, LocalTerminal? local, CancellationTokenSource leaving)
    {
        var keys = new EscapeKeys();
        await foreach (var bytes in input.ReadAsync(leaving.Token))
        {
            if (local is null)
            {
                await remote.TypeAsync(bytes, leaving.Token);
                continue;
            }

            var (typed, action) = keys.Take(bytes);
            await remote.TypeAsync(typed, leaving.Token);
            if (action == EscapeAction.Help) local.Aside(Help);
            if (action != EscapeAction.Detach) continue;
            await leaving.CancelAsync();
            return;
        }

        // The end of a file is the program's to know. A terminal has none: it is gone, and its person with it.
        if (local is null) remote.EndInput();
        else await leaving.CancelAsync();
    }

    private static void Resize(RemoteTerminal remote)
    {
        if (LocalTerminal.Size is { } size) remote.Resize(size);
    }

    /// <summary>Whoever stopped us has used the terminal since.</summary>
    private static void ComeBack(RemoteTerminal remote, LocalTerminal local)
    {
        local.Enter();
        Resize(remote);
    }

    private void Help() => call.Say($"\nafter Enter:  ~.  detaches, and the job goes on; come back with `convoy run --attach {job}`\n              ~~  types one ~\n              ~?  shows this");

    private async Task TellAsync(TerminalNotice notice, LocalTerminal? local, CancellationToken cancellationToken)
    {
        // Somebody at a terminal does not want to see a flood again; a file must have all of it.
        if (local is not null) local.Aside(() => Tell(notice));
        else if (notice is TerminalNotice.Missed missed) await ShowLogAsync(missed.From, missed.From + missed.Bytes, cancellationToken);
        else Tell(notice);
    }

    private void Tell(TerminalNotice notice)
    {
        switch (notice)
        {
            case TerminalNotice.Lost lost:
                call.Say($"\nconnection lost ({lost.Why}); the program goes on, and trying again too");
                break;
            case TerminalNotice.Back:
                call.Say("connected again");
                break;
            case TerminalNotice.Missed missed:
                call.Say($"{missed.Bytes} bytes of output were not shown; `convoy logs {job}` has them");
                break;
        }
    }
}
