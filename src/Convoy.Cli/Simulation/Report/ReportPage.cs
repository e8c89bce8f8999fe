using System.Globalization;
using Convoy.Cli.Output;
using Convoy.Core.Languages;
using Convoy.Core.Simulation;
using static Convoy.Cli.Simulation.Report.Markup;

namespace Convoy.Cli.Simulation.Report;

/// <summary>A simulation as one page that needs nothing but itself: no network, no script.</summary>
internal sealed class ReportPage(Scenario scenario, IReadOnlyList<SimulationResult> results)
{
    /// <summary>People with a colour of their own.</summary>
    private const int MostUsers = 7;

    /// <summary>People in the table.</summary>
    private const int MostRows = 20;

    public void Write(TextWriter page)
    {
        page.Write($"""
            <!DOCTYPE html>
            <html lang="{LanguageTags.Of(Speech.Language)}" xmlns="http://www.w3.org/1999/xhtml">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <title>{Said("Convoy simulation")}</title>
            <style>{ReportStyle.Css}</style>
            </head>
            <body>
            <main>
            <header><h1>{Said("Simulation")}</h1><p>{Said(Subject())}</p></header>

            """);
        var figures = results.Select(result => (result.Policy, Figures: SimulationFigures.Of(result))).ToArray();
        if (figures is [var only]) WriteTiles(page, only.Policy, only.Figures);
        else WriteTable(page, figures);
        var timeline = Timeline.Of(results);
        var charts = new Charts(results, timeline);
        if (results.Count > 1) page.Write($"<p class=\"legend\">{string.Concat(results.Select(result => Key(Charts.Colour(result.Policy), Policies.Word(result.Policy))))}</p>\n");
        page.Write("<section class=\"charts\">\n");
        WriteFigure(page, "GPU utilisation", "Devices in use, of all that there are", charts.Utilisation());
        WriteFigure(page, "Waiting jobs", "Submitted, without machines", charts.Queue());
        WriteFigure(page, "Completion time", "Share of jobs that had ended so long after their submission; logarithmic", charts.Completion());
        WriteFigure(page, "Wait by size", "Average time without machines of jobs with so many GPUs", charts.WaitBySize());
        page.Write("</section>\n");
        WritePeople(page, charts);
        page.Write("<footer>" + Said("Made by `convoy simulate`. Point at a chart to read its values.") + "</footer>\n</main>\n</body>\n</html>\n");
    }

    private Text Subject()
    {
        var (nodes, jobs) = (scenario.Cluster.Nodes, scenario.Jobs);
        var types = nodes.Where(node => node.Gpus > 0 && node.Accelerator.Length > 0).GroupBy(node => node.Accelerator).Select(group => $"{group.Sum(node => node.Gpus)} {group.Key}").ToArray();
        var people = jobs.Select(job => job.User).Distinct().Count();
        var ofTypes = types.Length > 0 ? Text.Of($" ({string.Join(", ", types)})") : "";
        var ofPeople = people > 1 ? Text.Of($" of {people} people") : "";
        return $"{Spans.Count(nodes.Count, "node")} with {Spans.Count(nodes.Sum(node => node.Gpus), "GPU")}{ofTypes} · {Spans.Count(jobs.Count, "job")}{ofPeople} submitted within {Spans.Of(jobs.Max(job => job.Submit) - jobs.Min(job => job.Submit))}";
    }

    private static void WriteTiles(TextWriter page, SimulationPolicy policy, SimulationFigures told)
    {
        (Text Name, string Value, Text Note)[] tiles =
        [
            ("Average completion", Spans.Of(told.AverageCompletion), $"half within {Spans.Of(told.MedianCompletion)}, 99% within {Spans.Of(told.P99Completion)}"),
            ("Average wait", Spans.Of(told.AverageQueueing), $"99% at most {Spans.Of(told.P99Queueing)}"),
            ("GPU utilisation", Percent(told.Utilisation), $"over {Spans.Of(told.Makespan)}"),
            ("Completed", $"{told.Completed}", told.NeverFit == 0 ? Text.Of("all of them") : $"{told.NeverFit} never fit"),
            ("Evictions", $"{told.Evictions}", $"{Spans.Of(told.LostGpuTime)} of GPU time done again"),
        ];
        page.Write($"<section class=\"tiles {Charts.Colour(policy)}\" aria-label=\"{Said($"Figures under {Policies.Word(policy)}")}\">\n");
        foreach (var (name, value, note) in tiles) page.Write($"<div><h2>{Said(name)}</h2><strong>{value}</strong><p>{Said(note)}</p></div>\n");
        page.Write("</section>\n");
    }

