using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Verbs;

/// <summary>One deed for each of several jobs. What fails for one does not keep it from the others, and makes the exit code.</summary>
internal static class SteeredJobs
{
    /// <summary>Of verbs that would do harm to the wrong job.</summary>
    public const string ActedUpon = "Ids or names; a name borne by several unfinished jobs is an error that lists their ids";

    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(200);

    /// <summary>A verb with one deed, which may have to wait for the tasks of a job to end.</summary>
    /// <param name="waitsFirst">The deed is done after the wait, not before it.</param>
    /// <param name="say">What has become of a job, for a person.</param>
    public static Verb Verb(
        string name, string description, string[] examples, string which, string wait, bool waitsFirst, Func<ConvoyClient, string, CancellationToken, Task<JobView>> act, Func<JobView, Text> say)
    {
        var jobs = Arguments.Jobs(which);
        var waits = Options.Switch("--wait", wait);
        var format = Options.Format("table", "json", "yaml", "name");
        return new Verb(name, description)
        {
            Examples = examples,
            Arguments = { jobs },
            Options = { waits, format },
            Body = (call, cancellationToken) => DoAsync(call, call.Get(jobs), call.Get(format), job => OneAsync(call, job, cancellationToken), say),
        };

        async Task<JobView> OneAsync(Call call, string job, CancellationToken cancellationToken)
        {
            if (!call.Get(waits)) return await act(call.Client, job, cancellationToken);
            if (!waitsFirst) return await StoppedAsync(call, await act(call.Client, job, cancellationToken), cancellationToken);
            var stopped = await StoppedAsync(call, await call.Client.GetJobAsync(job, cancellationToken), cancellationToken);
            return await act(call.Client, stopped.Id, cancellationToken);
        }
    }

    /// <param name="say">What has become of a job, for a person.</param>
    public static async Task<int> DoAsync(Call call, string[] jobs, string? format, Func<string, Task<JobView>> act, Func<JobView, Text> say)
    {
        var (done, exit) = (new List<JobView>(), ExitCodes.Success);
        foreach (var job in jobs.Distinct(StringComparer.Ordinal))
        {
            try
            {
                var view = await act(job);
                done.Add(view);
                if (format == "table") call.Print(say(view).Said());
            }
            catch (ConvoyException refused) when (jobs.Length > 1)
            {
                var failure = Failure.Of(refused)!;
                if (exit == ExitCodes.Success) exit = failure.ExitCode;
                await call.Output.FlushAsync();
                await failure.WriteAsync(call.Error);
            }
        }

        Write(call, format, done, isList: jobs.Length > 1);
        return exit;
    }

    /// <summary>Until none of its tasks holds devices.</summary>
    private static async Task<JobView> StoppedAsync(Call call, JobView job, CancellationToken cancellationToken)
    {
        while (job.Phase == JobPhase.Stopping)
        {
            await Task.Delay(LookPeriod, call.Time, cancellationToken);
            job = await call.Client.GetJobAsync(job.Id, cancellationToken);
        }

        return job;
    }

    private static void Write(Call call, string? format, List<JobView> jobs, bool isList)
    {
        switch (format)
        {
            case "table":
                break;
            case "name":
                foreach (var job in jobs) call.Output.Write(job.Id + "\n");
                break;
            default:
                if (isList) call.Write(format, new JobListView(jobs, null), Rendering.Indented.JobListView, static _ => { });
                else call.Write(format, jobs[0], Rendering.Indented.JobView, static _ => { });
                break;
        }
    }
}
