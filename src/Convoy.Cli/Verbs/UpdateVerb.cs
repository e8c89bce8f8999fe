using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Cli.Verbs;

internal static class UpdateVerb
{
    private const string None = "none";

    public static Command Build()
    {
        var job = Arguments.Job();
        var queue = Options.Text("--queue", "QUEUE", "Another queue; what a running job holds is charged there from now on");
        var priority = Options.Choice("--priority", "Among your own jobs", "PRIORITY", "low", "normal", "high");
        var duration = Options.Text("--max-duration", "D|none", "Stop it after running this long, such as 4h; none removes the limit, where your level allows it");
        duration.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && text != None && !(DurationText.TryParse(text, out var longest) && longest > TimeSpan.Zero)) result.Refuse($"--max-duration takes a duration such as 4h, or none, not '{text}'");
        });
        var format = Options.Format("table", "json", "yaml", "name");
        return new Verb("update", "Change queue, priority and limits of an unfinished job; what is not given stays as it is")
        {
            Examples = ["convoy update digits --priority high", "convoy update digits --queue perception --max-duration 8h"],
            Arguments = { job },
            Options = { queue, priority, duration, format },
            Body = async (call, cancellationToken) =>
            {
                if (!new Option[] { queue, priority, duration }.Any(call.Has)) throw CommandException.Usage("nothing to change; give --queue, --priority or --max-duration");
                var request = new JobUpdateRequest(call.Get(queue), call.Get(priority) is { } word ? Enum.Parse<JobPriority>(word, ignoreCase: true) : null, call.Get(duration));
                var answer = await call.Client.UpdateJobAsync(call.Get(job), request, cancellationToken);
                return call.Write(call.Get(format), answer, Rendering.Indented.JobUpdateView, other =>
                {
                    if (other == "name") call.Output.Write(answer.Job.Id + "\n");
                    else Tell(call, answer);
                });
            },
        };
    }

    private static void Tell(Call call, JobUpdateView answer)
    {
        var (before, after) = (answer.Before, answer.After);
        if (before == after) call.Output.Tell($"job {JobEnd.Name(answer.Job)} is as it was");
        if (before.Queue != after.Queue) call.Output.Tell($"job {JobEnd.Name(answer.Job)}: queue {before.Queue} → {after.Queue}");
        if (before.Priority != after.Priority) call.Output.Tell($"job {JobEnd.Name(answer.Job)}: priority {JobTable.Priority(before.Priority)} → {JobTable.Priority(after.Priority)}");
        if (before.MaxDuration != after.MaxDuration) call.Output.Tell($"job {JobEnd.Name(answer.Job)}: maxDuration {before.MaxDuration ?? None} → {after.MaxDuration ?? None}");
    }
}
