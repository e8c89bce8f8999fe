using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class WhyVerb
{
    public static Command Build()
    {
        var job = Arguments.Job();
        var format = Options.Format("table", "json", "yaml");
        return new Verb("why", "Why a job is where it is, and the next thing to try")
        {
            Examples = ["convoy why digits", "convoy why digits -o json | jq -r .remedy.flags"],
            SeeAlso = ["queue", "get", "submit"],
            Arguments = { job },
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var why = await call.Client.WhyAsync(call.Get(job), cancellationToken);
                return call.Write(call.Get(format), why, Rendering.Indented.WhyView, _ => Explain(call, why));
            },
        };
    }

    private static void Explain(Call call, WhyView why)
    {
        var facts = new Facts();
        facts.Add("job", why.Id);
        facts.Add("phase", why.Phase.ToString());
        facts.Add("reason", why.Reason);
        facts.Tell("message", why.Message);
        facts.Tell("needed", Amounts.Of(why.Needed, why.Unit));
        facts.Tell("free", Amounts.Of(why.Free, why.Unit));
        facts.Tell("largest free block", Amounts.Of(why.LargestFreeBlock, why.Unit));
        facts.Add("jobs ahead", why.JobsAhead is { } ahead ? $"{ahead}" : null);
        facts.Add("queue", why.Queue);
        facts.Add("blocked by", why.BlockedBy);
        facts.Tell("earliest start", why.EarliestStart is { } start ? (Text)$"{Spans.Time(start)} (in {Spans.Of(start - call.Now)})" : null);
        facts.Add("until", why.Until is { } until ? Spans.Time(until) : null);
        facts.Tell("to start now", why.Remedy is { } remedy ? RemedyText.Of(remedy) : null);
        facts.Tell("try", why.Try);
        facts.Write(call.Output);
    }
}
