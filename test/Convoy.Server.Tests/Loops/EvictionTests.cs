using System.Text;
using System.Text.Json.Nodes;
using Convoy.Client;
using Convoy.Core.Jobs;
using Convoy.Server.Loops;
using Microsoft.Extensions.DependencyInjection;

namespace Convoy.Server.Tests.Loops;

/// <summary>Evictions on real tasks, of a planner that evicts for sure.</summary>
public sealed class EvictionTests
{
    /// <summary>Saves itself when it is told to stop, and goes on from there the next time.</summary>
    private const string Trains = """
        if [ -e "$CONVOY_CHECKPOINT_DIR/step" ]; then echo "resumed from step $(cat "$CONVOY_CHECKPOINT_DIR/step")"; exit 0; fi
        trap 'echo 7 > "$CONVOY_CHECKPOINT_DIR/step"; echo saved; exit 0' TERM
        echo begun
        while :; do sleep 0.05; done
        """;

    [Fact]
    public async Task A_job_that_makes_way_saves_itself_keeps_its_place_and_goes_on_from_its_checkpoint()
    {
        await using var server = await RunningServer.StartAsync(planner: Evictor.Unchecked());
        var (intern, senior) = (await server.AddUserAsync("ian", "intern"), await server.AddUserAsync("sue", "senior"));
        var low = await RunningServer.SubmitAsync(intern, RunningServer.Spec(Trains, replicas: 1, gpus: 4, name: "low"));
        await RunningServer.SubmitAsync(intern, RunningServer.Spec("sleep 60", replicas: 1, gpus: 4, name: "later"));
        await RunningServer.UntilAsync(intern, low, JobPhase.Running);
        await Eventually.Is(async () => (await LogAsync(intern, low, 1)).Contains("begun", StringComparison.Ordinal));
        var ledger = server.Services.GetRequiredService<Ledger>();
        var sequence = ledger.Unfinished[JobId.Parse(low)].SubmitSequence;

        var high = await RunningServer.SubmitAsync(senior, RunningServer.Spec("echo here", replicas: 2, gpus: 4, name: "high"));
        (await RunningServer.FinishedAsync(senior, high))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
        var ended = await RunningServer.FinishedAsync(intern, low);
        ended["phase"]!.GetValue<string>().ShouldBe("Succeeded");
        (ended["restarts"]!.GetValue<int>(), ended["platformRestarts"]!.GetValue<int>(), ended["attempts"]!.AsArray().Count).ShouldBe((0, 1, 2));
        (await ledger.FindAsync(JobId.Parse(low), CancellationToken.None))!.SubmitSequence.ShouldBe(sequence);

        // (The shell may say besides that its sleep was ended.)
        (await LogAsync(intern, low, 1)).ShouldSatisfyAllConditions(log => log.ShouldStartWith("begun\n"), log => log.ShouldEndWith("saved\n"));
        (await LogAsync(intern, low, 2)).ShouldBe("resumed from step 7\n");
        var events = (await (await intern.GetAsync($"/api/v1/jobs/{low}/events")).JsonAsync())["items"]!.AsArray().Select(happened => happened!["message"]!.GetValue<string>()).ToArray();
        events.ShouldContain($"told to stop (Preempted by {high})");
    }

