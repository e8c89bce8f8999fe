using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client;

namespace Convoy.Cli.Verbs;

internal static class LogsVerb
{
    public static Command Build()
    {
        var job = Arguments.Job();
        var follow = Options.Switch("--follow", "Go on until the job has ended; exits like wait", "-f");
        var role = Options.Text("--role", "ROLE", "Only tasks of this role");
        var rank = Options.Number("--rank", "N", "Only this rank", 0);
        var attempt = Options.Number("--attempt", "N", "Of this attempt instead of the latest", 1);
        var since = Options.Duration("--since", "Only what was printed within this time, such as 10m");
        var tail = Options.Number("--tail", "N", "Only the last N lines of each task", 0);
        var format = Options.Format("text", "json");
        return new Verb("logs", "What a job's tasks printed; logs outlive the job")
        {
            Examples = ["convoy logs digits -f", "convoy logs digits --rank 1 --tail 50", "convoy logs digits --attempt 1 --since 10m"],
            About = "Logs are kept per attempt and rank, also after the job has ended. With several tasks each line begins with its rank. Ctrl-C ends the reading, never the job.",
            SeeAlso = ["get", "wait", "metrics"],
            Exits = ExitCodes.OfJobs,
            Arguments = { job },
            Options = { follow, role, rank, attempt, since, tail, format },
            Body = async (call, cancellationToken) =>
            {
                var query = new LogQuery
                {
                    Follow = call.Get(follow),
                    Role = call.Get(role),
                    Rank = call.Get(rank),
                    Attempt = call.Get(attempt),
                    Since = call.Get(since),
                    Tail = call.Get(tail),
                };
                var view = await call.Client.GetJobAsync(call.Get(job), cancellationToken);
                try
                {
                    var end = call.Get(format) == "json"
                        ? await LogLines.WriteJsonAsync(call, view.Id, query, cancellationToken)
                        : await LogText.WriteAsync(call, view, query, call.RawOutput, cancellationToken);
                    return query.Follow ? JobEnd.Say(call, end) : ExitCodes.Success;
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    return Detaching.Say(call, view.Id, view.Name);
                }
            },
        };
    }
}
