using System.CommandLine;
using System.Globalization;
using Convoy.Cli.Live;
using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class MetricsVerb
{
    /// <summary>Of the picture that stays when a job has ended.</summary>
    private const int LastHeight = 24;

    private static readonly Listing<MetricView, MetricView> Points = Listing.Of(
        Rendering.Indented.MetricView,
        point => point.Name,
        new("SEQUENCE", point => $"{point.Sequence}"),
        Column.Time<MetricView>("AT", point => point.At),
        new("ATTEMPT", point => $"{point.Attempt}"),
        new("RANK", point => $"{point.Rank}"),
        new("STEP", point => $"{point.Step}"),
        new("NAME", point => point.Name),
        new("VALUE", point => point.Value.ToString("R", CultureInfo.InvariantCulture)));

    public static Command Build()
    {
        var job = Arguments.Job();
        var name = Options.Text("--name", "NAME", "Only this metric");
        var follow = Options.Switch("--follow", "Print points as they come, until the job has ended; exits like wait", "-f");
        var watch = Options.Switch("--watch", "Draw curves on the terminal while the job runs; exits like wait. Elsewhere the same as --follow", "-w");
        var options = new ListOptions(usual: 100_000);
        return new Verb("metrics", "What a job's tasks reported: loss, accuracy and the like")
        {
            Examples = ["convoy metrics digits", "convoy metrics digits --name loss -w", "convoy metrics digits -o csv > metrics.csv", "convoy metrics digits -o json | jq '.items[] | [.step, .value]'"],
            About = "As a table, each metric of each rank is a line with its trend; a step that a restarted job reported again counts as the later attempt said. The other forms, and --watch, have every point of every attempt.",
            SeeAlso = ["logs", "events"],
            Exits = ExitCodes.OfJobs,
            Arguments = { job },
            Options = { name, follow, watch, options.Limit, options.After, options.Format },
            Body = async (call, cancellationToken) =>
            {
                var (wanted, only, format) = (call.Get(job), call.Get(name), call.Get(options.Format)!);
                if (call.Get(watch) && format is "table" or "wide" && Terminal.TakesDrawings) return await DrawAsync(call, wanted, only, cancellationToken);
                if (call.Get(follow) || call.Get(watch)) return await FollowAsync(call, wanted, only, format, cancellationToken);
                Task<MetricListView> Page(int size, string? from) => call.Client.ListMetricsAsync(wanted, only, from, size, cancellationToken);
                var limit = call.Get(options.Limit) ?? options.Usual;
                return format is "table" or "wide" or "name"
                    ? await SummariseAsync(call, format, limit, call.Get(options.After), Page)
                    : await Points.WriteAsync(call, format, limit, call.Get(options.After), Page);
            },
        };
    }

    private static async Task<int> SummariseAsync(Call call, string format, int limit, string? after, Func<int, string?, Task<MetricListView>> page)
    {
        var points = new List<MetricView>();
        var next = await Listing<MetricView, MetricView>.ReadAsync(limit, after, page, points.AddRange);
        return Summarise(call, format, MetricSeries.AllOf(points), next);
    }

    private static int Summarise(Call call, string format, IReadOnlyList<MetricSeries> series, string? next)
    {
        if (format == "name")
        {
            foreach (var metric in series.Select(one => one.Name).Distinct()) call.Output.Write(Printable.Of(metric) + "\n");
            return ExitCodes.Success;
        }

        if (series.Count == 0) call.Say($"no metrics were reported");
        else new TablePrinter<MetricSeries>(call.Output, MetricSeries.Columns, Forms.Table, call.Now, format == "wide" ? null : Terminal.Width) { Call = call }.Add(series);
        Listing<MetricView, MetricView>.SayMore(call, next);
        return ExitCodes.Success;
    }

    private static async Task<int> DrawAsync(Call call, string job, string? name, CancellationToken cancellationToken)
    {
        var curves = new MetricCurves();
        JobView? end = null;
        await LiveScreen.ShowAsync(
            call,
            (width, height) => [Core.Languages.Text.Of($"{Printable.Of(job)}   {Spans.Time(call.Now)}   q ends the watching").Said(), .. curves.Lines(width, height - 1)],
            async (wake, ending) =>
            {
                await foreach (var item in call.Client.FollowMetricsAsync(job, name, ending))
                {
                    end = item.End;
                    if (item.Value is { } point) curves.Add(point);
                    wake();
                }
            },
            cancellationToken);
        call.Print(string.Join('\n', curves.Lines(Terminal.Width ?? 80, LastHeight)));
        return end is null ? ExitCodes.Success : JobEnd.Say(call, end);
    }

    private static async Task<int> FollowAsync(Call call, string job, string? name, string format, CancellationToken cancellationToken)
    {
        var rows = format is "table" or "wide" or "json" or "yaml" ? null : Points.Printer(call, format);
        await foreach (var item in call.Client.FollowMetricsAsync(job, name, cancellationToken))
        {
            if (item.End is { } end) return JobEnd.Say(call, end);
            if (item.Value is not { } point) continue;
            if (rows is not null)
            {
                rows.Add([point]);
                await call.Output.FlushAsync(cancellationToken);
            }
            else if (format is "table" or "wide") call.Print(Core.Languages.Text.Of($"{Spans.Time(point.At)}  attempt {point.Attempt}  rank {point.Rank}  step {point.Step}  {Printable.Of(point.Name)} {MetricSeries.Text(point.Value)}").Said());
            else call.Print(point, Rendering.Lines.MetricView);
        }

        throw new InvalidOperationException("the stream of metrics ended without its end event");
    }
}
