using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using Convoy.Store;
using Convoy.Store.Sqlite;

// Arguments: the database file, the first submit sequence to give. Prints "ID REVISION" after each acknowledged change.
await using var store = await SqliteStore.OpenAsync(args[0], TimeProvider.System, CancellationToken.None);
var sequence = long.Parse(args[1], CultureInfo.InvariantCulture);
using var output = Console.OpenStandardOutput();
var spoken = new Lock();

// Several at once, so that group commits hold more than one change.
await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
{
    while (true) await LiveAsync(Interlocked.Increment(ref sequence));
}));

async Task LiveAsync(long number)
{
    var id = JobId.Parse(string.Create(CultureInfo.InvariantCulture, $"j{number:D9}"));
    var spec = new JobSpec { Name = "crash", Roles = new Dictionary<string, RoleSpec> { ["worker"] = new() { Command = ["true"] } } };
    var now = DateTimeOffset.UnixEpoch.AddSeconds(number);
    var job = await CommitAsync(null, new JobCommand.Submit(id, "ada", "engineer", "ada", spec, number));
    for (var attempt = 1; attempt <= 3; attempt++)
    {
        job = await CommitAsync(job, new JobCommand.Assign(job.Revision, "local", null, [new TaskPlacement("worker", 0, 0, "n1", [])]));
        job = await CommitAsync(job, new JobCommand.Observe([new TaskObservation(id, attempt, 0, TaskState.Running, now)]));
        job = await CommitAsync(job, new JobCommand.Preempt(job.Revision, JobId.Parse("j00000000"), EvictionCause.Level));
        job = await CommitAsync(job, new JobCommand.Observe([new TaskObservation(id, attempt, 0, TaskState.Exited, now, new TaskOutcome(143, Stopped: true))]));
    }

    await CommitAsync(job, new JobCommand.Cancel("ada"));

    async Task<Job> CommitAsync(Job? before, JobCommand command)
    {
        var events = ((Decision.Accepted)JobLifecycle.Decide(before, command, now)).Events;
        var next = events.Aggregate(before, JobLifecycle.Evolve)!;
        var outcome = await store.CommitAsync([new JobChange(before?.Revision ?? 0, events, next)], CancellationToken.None);
        if (outcome[0] != CommitOutcome.Committed) throw new InvalidOperationException($"{id} met a conflict");
        var line = System.Text.Encoding.ASCII.GetBytes($"{id} {next.Revision}\n");

        // One write call a line and no buffer in between: what the pipe has was acknowledged.
        lock (spoken) output.Write(line);
        return next;
    }
}
