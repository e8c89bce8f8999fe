using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Verbs;

internal static class ResumeVerb
{
    public static Command Build()
    {
        var jobs = Arguments.Jobs("Ids or names; a name means its newest job");
        var wait = Options.Switch("--wait", "Where a job is still stopping, wait until it has stopped, and resume it then");
        var format = Options.Format("table", "json", "yaml", "name");
        return new Verb("resume", "Queue suspended jobs again, in their old place; they go on from their checkpoints")
        {
            Examples = ["convoy resume digits", "convoy resume digits --wait && convoy logs digits -f"],
            Arguments = { jobs },
            Options = { wait, format },
            Body = (call, cancellationToken) => SteeredJobs.DoAsync(
                call,
                call.Get(jobs),
                call.Get(format),
                async job =>
                {
                    if (call.Get(wait)) job = (await SteeredJobs.StoppedAsync(call, await call.Client.GetJobAsync(job, cancellationToken), cancellationToken)).Id;
                    return await call.Client.ResumeJobAsync(job, cancellationToken);
                },
                view => view.Phase == JobPhase.Pending ? $"job {JobEnd.Name(view)} is queued again" : $"job {JobEnd.Name(view)} is {view.Phase}"),
        };
    }
}
