using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Verbs;

internal static class CancelVerb
{
    public static Command Build()
    {
        var jobs = Arguments.Jobs(SteeredJobs.ActedUpon);
        var wait = Options.Switch("--wait", "Return when its tasks have ended and its devices are free");
        var format = Options.Format("table", "json", "yaml", "name");
        return new Verb("cancel", "Cancel jobs; their logs and outputs stay")
        {
            Examples = ["convoy cancel digits", "convoy cancel j0123456789abcde --wait", "convoy cancel $(convoy list --unfinished -o name)"],
            Arguments = { jobs },
            Options = { wait, format },
            Body = (call, cancellationToken) => SteeredJobs.DoAsync(
                call,
                call.Get(jobs),
                call.Get(format),
                async job =>
                {
                    var view = await call.Client.CancelJobAsync(job, cancellationToken);
                    return call.Get(wait) ? await SteeredJobs.StoppedAsync(call, view, cancellationToken) : view;
                },
                view => view.Phase switch
                {
                    JobPhase.Cancelled => $"job {JobEnd.Name(view)} is cancelled",
                    _ when view.Phase.IsFinished() => $"job {JobEnd.Name(view)} had ended before: {view.Phase}",
                    _ => $"job {JobEnd.Name(view)} is stopping",
                }),
        };
    }
}
