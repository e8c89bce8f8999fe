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
            Examples = ["convoy why digits", "convoy why digits -o json | jq -r .reason"],
            Arguments = { job },
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var why = await call.Client.WhyAsync(call.Get(job), cancellationToken);
                return call.Write(call.Get(format), why, Rendering.Indented.WhyView, _ => Explain(call.Output, why));
            },
        };
    }

    private static void Explain(TextWriter writer, WhyView why)
    {
        var facts = new Facts();
        facts.Add("job", why.Id);
        facts.Add("phase", why.Phase.ToString());
        facts.Add("reason", why.Reason);
        facts.Add("message", why.Message);
        facts.Add("needed", Amounts.Of(why.Needed, why.Unit));
        facts.Add("free", Amounts.Of(why.Free, why.Unit));
        facts.Add("largest free block", Amounts.Of(why.LargestFreeBlock, why.Unit));
        facts.Add("jobs ahead", why.JobsAhead is { } ahead ? $"{ahead}" : null);
        facts.Add("blocked by", why.BlockedBy);
        facts.Add("until", why.Until is { } until ? Spans.Time(until) : null);
        facts.Add("try", why.Try);
        facts.Write(writer);
    }
}
