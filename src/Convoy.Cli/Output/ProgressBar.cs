using Spectre.Console;

namespace Convoy.Cli.Output;

/// <summary>How far something is, as one line on standard error that is drawn again, and only for people at a terminal.</summary>
internal sealed class ProgressBar(Call call, string label, long total)
{
    private const int LeastBar = 5;
    private const int LargestBar = 60;
    private static readonly TimeSpan BetweenDrawings = TimeSpan.FromMilliseconds(200);

    /// <summary>What less time says of the whole is not worth telling.</summary>
    private static readonly TimeSpan BeforeEstimate = TimeSpan.FromSeconds(2);

    private readonly long began = call.Time.GetTimestamp();
    private long? drawn;

    public TimeSpan Passed => call.Time.GetElapsedTime(began);

    public bool IsWanted { get; } = !Console.IsErrorRedirected && total > 0;

    /// <param name="text">What is said behind the bar; how long it may take still follows.</param>
    public void Show(long done, Func<Text> text)
    {
        if (!IsWanted || (drawn is { } last && call.Time.GetElapsedTime(last) < BetweenDrawings)) return;
        drawn = call.Time.GetTimestamp();
        var told = Text.Of($"{text()}{Left(done, Passed)}").Said();
        var room = Terminal.ErrorWidth - 1;
        var bar = Math.Min(LargestBar, room - label.GetCellWidth() - told.GetCellWidth() - 2);
        var filled = (int)(bar * (double)Math.Min(done, total) / total);
        var line = bar < LeastBar ? $"{label} {told}" : $"{label} {new string('█', filled)}{new string('░', bar - filled)} {told}";
        call.Error.Write($"\r{line[..Math.Min(line.Length, room)]}\e[K");
    }

    /// <summary>Takes the line away.</summary>
    public void Clear()
    {
        if (drawn is not null) call.Error.Write("\r\e[K");
    }

    /// <summary>As if all of it took as long as what is done.</summary>
    private Text Left(long done, TimeSpan passed) => done == 0 || done >= total || passed < BeforeEstimate ? Text.None : $", about {Spans.Of(passed * ((double)(total - done) / done))} left";
}
