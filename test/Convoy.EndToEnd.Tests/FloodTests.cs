using System.Collections.Concurrent;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>Many people at once, and a server that is killed twice meanwhile: every job is there once and ran once.</summary>
public sealed class FloodTests
{
    private const int JobCount = 500;
    private const int Clients = 8;

    /// <summary>The first jobs run while the server is killed, and end before it is back.</summary>
    private const int Waiters = 6;

    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private static readonly JobId[] Ids = [.. Enumerable.Range(0, JobCount).Select(i => JobId.FromKey("admin", $"key-{i}"))];

    [Fact]
    public async Task Five_hundred_jobs_submitted_over_two_kills_of_the_server_each_run_exactly_once()
    {
        await using var platform = await RunningPlatform.StartAsync(nodes: 16, gpus: 1);
        var specs = Enumerable.Range(0, JobCount).Select(i => Spec(platform, i)).ToArray();
        var clients = Enumerable.Range(0, Clients).Select(_ => platform.ClientOf(platform.AdministratorToken)).ToArray();
        foreach (var i in Enumerable.Range(0, Waiters)) await clients[0].SubmitAsync(Ids[i], specs[i], CancellationToken.None);
        for (var i = 0; i < Waiters; i++) await platform.HeardAsync($"waits-{Ids[i]}");

        var accepted = new ConcurrentDictionary<JobId, DateTimeOffset>();
        var flood = SubmitAllAsync(clients, specs, accepted);
        await KillAfterAsync(150);
        platform.Say("go-on");
        for (var i = 0; i < Waiters; i++) await platform.HeardAsync($"ended-{Ids[i]}");
        await platform.StartServerAsync();
        await KillAfterAsync(350);
        await platform.StartServerAsync();
        await flood;
        accepted.Count.ShouldBe(JobCount);

        // All of it once more: the same jobs answer, and none is new.
        var replayed = new ConcurrentDictionary<JobId, DateTimeOffset>();
        await SubmitAllAsync(clients, specs, replayed);
        replayed.OrderBy(job => job.Key.Value).ShouldBe(accepted.OrderBy(job => job.Key.Value));
        (await Should.ThrowAsync<ConvoyException>(clients[0].SubmitAsync(Ids[0], specs[1], CancellationToken.None))).Code.ShouldBe("IdempotencyConflict");

        await Eventually.HoldsAsync("every job has ended", async () => (await platform.Client.ListJobsAsync(new JobQuery { Unfinished = true, Limit = 1 }, CancellationToken.None)).Items.Count == 0, Long);
        (await EverythingAsync(platform)).Select(job => job.Id).Order(StringComparer.Ordinal).ShouldBe(Ids.Select(id => id.Value).Order(StringComparer.Ordinal));
        var jobs = new List<JobView>();
        for (var i = 0; i < JobCount; i++)
        {
            jobs.Add(await platform.Client.GetJobAsync(Ids[i].Value, CancellationToken.None));
            RanOnceAndIsKnown(platform, i, jobs[i]);
            ToldInOrder(i, await platform.EventsAsync(Ids[i].Value));
        }

        NoDeviceHadTwoHolders(jobs);

        async Task KillAfterAsync(int jobsAccepted)
        {
            await Eventually.HoldsAsync($"{jobsAccepted} jobs are accepted", () => accepted.Count >= jobsAccepted, Long);
            await platform.KillServerAsync();
        }
    }

    private static int Tasks(int i) => i >= Waiters && i % 12 == 7 ? 2 : 1;

    private static int ExitCode(int i) => Tasks(i) == 1 && i % 5 == 0 ? 1 + (i % 7) : 0;

    private static JobSpec Spec(RunningPlatform platform, int i)
    {
        var (marks, id) = (platform.Marks, Ids[i]);
        // Appended in one write, so that a second run could not hide.
        var script = $"echo \"$CONVOY_ATTEMPT $CONVOY_RANK\" >> {marks}/runs-{id}";
        if (i < Waiters) script += $"; touch {marks}/waits-{id}; {Jobs.Until(platform.Mark("go-on"))}; touch {marks}/ended-{id}";
        // A part of a gang alone would wait for ever.
        if (Tasks(i) == 2) script += $"; touch {marks}/started-{id}-$CONVOY_RANK; {Jobs.Until($"{marks}/started-{id}-0")}; {Jobs.Until($"{marks}/started-{id}-1")}";
        return Jobs.Shell($"flood-{i}", $"{script}; exit {ExitCode(i)}", tasks: Tasks(i), gpus: 1);
    }

