using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;

namespace Convoy.Cli.Verbs;

internal static class GetVerb
{
    public static Command Build()
    {
        var job = Arguments.Job();
        var format = Options.Format("table", "json", "yaml", "name");
        return new Verb("get", "Show one job: its state, its spec, its attempts")
        {
            Examples = ["convoy get digits", "convoy get digits -o json | jq -r .phase", "convoy get digits -o yaml"],
            SeeAlso = ["list", "why", "events"],
            Arguments = { job },
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var view = await call.Client.GetJobAsync(call.Get(job), cancellationToken);
                return call.Write(call.Get(format), view, Rendering.Indented.JobView, other =>
                {
                    if (other == "name") call.Output.Write(view.Id + "\n");
                    else Describe(call, view);
                });
            },
        };
    }

    private static void Describe(Call call, JobView job)
    {
        var facts = new Facts();
        facts.Add("id", job.Id);
        facts.Add("name", job.Name);
        facts.Add("display name", job.DisplayName);
        facts.Add("user", $"{job.User} ({job.Level})");
        facts.Add("queue", job.Queue);
        facts.Add("priority", JobTable.Priority(job.Priority));
        facts.Add("framework", JobTable.Framework(job.Framework));
        facts.Tell("tasks", JobTable.Gpus(job) is { } gpus ? (Text)$"{Spans.Count(job.Tasks, "task")}, {gpus} GPUs" : Spans.Count(job.Tasks, "task"));
        facts.Add("phase", job.Phase.ToString() + (job.Reason is null ? "" : $" ({job.Reason})"));
        facts.Tell("message", job.Message);
        facts.Add("cancelled by", job.CancelledBy);
        facts.Add("progress", JobTable.Progress(job));
        facts.Tell("submitted", $"{Spans.Time(job.SubmittedAt)} ({Spans.Since(job.SubmittedAt, call.Now)} ago)");
        facts.Add("started", job.StartedAt is { } started ? Spans.Time(started) : null);
        facts.Add("ended", job.EndedAt is { } ended ? Spans.Time(ended) : null);
        facts.Add("runtime", JobTable.Runtime(job));
        facts.Tell("restarts", $"{job.Restarts} of its own, {job.PlatformRestarts} by the platform");
        facts.Tell("failure", job.Failure is null ? null : JobEnd.Failure(job.Failure));
        foreach (var (name, role) in job.Spec?.Roles ?? new Dictionary<string, RoleSpec>()) facts.Add($"role {name}", $"{role.Replicas} × {ShellText.Of(role.Command)}");
        foreach (var dataset in job.Spec?.Datasets ?? []) facts.Add($"data set {dataset.Name}", Dataset(dataset, job.Datasets?.FirstOrDefault(use => use.Name == dataset.Name)));
        facts.Write(call.Output);
        if (job.Attempts is not { Count: > 0 } attempts) return;
        call.Output.Write('\n');
        var table = new TextTable("ATTEMPT", "ROLE", "RANK", "NODE", "DEVICES", "STATE", "EXIT", "STARTED", "ENDED", "NOTE").AlignRight(0, 2);
        foreach (var attempt in attempts)
        {
            foreach (var task in attempt.Tasks)
            {
                table.Add(
                    $"{attempt.Number}", task.Role, $"{task.Rank}", task.Node, string.Join(',', task.Devices), StateOf(task), JobEnd.Exit(task.ExitCode, task.Signal),
                    task.StartedAt is { } start ? Spans.Time(start) : null, task.EndedAt is { } end ? Spans.Time(end) : null,
                    task.Message?.Said() ?? (task.OutOfMemory ? Text.Of("out of memory").Said() : attempt.StopCause?.ToString()));
            }
        }

        table.Write(call.Output);
    }

    /// <summary>What an elastic job gave up holds its devices until it has ended.</summary>
    private static string Dataset(DatasetSpec dataset, JobDatasetView? use)
    {
        var parts = new List<string> { dataset.Version };
        if (dataset.Mount is { } mount) parts.Add(mount);
        if (use is null) return string.Join(", ", parts);
        parts.Add(((Text)$"hit ratio {use.HitRatio * 100:0.0} % ({Spans.Bytes(use.HeldBytes)} of {Spans.Bytes(use.Bytes)} on its nodes)").Said());
        parts.Add(((Text)$"from the store {Spans.Bytes(use.FilledBytes)} to keep and {Spans.Bytes(use.MissedBytes)} missed").Said());
        if (use.FillRate is { } rate) parts.Add(((Text)$"{Spans.Bytes(rate)}/s, about {Spans.Of(TimeSpan.FromSeconds(Math.Ceiling((double)(use.WantedBytes - use.HeldBytes) / rate)))} left").Said());
        if (use.Problem is { } problem) parts.Add(problem);
        return string.Join(", ", parts);
    }

    private static string StateOf(TaskView task) => task.ReleasedAt is null ? task.State.ToString() : task.State is Core.Jobs.TaskState.Exited or Core.Jobs.TaskState.Lost ? "Released" : "Releasing";
}
