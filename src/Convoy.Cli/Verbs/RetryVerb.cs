using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Verbs;

internal static class RetryVerb
{
    public static Command Build()
    {
        var job = Arguments.Job();
        var wait = Options.Switch("--wait", "Wait for its end, and exit as `convoy wait` does");
        var format = Options.Format("table", "json", "yaml", "name");
        return new Verb("retry", "Submit a finished job again, as a new attempt of the same job; earlier attempts keep their logs")
        {
            Examples = ["convoy retry digits", "convoy retry j0123456789abcde --wait"],
            Arguments = { job },
            Options = { wait, format },
            Body = async (call, cancellationToken) =>
            {
                // By the number of the attempt, so that a second request for the same one starts nothing more.
                var before = await call.Client.GetJobAsync(call.Get(job), cancellationToken);
                var view = await call.Client.RetryJobAsync(before.Id, (before.Attempts?.Count ?? 0) + 1, cancellationToken);
                if (call.Get(wait))
                {
                    try
                    {
                        view = await WaitVerb.EndAsync(call, view, null, cancellationToken);
                    }
                    catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                    {
                        return Detaching.Say(call, view.Id, view.Name);
                    }
                }

                call.Write(call.Get(format), view, Rendering.Indented.JobView, other =>
                {
                    if (other == "name") call.Output.Write(view.Id + "\n");
                    else if (!call.Get(wait)) call.Output.Tell($"job {JobEnd.Name(view)} is queued again; `convoy logs {view.Id} -f` follows it");
                });
                return call.Get(wait) ? JobEnd.Say(call, view) : ExitCodes.Success;
            },
        };
    }
}
