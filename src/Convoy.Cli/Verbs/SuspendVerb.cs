using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Verbs;

internal static class SuspendVerb
{
    public static Command Build()
    {
        var jobs = Arguments.Jobs(SteeredJobs.ActedUpon);
        var wait = Options.Switch("--wait", "Return when its tasks have ended and its devices are free");
        var format = Options.Format("table", "json", "yaml", "name");
        return new Verb("suspend", "Set jobs aside: running ones save themselves and free their devices; resume queues them again, in their old place")
        {
            Examples = ["convoy suspend digits", "convoy suspend digits --wait && convoy submit -f urgent.yaml"],
            Arguments = { jobs },
            Options = { wait, format },
            Body = (call, cancellationToken) => SteeredJobs.DoAsync(
                call,
                call.Get(jobs),
                call.Get(format),
                async job =>
                {
                    var view = await call.Client.SuspendJobAsync(job, cancellationToken);
                    return call.Get(wait) ? await SteeredJobs.StoppedAsync(call, view, cancellationToken) : view;
                },
                view => view.Phase switch
                {
                    JobPhase.Suspended => $"job {JobEnd.Name(view)} is suspended; `convoy resume {view.Id}` queues it again",
                    _ when view.Phase.IsFinished() => $"job {JobEnd.Name(view)} has ended before it could be suspended: {view.Phase}",
                    _ => $"job {JobEnd.Name(view)} is stopping, and suspended then",
                }),
        };
    }
}
