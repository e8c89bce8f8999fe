using Convoy.Cli.Output;

namespace Convoy.Cli.Downloads;

/// <summary>How much of a download has come.</summary>
internal sealed class TransferBar(Call call, long files, long bytes)
{
    /// <summary>Less comes before anybody has read the line.</summary>
    private const long WorthShowing = 4 << 20;

    private readonly ProgressBar bar = new(call, Text.Of("downloading").Said(), bytes >= WorthShowing ? bytes : 0);
    private long come;
    private long done;

    public void Add(long more)
    {
        come += more;
        bar.Show(come, () => $"{Spans.Bytes(come)} of {Spans.Bytes(bytes)}, {done} of {Spans.Count(files, "file")}");
    }

    public void FileDone() => done++;

    /// <summary>Takes the line away.</summary>
    public void Clear() => bar.Clear();
}
