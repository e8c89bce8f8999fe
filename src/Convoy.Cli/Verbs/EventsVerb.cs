using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class EventsVerb
{
    public static Command Build()
    {
        var job = Arguments.Job();
        var follow = Options.Switch("--follow", "Go on until the job has ended; exits like wait", "-f");
        var (limit, after) = Pages.Options();
        var format = Options.Format("table", "json", "yaml");
        return new Verb("events", "What happened to a job: every transition with its time and cause")
        {
            Examples = ["convoy events digits", "convoy events digits -f", "convoy events digits -o json | jq '.items[].type'"],
            Arguments = { job },
            Options = { follow, limit, after, format },
            Body = async (call, cancellationToken) =>
            {
                if (call.Get(follow)) return await FollowAsync(call, call.Get(job), call.Get(format)!, cancellationToken);
                var (items, next) = await Pages.ReadAsync(call.Get(limit), call.Get(after), async (size, from) =>
                {
                    var page = await call.Client.ListEventsAsync(call.Get(job), from, size, cancellationToken);
                    return (page.Items, page.Next);
                });
                call.Write(call.Get(format), new EventListView(items, next), Rendering.Indented.EventListView, _ => Write(call.Output, items));
                Pages.SayMore(call, next);
                return ExitCodes.Success;
            },
        };
    }

    private static void Write(TextWriter writer, IReadOnlyList<EventView> events)
    {
        var table = new TextTable("SEQ", "TIME", "TYPE", "MESSAGE").AlignRight(0);
        foreach (var happened in events) table.Add($"{happened.Sequence}", Spans.Time(happened.At), happened.Type, happened.Message);
        table.Write(writer);
    }

    /// <summary>JSON comes as one object a line: there is no end of a list to wait for.</summary>
    private static async Task<int> FollowAsync(Call call, string job, string format, CancellationToken cancellationToken)
    {
        await foreach (var item in call.Client.FollowEventsAsync(job, cancellationToken))
        {
            if (item.End is { } end) return JobEnd.Say(call, end);
            if (item.Value is not { } happened) continue;
            if (format == "table") call.Print($"{Spans.Time(happened.At)}  {happened.Type,-11}  {Printable.Of(happened.Message)}");
            else call.Print(happened, Rendering.Lines.EventView);
        }

        throw new InvalidOperationException("the stream of events ended without saying how the job ended");
    }
}
