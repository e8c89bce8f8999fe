using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Verbs;

internal static class ListVerb
{
    public static Command Build()
    {
        var all = Options.Switch("--all", "Everybody's jobs, as far as you may see them", "-A");
        var user = Options.Text("--user", "USER", "Jobs of this person");
        var queue = Options.Text("--queue", "QUEUE", "Jobs of this queue");
        var phase = Options.Choice("--phase", "Jobs in this phase", "PHASE", Enum.GetNames<JobPhase>());
        var name = Options.Text("--name", "NAME", "Jobs of this name");
        var unfinished = Options.Switch("--unfinished", "Only jobs that have not ended");
        var (limit, after) = Pages.Options();
        var format = Options.Format("table", "wide", "json", "yaml", "csv", "name");
        return new Verb("list", "List jobs, newest first; your own unless -A or --user is given")
        {
            Examples = ["convoy list", "convoy list -A --phase Running", "convoy list --user mei -o wide", "convoy list -o json | jq -r '.items[].id'"],
            Options = { all, user, queue, phase, name, unfinished, limit, after, format },
            LaterFlags = ["-w", "--watch", "--team", "--label"],
            Body = async (call, cancellationToken) =>
            {
                var query = new JobQuery
                {
                    All = call.Get(all),
                    User = call.Get(user),
                    Queue = call.Get(queue),
                    Phase = call.Get(phase) is { } text ? Enum.Parse<JobPhase>(text) : null,
                    Name = call.Get(name),
                    Unfinished = call.Get(unfinished),
                };
                var (items, next) = await Pages.ReadAsync(call.Get(limit), call.Get(after), async (size, before) =>
                {
                    var page = await call.Client.ListJobsAsync(query with { Limit = size, Before = before }, cancellationToken);
                    return (page.Items, page.Next);
                });
                call.Write(call.Get(format), new JobListView(items, next), Rendering.Indented.JobListView, other => Write(call, other, items));
                Pages.SayMore(call, next);
                return ExitCodes.Success;
            },
        };
    }

    private static void Write(Call call, string format, IReadOnlyList<JobView> jobs)
    {
        switch (format)
        {
            case "name":
                foreach (var job in jobs) call.Output.Write(job.Id + "\n");
                break;
            case "csv":
                Csv.WriteRow(call.Output, JobTable.CsvHeadings);
                foreach (var job in jobs) Csv.WriteRow(call.Output, JobTable.CsvRow(job));
                break;
            default:
                JobTable.Write(call.Output, jobs, call.Now, wide: format == "wide");
                break;
        }
    }
}
