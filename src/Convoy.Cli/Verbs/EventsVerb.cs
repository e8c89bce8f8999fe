using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class EventsVerb
{
    private static readonly Listing<EventView, EventView> Events = Listing.Of(
        Rendering.Indented.EventView,
        happened => $"{happened.Sequence}",
        new("SEQ", happened => $"{happened.Sequence}") { IsRight = true, CsvName = "sequence" },
        Column.Time<EventView>("TIME", happened => happened.At),
        new("TYPE", happened => happened.Type),
        new("MESSAGE", happened => happened.Message.Said()));

    public static Command Build()
    {
        var job = Arguments.Job();
        var follow = Options.Switch("--follow", "Go on until the job has ended; exits like wait", "-f");
        var options = new ListOptions();
        return new Verb("events", "What happened to a job: every transition with its time and cause")
        {
            Examples = ["convoy events digits", "convoy events digits -f", "convoy events digits -o json | jq '.items[].type'"],
            SeeAlso = ["why", "logs"],
            Exits = ExitCodes.OfJobs,
            Arguments = { job },
            Options = { follow, options.Limit, options.After, options.Format },
            Body = async (call, cancellationToken) =>
            {
                if (call.Get(follow)) return await FollowAsync(call, call.Get(job), call.Get(options.Format)!, cancellationToken);
                return await Events.WriteAsync(call, options, (size, from) => call.Client.ListEventsAsync(call.Get(job), from, size, cancellationToken));
            },
        };
    }

    /// <summary>JSON comes as one object a line: there is no end of a list to wait for.</summary>
    private static async Task<int> FollowAsync(Call call, string job, string format, CancellationToken cancellationToken)
    {
        await foreach (var item in call.Client.FollowEventsAsync(job, cancellationToken))
        {
            if (item.End is { } end) return JobEnd.Say(call, end);
            if (item.Value is not { } happened) continue;
            if (format is "table" or "wide") call.Print($"{Spans.Time(happened.At)}  {happened.Type,-11}  {Printable.Of(happened.Message.Said())}");
            else call.Print(happened, Rendering.Lines.EventView);
        }

        throw new InvalidOperationException("the stream of events ended without saying how the job ended");
    }
}
