using System.CommandLine;
using Convoy.Cli.Live;
using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Verbs;

internal static class ListVerb
{
    /// <summary>The most that the server keeps in view for one watcher.</summary>
    private const int LargestWatch = 1000;

    public static Command Build()
    {
        var all = Options.Switch("--all", "Everybody's jobs, as far as you may see them", "-A");
        var user = Options.Text("--user", "USER", "Jobs of this person");
        var queue = Options.Text("--queue", "QUEUE", "Jobs of this queue");
        var phase = Options.Choice("--phase", "Jobs in this phase", "PHASE", Enum.GetNames<JobPhase>());
        var name = Options.Text("--name", "NAME", "Jobs of this name");
        var unfinished = Options.Switch("--unfinished", "Only jobs that have not ended");
        var watch = Options.Switch("--watch", "Go on showing them as they change; on a terminal q ends it, elsewhere a line is printed for each change", "-w");
        var options = new ListOptions();
        return new Verb("list", "List jobs, newest first; your own unless -A or --user is given")
        {
            Examples = ["convoy list", "convoy list -A --phase Running", "convoy list --user mei -o wide", "convoy list -w", "convoy list -o json | jq -r '.items[].id'"],
            About = "On a terminal too narrow for all columns those that matter least are left out, and it is said which; -o wide shows all of them and more. Lists that are longer than --limit say where they go on.",
            SeeAlso = ["get", "queue", "top"],
            Options = { all, user, queue, phase, name, unfinished, watch, options.Limit, options.After, options.Format },
            LaterFlags = ["--team", "--label"],
            Body = (call, cancellationToken) =>
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
                if (!call.Get(watch)) return JobTable.Listing.WriteAsync(call, options, (size, before) => call.Client.ListJobsAsync(query with { Limit = size, Before = before }, cancellationToken));
                if (call.Has(options.After)) throw CommandException.Usage("--watch shows the newest jobs; --after goes with a list");
                return JobWatch.RunAsync(call, query with { Limit = Math.Min(call.Get(options.Limit) ?? options.Usual, LargestWatch) }, call.Get(options.Format)!, cancellationToken);
            },
        };
    }
}
