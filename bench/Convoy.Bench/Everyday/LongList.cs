using System.Diagnostics;
using System.Globalization;
using Convoy.Client;
using Convoy.Core.Jobs;
using Convoy.Store;
using Convoy.Store.Sqlite;

namespace Convoy.Bench.Everyday;

/// <summary>Lists and filters of a platform that has finished a million jobs, of a hundred people.</summary>
internal static class LongList
{
    private const int People = 100;
    private const int Batch = 2_000;
    private const int Questions = 400;

    public static async Task PrintAsync(TextWriter output, string programs, string scratch, int jobs)
    {
        var state = Path.Combine(scratch, "long");
        using (await ServerProcess.StartAsync(programs, state))
        {
            // Its first start makes the folder as it should be.
        }

        await FillAsync(ServerProcess.Database(state), jobs);
        using var server = await ServerProcess.StartAsync(programs, state);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{jobs:N0} finished jobs of {People} people in a database of {new FileInfo(ServerProcess.Database(state)).Length >> 20} MiB; the server starts on it within {server.StartedWithin.TotalSeconds:0.0} s and takes {server.ResidentBytes() >> 20} MiB then."));
        await output.WriteLineAsync();
        await output.WriteLineAsync("| list, 100 jobs a page | p50 ms | p99 ms | most ms |");
        await output.WriteLineAsync("|---|---|---|---|");
        using var client = server.NewClient();
        var random = new Random(1);
        foreach (var (name, query) in new (string, Func<JobQuery>)[]
        {
            ("everybody's, the newest", () => new JobQuery { All = true }),
            ("everybody's, from somewhere on", () => new JobQuery { All = true, Before = Text(random.Next(1, jobs)) }),
            ("one person's", () => new JobQuery { User = Person(random.Next(People)) }),
            ("one person's failed ones", () => new JobQuery { User = Person(random.Next(People)), Phase = JobPhase.Failed }),
            ("one queue's cancelled ones", () => new JobQuery { All = true, Queue = Queue(random.Next(10)), Phase = JobPhase.Cancelled }),
            ("of one name", () => new JobQuery { All = true, Name = $"train-{random.Next(1000)}" }),
            ("one person's of one name", () => new JobQuery { User = Person(random.Next(People)), Name = $"train-{random.Next(1000)}" }),
            ("one person's of one name in one queue that failed", () => new JobQuery { User = Person(random.Next(People)), Name = $"train-{random.Next(1000)}", Queue = Queue(random.Next(10)), Phase = JobPhase.Failed }),
            ("one person's in a queue that is not theirs", () => new JobQuery { User = Person(1), Queue = Queue(2) }),
            ("unfinished ones, of which there are none", () => new JobQuery { All = true, Unfinished = true }),
        })
        {
            var samples = new List<double>();
            for (var i = 0; i < Questions; i++)
            {
                var before = Stopwatch.GetTimestamp();
                await client.ListJobsAsync(query(), CancellationToken.None);
                samples.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
            }

            await output.WriteLineAsync($"| {name} | {Percentiles.Of(samples.Skip(5))} |");
        }
    }

    private static async Task FillAsync(string database, int jobs)
    {
        await using var store = await SqliteStore.OpenAsync(database, TimeProvider.System, CancellationToken.None);
        var random = new Random(2);
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        for (var done = 0; done < jobs; done += Batch)
        {
            var changes = Enumerable.Range(done + 1, Batch).Select(sequence => Finished(sequence, start.AddSeconds(sequence * 10), random)).ToArray();
            await store.CommitAsync(changes, CancellationToken.None);
            if (done % 100_000 == 0) await Console.Error.WriteLineAsync($"filled {done}");
        }
    }

    private static JobChange Finished(int sequence, DateTimeOffset at, Random random)
    {
        var person = random.Next(People);
        var spec = ServerProcess.Command($"train-{random.Next(1000)}", ["python3", "train.py", "--epochs", "10", "--lr", "0.1"], gpus: 8) with { Env = new Dictionary<string, string> { ["LR"] = "0.1", ["SEED"] = Text(sequence) } };
        var placement = new TaskPlacement("command", 0, 0, $"node-{random.Next(1000)}", [0, 1, 2, 3, 4, 5, 6, 7]);
        var code = random.Next(10) == 0 ? 1 : 0;
        JobEvent[] events =
        [
            new JobSubmitted(at, ServerProcess.NewId(), Person(person), "engineer", Queue(person % 10), spec, sequence),
            new JobAssigned(at.AddSeconds(1), 1, 1, "local", "A100-80G", [placement]),
            new TaskStarted(at.AddSeconds(2), 1, 0),
            new JobRunning(at.AddSeconds(2), 1),
            new TaskEnded(at.AddSeconds(3000), 1, 0, new TaskOutcome(code)),
            code == 0 ? new JobSucceeded(at.AddSeconds(3000)) : random.Next(2) == 0
                ? new JobCancelled(at.AddSeconds(3000), Person(person))
                : new JobFailed(at.AddSeconds(3000), new TaskFailure(1, "command", 0, placement.Node, 1, null, FailureClass.User, null)),
        ];
        return new JobChange(0, events, events.Aggregate((Job?)null, Evolve)!);
    }

    /// <summary>A cancellation ends a job that was told to stop before.</summary>
    private static Job? Evolve(Job? job, JobEvent happened) => JobLifecycle.Evolve(
        happened is JobCancelled or JobFailed && job!.Phase == JobPhase.Running
            ? JobLifecycle.Evolve(job, new JobStopping(happened.At, job.Generation + 1, StopCause.Cancelled, null, null)) with { Revision = job.Revision }
            : job,
        happened);

    private static string Person(int number) => $"person-{number}";

    private static string Queue(int number) => $"queue-{number}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
