using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Cli.Verbs;

internal static class WaitVerb
{
    public static Command Build()
    {
        var job = Arguments.Job();
        var timeout = Options.Duration("--timeout", "Give up waiting after this time (exit 101); the job goes on");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("wait", "Wait until a job has ended; exits 0, 100 (failed), 101 (not finished) or 103 (cancelled)")
        {
            Examples = ["convoy wait digits", "convoy wait digits --timeout 2h && echo trained"],
            About = "Prints no logs, and ends as the job ends, so that a script can go on with what came of it.",
            SeeAlso = ["logs", "submit"],
            Exits = ExitCodes.OfJobs,
            Arguments = { job },
            Options = { timeout, format },
            Body = async (call, cancellationToken) =>
            {
                var view = await call.Client.GetJobAsync(call.Get(job), cancellationToken);
                try
                {
                    var end = await EndAsync(call, view, call.Get(timeout), cancellationToken);
                    call.Write(call.Get(format), end, Rendering.Indented.JobView, static _ => { });
                    return JobEnd.Say(call, end);
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    return Detaching.Say(call, view.Id, view.Name);
                }
            },
        };
    }

    /// <summary>The job when it has ended, or as it is when the time is up.</summary>
    public static async Task<JobView> EndAsync(Call call, JobView job, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        if (job.Phase.IsFinished()) return job;
        using var late = timeout is { } time ? new CancellationTokenSource(Bounded(time), call.Time) : new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            await foreach (var item in call.Client.FollowEventsAsync(job.Id, either.Token))
            {
                if (item.End is { } end) return end;
            }

            throw new InvalidOperationException("the stream of events ended without its end event");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            call.Say($"not finished after {DurationText.Format(timeout!.Value)}");
            return await call.Client.GetJobAsync(job.Id, cancellationToken);
        }
    }

    /// <summary>Timers count to 49 days.</summary>
    private static TimeSpan Bounded(TimeSpan time) => time < TimeSpan.FromDays(45) ? time : TimeSpan.FromDays(45);
}
