using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Verbs;

internal static class CancelVerb
{
    public static Command Build()
    {
        var job = new Argument<string>("JOB") { Description = "Id or name; a name borne by several unfinished jobs is an error that lists their ids" };
        var format = Options.Format("table", "json", "yaml");
        return new Verb("cancel", "Cancel a job; its logs and outputs stay")
        {
            Examples = ["convoy cancel digits", "convoy cancel j0123456789abcde"],
            SeeAlso = ["list"],
            Arguments = { job },
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var view = await call.Client.CancelJobAsync(call.Get(job), cancellationToken);
                return call.Write(call.Get(format), view, Rendering.Indented.JobView, _ => call.Output.Write(view.Phase switch
                {
                    JobPhase.Cancelled => $"job {JobEnd.Name(view)} is cancelled\n",
                    _ when view.Phase.IsFinished() => $"job {JobEnd.Name(view)} had ended before: {view.Phase}\n",
                    _ => $"job {JobEnd.Name(view)} is stopping\n",
                }));
            },
        };
    }
}