    [Fact]
    public async Task While_its_victims_stop_the_job_says_what_it_waits_for_and_the_snapshot_to_whom_their_devices_are_promised()
    {
        await using var server = await RunningServer.StartAsync(planner: Evictor.Unchecked());
        var (intern, senior) = (await server.AddUserAsync("ian", "intern"), await server.AddUserAsync("sue", "senior"));

        // Deaf to the signal, so that there is time to look.
        var low = await RunningServer.SubmitAsync(intern, RunningServer.Spec("trap '' TERM; sleep 60", replicas: 2, gpus: 4));
        await RunningServer.UntilAsync(intern, low, JobPhase.Running);
        var check = await (await senior.PostAsync("/api/v1/jobs:check", new StringContent(RunningServer.Spec("true", gpus: 4), Encoding.UTF8, "application/json"))).JsonAsync();
        (check["startsNow"]!.GetValue<bool>(), check["wouldEvict"]!.GetValue<int>(), check["reason"]!.GetValue<string>()).ShouldBe((false, 1, "WaitingForPreemption"));
        (await (await intern.GetAsync($"/api/v1/jobs/{low}")).JsonAsync())["phase"]!.GetValue<string>().ShouldBe("Running");

        var high = await RunningServer.SubmitAsync(senior, RunningServer.Spec("true", gpus: 4));
        await RunningServer.UntilAsync(intern, low, JobPhase.Stopping);
        var held = (await server.Services.GetRequiredService<Snapshots>().TakeAsync(CancellationToken.None)).Snapshot.Running.Single(job => job.Standing.Id == JobId.Parse(low));
        (held.IsStopping, held.StoppingFor).ShouldBe((true, JobId.Parse(high)));
        await RunningServer.FinishedAsync(senior, high);
        (await RunningServer.UntilAsync(intern, low, JobPhase.Running))["platformRestarts"]!.GetValue<int>().ShouldBe(1);
    }

    [Fact]
    public async Task Where_one_victim_has_moved_on_nobody_is_evicted()
    {
        JobId? moved = null;
        await using var server = await RunningServer.StartAsync(planner: Evictor.Unchecked(eviction => eviction.Victim == moved ? eviction with { VictimRevision = eviction.VictimRevision - 1 } : eviction));
        var (intern, senior) = (await server.AddUserAsync("ian", "intern"), await server.AddUserAsync("sue", "senior"));
        var jobs = new List<string>();
        for (var i = 0; i < 2; i++) jobs.Add(await RunningServer.SubmitAsync(intern, RunningServer.Spec("sleep 60", gpus: 4, name: $"low-{i}")));
        foreach (var job in jobs) await RunningServer.UntilAsync(intern, job, JobPhase.Running);
        moved = JobId.Parse(jobs[1]);
        var high = await RunningServer.SubmitAsync(senior, RunningServer.Spec("true", replicas: 2, gpus: 4, name: "high"));

        // Planned, and still nothing has come of it.
        await Eventually.Is(async () => (await WhyAsync(senior, high))["reason"]!.GetValue<string>() == "WaitingForPreemption");
        for (var cycle = 0; cycle < 3; cycle++) await AnotherCycleAsync(server);
        foreach (var job in jobs) (await RunningServer.UntilAsync(intern, job, JobPhase.Running))["attempts"]!.AsArray().Count.ShouldBe(1);

        moved = null;
        await RunningServer.FinishedAsync(senior, high);
        foreach (var job in jobs) (await RunningServer.UntilAsync(intern, job, JobPhase.Running))["platformRestarts"]!.GetValue<int>().ShouldBe(1);
    }

    private static async Task AnotherCycleAsync(RunningServer server)
    {
        var scheduling = server.Services.GetRequiredService<SchedulingLoop>();
        var before = scheduling.Latest;
        scheduling.Wake();
        await Eventually.Is(() => Task.FromResult(scheduling.Latest != before));
    }

    private static async Task<JsonNode> WhyAsync(HttpClient client, string job) => await (await client.GetAsync($"/api/v1/jobs/{job}/why")).JsonAsync();

    private static async Task<string> LogAsync(HttpClient person, string job, int attempt)
    {
        using var client = new ConvoyClient(person.BaseAddress!, person.DefaultRequestHeaders.Authorization!.Parameter!, TimeProvider.System);
        var text = new StringBuilder();
        await foreach (var (chunk, _) in client.ReadLogsAsync(job, new LogQuery { Attempt = attempt }, CancellationToken.None))
        {
            if (chunk is not null) text.Append(Encoding.UTF8.GetString(chunk.Bytes.Span));
        }

        return text.ToString();
    }
}
