using System.Text.Json.Nodes;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using Convoy.Server.Loops;

namespace Convoy.Server.Tests.Loops;

/// <summary>Running elastic jobs change their size, on real tasks.</summary>
public sealed class ElasticTests
{
    [Fact]
    public async Task A_job_gives_its_surplus_to_one_that_waits_and_takes_it_back_when_that_has_ended()
    {
        var marks = Directory.CreateTempSubdirectory("convoy-elastic-").FullName;
        File.SetUnixFileMode(marks, (UnixFileMode)0x1ED); // Tasks under uids of their own look into it.
        await using var server = await RunningServer.StartAsync(options => options with { GrowAfter = TimeSpan.FromMilliseconds(1) });
        var elastic = await RunningServer.SubmitAsync(server.Admin, Elastic($"while ! [ -e {marks}/done ]; do sleep 0.05; done"));
        (await RunningServer.UntilAsync(server.Admin, elastic, JobPhase.Running))["tasks"]!.GetValue<int>().ShouldBe(2);

        var other = await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec($"while ! [ -e {marks}/enough ]; do sleep 0.05; done", gpus: 4, name: "other"));
        await RunningServer.UntilAsync(server.Admin, other, JobPhase.Running);
        await SizeAsync(server, elastic, 1);
        await File.WriteAllTextAsync(Path.Combine(marks, "enough"), "");
        await RunningServer.FinishedAsync(server.Admin, other);
        await SizeAsync(server, elastic, 2);

        // The new task has a rank, and a log, of its own.
        await Eventually.Is(async () => (await ViewAsync(server, elastic))["attempts"]![0]!["tasks"]!.AsArray() is [_, _, var added] && added!["state"]!.GetValue<string>() == "Running");
        await File.WriteAllTextAsync(Path.Combine(marks, "done"), "");
        var ended = await RunningServer.FinishedAsync(server.Admin, elastic);
        (ended["phase"]!.GetValue<string>(), ended["restarts"]!.GetValue<int>(), ended["platformRestarts"]!.GetValue<int>(), ended["attempts"]!.AsArray().Count).ShouldBe(("Succeeded", 0, 0, 1));
        var messages = (await (await server.Admin.GetAsync($"/api/v1/jobs/{elastic}/events")).JsonAsync())["items"]!.AsArray()
            .Where(happened => happened!["type"]!.GetValue<string>() == "Resized").Select(happened => happened!["message"]!.GetValue<string>()).ToArray();
        messages.Length.ShouldBe(2);
        messages[0].ShouldBe($"attempt 1: shrank from 2 to 1 task for {other}");
        messages[1].ShouldStartWith("attempt 1: grew from 1 to 2 tasks, on node-");
        Directory.Delete(marks, recursive: true);
    }

    [Fact]
    public void Gangs_that_one_job_shrinks_for_are_told_together_and_the_others_apart()
    {
        var (a, b, c, small, victim) = (Id("a"), Id("b"), Id("c"), Id("small"), Id("victim"));
        var plan = new Plan(1, [Gang(a), Gang(b), Gang(c), Gang(Id("free"))], [new PlannedEviction(victim, 3, b)], [])
        {
            Resizes = [new PlannedResize(small, 5, [], [a, b]), new PlannedResize(Id("other"), 6, [], [c]), new PlannedResize(Id("grows"), 7, [], [])],
        };
        var together = MakingWay.Of(plan);
        together.Select(each => each.Gangs.Select(gang => gang.Job).ToArray()).ShouldBe([[a, b], [c]]);
        together[0].Commands.Select(command => command.Job).ShouldBe([a, b, victim, small]);
        together[0].Commands[^1].Command.ShouldBeOfType<JobCommand.Resize>().For.ShouldBe([a, b]);
        together[1].Evictions.ShouldBeEmpty();
    }

    [Fact]
    public void A_gang_that_others_would_have_to_move_for_waits() => MakingWay.Of(
        new Plan(1, [Gang(Id("a"))], [], []) { Resizes = [new PlannedResize(Id("moves"), 5, [], [Id("a")]) { IsMove = true }] }).ShouldBeEmpty();

    private static JobId Id(string name) => JobId.FromKey("ann", name);

    private static PlannedGang Gang(JobId job) => new(job, 1, "local", null, []);

    private static string Elastic(string command) => RunningServer.Spec(command, gpus: 4, name: "elastic", more: """, "framework": "pytorch" """)
        .Replace("\"replicas\": 1", "\"replicas\": \"1..2\"", StringComparison.Ordinal);

    private static async Task<JsonNode> ViewAsync(RunningServer server, string job) => await (await server.Admin.GetAsync($"/api/v1/jobs/{job}")).JsonAsync();

    private static Task SizeAsync(RunningServer server, string job, int tasks) => Eventually.Is(async () => (await ViewAsync(server, job))["tasks"]!.GetValue<int>() == tasks);
}