    /// <summary>Every client has its share, and asks again for as long as no answer comes.</summary>
    private static Task SubmitAllAsync(ConvoyClient[] clients, JobSpec[] specs, ConcurrentDictionary<JobId, DateTimeOffset> accepted) => Task.WhenAll(clients.Select((client, share) => Task.Run(async () =>
    {
        for (var i = share; i < JobCount; i += Clients)
        {
            await Eventually.HoldsAsync($"job {i} is accepted", async () =>
            {
                try
                {
                    accepted[Ids[i]] = (await client.SubmitAsync(Ids[i], specs[i], CancellationToken.None)).SubmittedAt;
                    return true;
                }
                catch (ServerUnreachableException)
                {
                    return false;
                }
            }, Long);
        }
    })));

    private static async Task<IReadOnlyList<JobView>> EverythingAsync(RunningPlatform platform)
    {
        var jobs = new List<JobView>();
        for (string? before = null; ;)
        {
            var page = await platform.Client.ListJobsAsync(new JobQuery { All = true, Limit = 130, Before = before }, CancellationToken.None);
            jobs.AddRange(page.Items);
            if (page.Next is null) return jobs;
            before = page.Next;
        }
    }

    private static void RanOnceAndIsKnown(RunningPlatform platform, int i, JobView job)
    {
        File.ReadAllLines(platform.Mark($"runs-{Ids[i]}")).Order(StringComparer.Ordinal).ShouldBe(Enumerable.Range(0, Tasks(i)).Select(rank => $"1 {rank}"), $"runs of job {i}");
        job.Phase.ShouldBe(ExitCode(i) == 0 ? JobPhase.Succeeded : JobPhase.Failed, $"job {i}: {job}");
        (job.Restarts, job.PlatformRestarts).ShouldBe((0, 0));
        var attempt = job.Attempts!.ShouldHaveSingleItem();
        attempt.Tasks.Select(task => (task.Rank, task.State, task.ExitCode)).ShouldBe(Enumerable.Range(0, Tasks(i)).Select(rank => (rank, TaskState.Exited, (int?)ExitCode(i))));
        if (ExitCode(i) != 0) (job.Failure!.Rank, job.Failure.ExitCode, job.Failure.Class).ShouldBe((0, ExitCode(i), FailureClass.User));
    }

    private static void ToldInOrder(int i, IReadOnlyList<EventView> events)
    {
        events.Select(e => e.Sequence).ShouldBe(Enumerable.Range(1, events.Count).Select(n => (long)n));
        events[0].Event.ShouldBeOfType<JobSubmitted>();
        events.Select(e => e.Event).OfType<JobSubmitted>().Count().ShouldBe(1);
        events.Select(e => e.Event).OfType<JobAssigned>().ShouldHaveSingleItem().Tasks.Select(task => task.Rank).ShouldBe(Enumerable.Range(0, Tasks(i)));
        events.Select(e => e.Event).OfType<TaskStarted>().Select(e => e.Rank).Order().ShouldBe(Enumerable.Range(0, Tasks(i)));
        events.Select(e => e.Event).OfType<TaskEnded>().Select(e => e.Rank).Order().ShouldBe(Enumerable.Range(0, Tasks(i)));
        events.Count(e => e.Event is JobSucceeded or JobFailed).ShouldBe(1);
    }

    private static void NoDeviceHadTwoHolders(IEnumerable<JobView> jobs)
    {
        var holdings = from job in jobs
                       from attempt in job.Attempts!
                       from task in attempt.Tasks
                       from device in task.Devices
                       group (attempt.AssignedAt, EndedAt: attempt.EndedAt!.Value, job.Id) by (task.Node, device);
        foreach (var device in holdings)
        {
            var inOrder = device.OrderBy(holding => holding.AssignedAt).ToArray();
            for (var i = 1; i < inOrder.Length; i++)
            {
                inOrder[i].AssignedAt.ShouldBeGreaterThanOrEqualTo(inOrder[i - 1].EndedAt, $"{device.Key}: {inOrder[i].Id} got what {inOrder[i - 1].Id} held");
            }
        }
    }
}
