using Convoy.Cli.Output;

namespace Convoy.Cli.Downloads;

/// <summary>How much of a download has come, on standard error, and only for people at a terminal.</summary>
internal sealed class TransferBar(Call call, long files, long bytes)
{
    private const int Width = 30;

    /// <summary>Less comes before anybody has read the line.</summary>
    private const long WorthShowing = 4 << 20;
    private static readonly TimeSpan BetweenDrawings = TimeSpan.FromMilliseconds(200);

    private readonly bool isWanted = !Console.IsErrorRedirected && (bytes >= WorthShowing || files > 100);
    private long come;
    private long done;
    private long? drawn;

    public void Add(long more)
    {
        come += more;
        Show();
    }

    public void FileDone()
    {
        done++;
        Show();
    }

    /// <summary>Takes the line away.</summary>
    public void Clear()
    {
        if (drawn is not null) call.Error.Write("\r\e[K");
    }

    private void Show()
    {
        if (!isWanted || (drawn is { } last && call.Time.GetElapsedTime(last) < BetweenDrawings)) return;
        drawn = call.Time.GetTimestamp();
        var filled = bytes == 0 ? Width : (int)Math.Clamp(come * (double)Width / bytes, 0, Width);
        call.Error.Write($"\r{new string('█', filled)}{new string('░', Width - filled)} {Spans.Bytes(come)} of {Spans.Bytes(bytes)}, {done} of {Spans.Count(files, "file")}\e[K");
    }
}
