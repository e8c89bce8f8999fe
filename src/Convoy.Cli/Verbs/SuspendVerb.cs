using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;

namespace Convoy.Cli.Verbs;

internal static class SuspendVerb
{
    public static Command Build() => SteeredJobs.Verb("suspend", "Set jobs aside: running ones save themselves and free their devices; resume queues them again, in their old place",
        ["convoy suspend digits", "convoy suspend digits --wait && convoy submit -f urgent.yaml"],
        SteeredJobs.ActedUpon,
        "Return when its tasks have ended and its devices are free",
        waitsFirst: false,
        (client, job, cancellationToken) => client.SuspendJobAsync(job, cancellationToken),
        view => view.Phase switch
        {
            JobPhase.Suspended => (Text)$"job {JobEnd.Name(view)} is suspended; `convoy resume {view.Id}` queues it again",
            _ when view.Phase.IsFinished() => $"job {JobEnd.Name(view)} has ended before it could be suspended: {view.Phase}",
            _ => $"job {JobEnd.Name(view)} is stopping, and suspended then",
        });
}
