using System.CommandLine;
using System.Globalization;
using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class MetricsVerb
{
    private const int TrendWidth = 40;
    private const int DefaultPoints = 100_000;

    public static Command Build()
    {
        var job = Arguments.Job();
        var name = Options.Text("--name", "NAME", "Only this metric");
        var follow = Options.Switch("--follow", "Print points as they come, until the job has ended; exits like wait", "-f");
        var (limit, after) = Pages.Options();
        var format = Options.Format("table", "json", "yaml");
        return new Verb("metrics", "What a job's tasks reported: loss, accuracy and the like")
        {
            Examples = ["convoy metrics digits", "convoy metrics digits --name loss -f", "convoy metrics digits -o json | jq '.items[] | [.step, .value]'"],
            Arguments = { job },
            Options = { name, follow, limit, after, format },
            Body = async (call, cancellationToken) =>
            {
                if (call.Get(follow)) return await FollowAsync(call, call.Get(job), call.Get(name), call.Get(format)!, cancellationToken);
                var (items, next) = await Pages.ReadAsync(call.Get(limit) ?? DefaultPoints, call.Get(after), async (size, from) =>
                {
                    var page = await call.Client.ListMetricsAsync(call.Get(job), call.Get(name), from, size, cancellationToken);
                    return (page.Items, page.Next);
                });
                call.Write(call.Get(format), new MetricListView(items, next), Rendering.Indented.MetricListView, _ => Write(call, items));
                Pages.SayMore(call, next);
                return ExitCodes.Success;
            },
        };
    }

    private static void Write(Call call, IReadOnlyList<MetricView> points)
    {
        if (points.Count == 0)
        {
            call.Say("no metrics were reported");
            return;
        }

        // A restarted job reports its steps again: the later attempt is what counts.
        var series = points.GroupBy(point => (point.Name, point.Rank)).OrderBy(group => group.Key.Name, StringComparer.Ordinal).ThenBy(group => group.Key.Rank);
        var table = new TextTable("NAME", "RANK", "POINTS", "STEP", "LAST", "MIN", "MAX", "TREND").AlignRight(1, 2, 3, 4, 5, 6);
        foreach (var group in series)
        {
            var steps = group.GroupBy(point => point.Step).Select(same => same.OrderBy(point => (point.Attempt, point.Sequence)).Last()).OrderBy(point => point.Step).ToArray();
            var finite = steps.Select(point => point.Value).Where(double.IsFinite).ToArray();
            table.Add(
                group.Key.Name, $"{group.Key.Rank}", $"{steps.Length}", $"{steps[^1].Step}", Text(steps[^1].Value), finite.Length == 0 ? null : Text(finite.Min()),
                finite.Length == 0 ? null : Text(finite.Max()), Sparkline.Of([.. steps.Select(point => point.Value)], TrendWidth));
        }

        table.Write(call.Output);
    }

    private static async Task<int> FollowAsync(Call call, string job, string? name, string format, CancellationToken cancellationToken)
    {
        await foreach (var item in call.Client.FollowMetricsAsync(job, name, cancellationToken))
        {
            if (item.End is { } end) return JobEnd.Say(call, end);
            if (item.Value is not { } point) continue;
            if (format == "table") call.Print($"{Spans.Time(point.At)}  attempt {point.Attempt}  rank {point.Rank}  step {point.Step}  {Printable.Of(point.Name)} {Text(point.Value)}");
            else call.Print(point, Rendering.Lines.MetricView);
        }

        throw new InvalidOperationException("the stream of metrics ended without its end event");
    }

    private static string Text(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