    private static void WriteTable(TextWriter page, IReadOnlyList<(SimulationPolicy Policy, SimulationFigures Figures)> figures)
    {
        (Text Name, Func<SimulationFigures, decimal> Of, Func<SimulationFigures, string> Shown, bool LessIsBetter)[] columns =
        [
            ("Average completion", told => told.AverageCompletion.Ticks, told => Spans.Of(told.AverageCompletion), true),
            ("Median", told => told.MedianCompletion.Ticks, told => Spans.Of(told.MedianCompletion), true),
            ("99%", told => told.P99Completion.Ticks, told => Spans.Of(told.P99Completion), true),
            ("Average wait", told => told.AverageQueueing.Ticks, told => Spans.Of(told.AverageQueueing), true),
            ("99%", told => told.P99Queueing.Ticks, told => Spans.Of(told.P99Queueing), true),
            ("Makespan", told => told.Makespan.Ticks, told => Spans.Of(told.Makespan), true),
            ("GPU use", told => told.Utilisation, told => Percent(told.Utilisation), false),
            ("Evictions", told => told.Evictions, told => $"{told.Evictions}", true),
            ("GPU time again", told => told.LostGpuTime.Ticks, told => Spans.Of(told.LostGpuTime), true),
            ("Never fit", told => told.NeverFit, told => $"{told.NeverFit}", true),
        ];
        page.Write($"<section class=\"card wide\"><table><thead><tr><th>{Said("Policy")}</th>{string.Concat(columns.Select(column => $"<th>{Said(column.Name)}</th>"))}</tr></thead><tbody>\n");
        foreach (var (policy, told) in figures)
        {
            page.Write($"<tr><th>{Key(Charts.Colour(policy), Policies.Word(policy))}</th>");
            foreach (var column in columns)
            {
                // The best is marked where there is a difference.
                var values = figures.Select(each => column.Of(each.Figures)).ToArray();
                var best = column.LessIsBetter ? values.Min() : values.Max();
                var isBest = column.Of(told) == best && values.Distinct().Count() > 1;
                page.Write(isBest ? $"<td class=\"best\">{column.Shown(told)}</td>" : $"<td>{column.Shown(told)}</td>");
            }

            page.Write("</tr>\n");
        }

        page.Write("</tbody></table></section>\n");
    }

    private static void WriteFigure(TextWriter page, Text name, Text note, Chart chart) =>
        page.Write($"<figure class=\"card\"><figcaption><h2>{Said(name)}</h2><p>{Said(note)}</p></figcaption>\n{chart}</figure>\n");

    private void WritePeople(TextWriter page, Charts charts)
    {
        var people = results[0].Outcomes.GroupBy(outcome => outcome.Job.User).OrderByDescending(GpuHours).ThenBy(group => group.Key, StringComparer.Ordinal).ToArray();
        if (people.Length < 2) return;
        var coloured = people.Take(MostUsers).Select(group => group.Key).ToArray();
        var keys = coloured.Select((user, i) => Key($"u-{i}", user)).Concat(people.Length > MostUsers ? [Key("u-others", Text.Of("others").Said())] : []);
        page.Write($"<h2 class=\"part\">{Said("People")}</h2>\n<p class=\"legend\">{string.Concat(keys)}</p>\n<section class=\"charts\">\n");
        foreach (var result in results) WriteFigure(page, results.Count == 1 ? Text.Of("Who had the GPUs") : $"Who had the GPUs: {Policies.Word(result.Policy)}", "Devices in use by person, of all that there are", charts.Shares(result, coloured));
        if (results.Count > 1) page.Write("</section>\n<section>\n");
        WritePeopleTable(page, people);
        page.Write("</section>\n");
    }

    private void WritePeopleTable(TextWriter page, IReadOnlyList<IGrouping<string, SimulatedOutcome>> people)
    {
        var waits = results.Select(result => (result.Policy, ByUser: result.Outcomes.ToLookup(outcome => outcome.Job.User))).ToArray();
        page.Write($"<div class=\"card wide\"><table><thead><tr><th>{Said("Person")}</th><th>{Said("Jobs")}</th><th>{Said("GPU hours")}</th>{string.Concat(waits.Select(wait => $"<th>{Said("Average wait")}{(results.Count > 1 ? $": {Policies.Word(wait.Policy)}" : "")}</th>"))}</tr></thead><tbody>\n");
        foreach (var person in people.Take(MostRows))
        {
            page.Write($"<tr><th>{Escaped(person.Key)}</th><td>{person.Count()}</td><td>{GpuHours(person).ToString("#,0.#", CultureInfo.InvariantCulture)}</td>{string.Concat(waits.Select(wait => $"<td>{AverageWait(wait.ByUser[person.Key])}</td>"))}</tr>\n");
        }

        page.Write($"</tbody></table>{(people.Count > MostRows ? $"<p>{Said($"and {people.Count - MostRows} more")}</p>" : "")}</div>\n");
    }

    private static string Said(Text text) => Escaped(text.Said());

    private static string AverageWait(IEnumerable<SimulatedOutcome> outcomes)
    {
        var waits = outcomes.Select(outcome => outcome.Queueing).OfType<TimeSpan>().ToArray();
        return waits.Length == 0 ? "-" : Spans.Of(TimeSpan.FromSeconds(waits.Average(wait => wait.TotalSeconds)));
    }

    private static double GpuHours(IEnumerable<SimulatedOutcome> outcomes) =>
        outcomes.SelectMany(outcome => outcome.Runs).Sum(run => (run.To - run.From).TotalHours * run.MilliGpus / 1000);

    private static string Key(string colour, string name) => $"<span class=\"key {colour}\"><i></i>{Escaped(name)}</span>";

    private static string Percent(decimal part) => string.Create(CultureInfo.InvariantCulture, $"{100 * part:F1}%");
}
