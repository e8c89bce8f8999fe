using Convoy.Cli.Output;

namespace Convoy.Cli.Simulation;

/// <summary>How far a simulation is, on standard error, and only for people at a terminal.</summary>
/// <param name="begin">When the first job comes.</param>
internal sealed class ProgressBar(Call call, string label, int total, TimeSpan begin)
{
    private const int UsualWidth = 80;
    private const int LeastBar = 5;
    private const int LargestBar = 60;
    private static readonly TimeSpan BetweenDrawings = TimeSpan.FromMilliseconds(200);

    /// <summary>What less time says of the whole is not worth telling.</summary>
    private static readonly TimeSpan BeforeEstimate = TimeSpan.FromSeconds(2);

    private readonly bool isWanted = !Console.IsErrorRedirected && total > 0;
    private readonly long began = call.Time.GetTimestamp();
    private long? drawn;

    /// <param name="now">In the trace.</param>
    public void Show(int done, TimeSpan now)
    {
        if (!isWanted || (drawn is { } last && call.Time.GetElapsedTime(last) < BetweenDrawings)) return;
        drawn = call.Time.GetTimestamp();
        var text = $"{done} of {Spans.Count(total, "job")}, {Spans.Of(now - begin)} simulated{Left(done, call.Time.GetElapsedTime(began))}";
        var room = (Console.WindowWidth is > 0 and var width ? width : UsualWidth) - 1;
        var bar = Math.Min(LargestBar, room - label.Length - text.Length - 2);
        var filled = (int)((long)bar * done / total);
        var line = bar < LeastBar ? $"{label} {text}" : $"{label} {new string('█', filled)}{new string('░', bar - filled)} {text}";
        call.Error.Write($"\r{line[..Math.Min(line.Length, room)]}\e[K");
    }

    /// <summary>Takes the line away.</summary>
    public void Clear()
    {
        if (drawn is not null) call.Error.Write("\r\e[K");
    }

    /// <summary>As if all jobs took as long as those that have ended.</summary>
    private string Left(int done, TimeSpan passed) => done == 0 || passed < BeforeEstimate ? "" : $", about {Spans.Of(passed * ((double)(total - done) / done))} left";
}
