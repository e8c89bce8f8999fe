using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;
using Convoy.Cli.Output;

namespace Convoy.Cli.Live;

/// <summary>
/// A terminal's second screen, on which a picture is drawn again and again. However it ends (q, Ctrl-C, a signal, an error), the first
/// screen comes back as it was.
/// </summary>
internal sealed class LiveScreen(TextWriter output) : IDisposable
{
    private const string Enter = "\e[?1049h\e[?25l\e[?7l";

    /// <summary>Also the keypad mode that reading keys has switched on.</summary>
    private const string Leave = "\e[?7h\e[?25h\e[?1l\e>\e[?1049l";
    private const int FirstSignalExit = 128;

    /// <summary>Ages grow by themselves.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>Nobody reads faster.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Channel<bool> wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly TaskCompletionSource quit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PosixSignalRegistration> signals = [];
    private int left;

    /// <param name="frame">The lines for so many columns and rows.</param>
    /// <param name="feed">Brings what is shown up to date, and says when there is news; the picture stands until it returns.</param>
    public static async Task<int> ShowAsync(Call call, Func<int, int, IReadOnlyList<string>> frame, Func<Action, CancellationToken, Task> feed, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // What is wrong from the start (no server, no such job) is said on the first screen.
        var hasNews = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        LiveScreen? screen = null;
        var feeding = feed(() => { hasNews.TrySetResult(); Volatile.Read(ref screen)?.Wake(); }, ending.Token);
        await Task.WhenAny(feeding, hasNews.Task);
        if (feeding.IsCompleted)
        {
            await feeding;
            return ExitCodes.Success;
        }

        using (screen = new LiveScreen(call.Output))
        {
            try
            {
                screen.Begin();
                while (!feeding.IsCompleted && !screen.quit.Task.IsCompleted)
                {
                    screen.Draw(frame(Terminal.Width ?? 80, Terminal.Height));
                    await Task.Delay(Pause, call.Time, cancellationToken);
                    await Task.WhenAny(screen.wakes.Reader.WaitToReadAsync(cancellationToken).AsTask().WaitAsync(Period, call.Time, cancellationToken), feeding, screen.quit.Task);
                    screen.wakes.Reader.TryRead(out _);
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
            finally
            {
                await ending.CancelAsync();
                if (!feeding.IsFaulted) await feeding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        if (feeding.IsFaulted) await feeding;
        return ExitCodes.Success;
    }

    public void Dispose()
    {
        Restore();
        foreach (var signal in signals) signal.Dispose();
    }

    private void Begin()
    {
        On(PosixSignal.SIGWINCH, _ => Wake());
        foreach (var signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT }) On(signal, Die);
        output.Write(Enter);
        output.Flush();
        if (!Console.IsInputRedirected) new Thread(ReadKeys) { IsBackground = true }.Start();

        void On(PosixSignal signal, Action<PosixSignalContext> handler) => signals.Add(PosixSignalRegistration.Create(signal, handler));
    }

    private void Wake() => wakes.Writer.TryWrite(true);

    /// <summary>In one piece, over what is there: nothing flickers.</summary>
    private void Draw(IReadOnlyList<string> lines)
    {
        var (width, height) = (Terminal.Width ?? 80, Terminal.Height);
        var picture = new StringBuilder("\e[H");
        for (var i = 0; i < Math.Min(lines.Count, height); i++)
        {
            if (i > 0) picture.Append("\r\n");
            picture.Append(Cells.Crop(lines[i], width)).Append("\e[0m\e[K");
        }

        output.Write(picture.Append("\e[J").ToString());
        output.Flush();
    }

    private void ReadKeys()
    {
        try
        {
            while (Console.ReadKey(intercept: true).KeyChar is not ('q' or 'Q' or '\u0003' or '\u0004')) Wake();
        }
        catch (Exception e) when (e is InvalidOperationException or IOException)
        {
            // The keyboard has gone; signals end it still.
            return;
        }

        quit.TrySetResult();
    }

    /// <summary>The default is to die at once, and would leave the terminal on the second screen.</summary>
    private void Die(PosixSignalContext context)
    {
        Restore();
        Environment.Exit(FirstSignalExit + context.Signal switch { PosixSignal.SIGHUP => 1, PosixSignal.SIGQUIT => 3, _ => 15 });
    }

    private void Restore()
    {
        if (Interlocked.Exchange(ref left, 1) == 1) return;
        output.Write(Leave);
        output.Flush();
    }
}
