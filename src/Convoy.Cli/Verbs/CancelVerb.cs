using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;

namespace Convoy.Cli.Verbs;

internal static class CancelVerb
{
    public static Command Build() => SteeredJobs.Verb("cancel", "Cancel jobs; their logs and outputs stay",
        ["convoy cancel digits", "convoy cancel j0123456789abcde --wait", "convoy cancel $(convoy list --unfinished -o name)"],
        SteeredJobs.ActedUpon,
        "Return when its tasks have ended and its devices are free",
        waitsFirst: false,
        (client, job, cancellationToken) => client.CancelJobAsync(job, cancellationToken),
        view => view.Phase switch
        {
            JobPhase.Cancelled => (Text)$"job {JobEnd.Name(view)} is cancelled",
            _ when view.Phase.IsFinished() => $"job {JobEnd.Name(view)} had ended before: {view.Phase}",
            _ => $"job {JobEnd.Name(view)} is stopping",
        });
}
