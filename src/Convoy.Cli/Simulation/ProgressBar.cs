using Convoy.Cli.Output;

namespace Convoy.Cli.Simulation;

/// <summary>How far a long calculation is, on standard error, and only for people at a terminal.</summary>
internal sealed class ProgressBar(Call call, string label, int total)
{
    private const int Width = 30;
    private readonly bool isWanted = !Console.IsErrorRedirected && total > 0;
    private int shown = -1;

    public void Show(int done)
    {
        var filled = (int)((long)Width * done / Math.Max(1, total));
        if (!isWanted || filled == shown) return;
        shown = filled;
        call.Error.Write($"\r{label,-7} {new string('█', filled)}{new string('░', Width - filled)} {Spans.Count(done, "job")} of {total}");
    }

    /// <summary>Takes the line away.</summary>
    public void Clear()
    {
        if (isWanted) call.Error.Write("\r\e[K");
    }
}
