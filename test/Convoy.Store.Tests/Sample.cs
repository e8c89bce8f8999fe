using System.Globalization;
using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Core.Json;
using Convoy.Core.Scheduling;

namespace Convoy.Store.Tests;

/// <summary>Jobs to store, and their texts to compare: records that hold lists are not equal by themselves.</summary>
internal static class Sample
{
    public static DateTimeOffset Noon { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static JobId Id(long number) => JobId.Parse(string.Create(CultureInfo.InvariantCulture, $"j{number:D9}"));

    public static JobChange Submit(long sequence, string owner = "ada", string queue = "vision", string name = "digits", JobId? id = null)
    {
        var spec = new JobSpec { Name = name, Roles = new Dictionary<string, RoleSpec> { ["worker"] = new() { Command = ["python", "train.py"], Replicas = new Replicas(2, 2) } } };
        return Change(null, new JobCommand.Submit(id ?? Id(sequence), owner, "engineer", queue, spec, sequence));
    }

    public static JobChange Assign(Job job) => Change(job, new JobCommand.Assign(
        job.Revision, "local", "H100", [new TaskPlacement("worker", 0, 0, "n1", [0]), new TaskPlacement("worker", 1, 1, "n2", [3])]));

    public static JobChange Run(Job job) => Change(job, new JobCommand.Observe(
        [new TaskObservation(job.Id, job.Attempts.Count, 0, TaskState.Running, Noon), new TaskObservation(job.Id, job.Attempts.Count, 1, TaskState.Running, Noon)]));

    public static JobChange Cancel(Job job) => Change(job, new JobCommand.Cancel("ada"));

    /// <summary>To another queue.</summary>
    public static JobChange Move(Job job) => Change(job, new JobCommand.Update("ada", new TermsChange(job.Queue == "vision" ? "speech" : "vision")));

    public static JobChange Retry(Job job) => Change(job, new JobCommand.Retry("ada", null, "engineer", null, job.Place));

    /// <summary>Every task of a preempted attempt has ended: the job waits again.</summary>
    public static JobChange Requeue(Job job)
    {
        var stopping = Change(job, new JobCommand.Preempt(job.Revision, JobId.Parse("j00000000"), EvictionCause.Level));
        var gone = Change(stopping.Next, new JobCommand.Observe(
            [.. Enumerable.Range(0, 2).Select(rank => new TaskObservation(job.Id, job.Attempts.Count, rank, TaskState.Lost, Noon))]));
        return new JobChange(job.Revision, [.. stopping.Events, .. gone.Events], gone.Next);
    }

    public static JobChange Change(Job? job, JobCommand command)
    {
        var events = JobLifecycle.Decide(job, command, Noon).ShouldBeOfType<Decision.Accepted>().Events;
        return new JobChange(job?.Revision ?? 0, events, Fold(job, events));
    }

    public static Job Fold(Job? job, IEnumerable<JobEvent> events) => events.Aggregate(job, JobLifecycle.Evolve)!;

    public static string Text(Job? job) => job is null ? "none" : JsonSerializer.Serialize(job, CoreJson.Default.Job);

    public static string Text(JobRecord? record) => record is null ? "none" : $"{Text(record.Job)} {record.ProgressPermille}";

    public static string Text(StoredEvent stored) => $"{stored.Sequence} {JsonSerializer.Serialize(stored.Event, CoreJson.Default.JobEvent)}";
}
