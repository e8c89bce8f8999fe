using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Live;

/// <summary>A list of jobs that stays true: on a terminal one picture that is drawn again, elsewhere a line for each change.</summary>
internal static class JobWatch
{
    public static Task<int> RunAsync(Call call, JobQuery query, string format, CancellationToken cancellationToken) =>
        format is "table" or "wide" && Terminal.TakesDrawings ? ShowAsync(call, query, format == "wide", cancellationToken) : PrintAsync(call, query, format, cancellationToken);

    private static async Task<int> ShowAsync(Call call, JobQuery query, bool wide, CancellationToken cancellationToken)
    {
        var picture = new JobPicture(query);
        return await LiveScreen.ShowAsync(call, Frame, FeedAsync, cancellationToken);

        IReadOnlyList<string> Frame(int width, int height)
        {
            var jobs = picture.Jobs;
            var running = jobs.Count(job => job.Phase == JobPhase.Running);
            var waiting = jobs.Count(job => job.Phase == JobPhase.Pending);
            return
            [
                Text.Of($"{Spans.Count(jobs.Count, "job")}, {running} running, {waiting} waiting   q ends   {Spans.Time(call.Now)}   {Connection.Shown(call.Client.Server)}").Said(),
                "",
                .. JobTable.Listing.Lines(jobs.Take(Math.Max(1, height - 3)).Select(job => JobPicture.AsOf(job, call.Now)), call.Now, width, wide),
            ];
        }

        async Task FeedAsync(Action wake, CancellationToken ending)
        {
            await foreach (var seen in call.Client.WatchJobsAsync(query, ending))
            {
                if (picture.Take(seen)) wake();
            }
        }
    }

    private static async Task<int> PrintAsync(Call call, JobQuery query, string format, CancellationToken cancellationToken)
    {
        var picture = new JobPicture(query);
        var rows = format is "json" or "yaml" ? null : JobTable.Listing.Printer(call, format);
        await foreach (var seen in call.Client.WatchJobsAsync(query, cancellationToken))
        {
            // What is there at first is told when it has come whole, the oldest first.
            var before = picture.Jobs.ToDictionary(job => job.Id);
            if (!picture.Take(seen)) continue;
            PrintAll(picture.Jobs.Reverse().Where(job => !before.TryGetValue(job.Id, out var known) || JobPicture.Differ(known, job)));
        }

        return ExitCodes.Success;

        void PrintAll(IEnumerable<JobView> jobs)
        {
            foreach (var job in jobs) Print(job);
            call.Output.Flush();
        }

        void Print(JobView job)
        {
            if (rows is not null) rows.Add([job]);
            else if (format == "json") Rendering.WriteJson(call.Output, job, Rendering.Lines.JobView);
            else
            {
                call.Output.Write("---\n");
                Rendering.WriteYaml(call.Output, job, Rendering.Indented.JobView);
            }
        }
    }
}
