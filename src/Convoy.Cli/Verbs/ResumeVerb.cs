using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Verbs;

internal static class ResumeVerb
{
    public static Command Build() => SteeredJobs.Verb("resume", "Queue suspended jobs again, in their old place; they go on from their checkpoints",
        ["convoy resume digits", "convoy resume digits --wait && convoy logs digits -f"],
        "Ids or names; a name means its newest job",
        "Where a job is still stopping, wait until it has stopped, and resume it then",
        waitsFirst: true,
        (client, job, cancellationToken) => client.ResumeJobAsync(job, cancellationToken),
        view => view.Phase == JobPhase.Pending ? (Text)$"job {JobEnd.Name(view)} is queued again" : $"job {JobEnd.Name(view)} is {view.Phase}");
}
