using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using Convoy.Server.Loops;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Convoy.Server.Tests.Loops;

/// <summary>The planner errs, and scheduling goes on.</summary>
public sealed partial class PlannerFaultTests
{
    private const string Secret = "hunter2-of-the-environment";

    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task A_gang_that_violates_is_never_applied_and_the_rest_is_and_the_snapshot_is_kept_for_who_looks_for_the_mistake()
    {
        JobId? wronged = null;
        var planner = new GuardedPlanner((snapshot, policy, now) => Wronged(Scheduler.Plan(snapshot, policy, now), wronged));
        await using var server = await RunningServer.StartAsync(planner: planner);
        var said = new Listener();
        server.Services.GetRequiredService<ILoggerFactory>().AddProvider(said);
        var before = await ViolationsAsync(server);
        var id = RunningServer.NewId();
        wronged = JobId.Parse(id);
        (await RunningServer.PutAsync(server.Admin, id, RunningServer.Spec("true", gpus: 1, name: "wronged", more: $$""", "env": {"PASSWORD": "{{Secret}}"}"""))).StatusCode.ShouldBe(HttpStatusCode.Created);
        var other = await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("true", gpus: 1, name: "other"));

        (await RunningServer.FinishedAsync(server.Admin, other))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
        await Eventually.Is(async () => await ViolationsAsync(server) > before);
        await Eventually.Is(() => Task.FromResult(said.Lines.Any(line => line.Contains(id, StringComparison.Ordinal) && Kept().IsMatch(line))));
        var file = Kept().Match(said.Lines.First(line => line.Contains(id, StringComparison.Ordinal) && Kept().IsMatch(line))).Groups[1].Value;
        Path.GetDirectoryName(file).ShouldBe(server.State.Snapshots);
        File.GetUnixFileMode(file).ShouldBe(PrivateFile);
        var text = await File.ReadAllBytesAsync(file);
        System.Text.Encoding.UTF8.GetString(text).ShouldNotContain(Secret);

        // It shows the mistake again.
        var kept = PlanningCase.FromJson(text);
        PlanChecker.Violations(kept.Snapshot, kept.Policy, Wronged(Scheduler.Plan(kept.Snapshot, kept.Policy, kept.Now), wronged), kept.Now).ShouldContain(violation => violation.Job == wronged);

        var asked = await server.Admin.GetStringAsync("/api/v1/scheduling/snapshot");
        PlanningCase.FromJson(System.Text.Encoding.UTF8.GetBytes(asked)).Snapshot.Pending.ShouldHaveSingleItem().Standing.Id.ShouldBe(wronged.Value);
        asked.ShouldNotContain(Secret);
        (await RunningServer.UntilAsync(server.Admin, id, JobPhase.Pending))["attempts"]!.AsArray().ShouldBeEmpty();

        // And the mistake once mended, it runs.
        wronged = null;
        (await RunningServer.FinishedAsync(server.Admin, id))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
    }

    [Fact]
    public async Task A_job_that_the_planner_cannot_bear_stops_nobody_else()
    {
        JobId? unbearable = null;
        var planner = new GuardedPlanner(
            (snapshot, policy, now) => snapshot.Pending.Any(job => job.Standing.Id == unbearable) ? throw new InvalidOperationException("simulated") : Scheduler.Plan(snapshot, policy, now));
        await using var server = await RunningServer.StartAsync(planner: planner);
        var id = RunningServer.NewId();
        unbearable = JobId.Parse(id);
        await RunningServer.PutAsync(server.Admin, id, RunningServer.Spec("true", name: "unbearable"));
        var other = await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("true", name: "other"));
        (await RunningServer.FinishedAsync(server.Admin, other))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
        (await RunningServer.UntilAsync(server.Admin, id, JobPhase.Pending))["attempts"]!.AsArray().ShouldBeEmpty();
        Directory.GetFiles(server.State.Snapshots).ShouldNotBeEmpty();
        unbearable = null;
        (await RunningServer.FinishedAsync(server.Admin, id))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
    }

    [Fact]
    public void Only_the_newest_snapshots_are_kept()
    {
        var folder = Directory.CreateTempSubdirectory("convoy-server-").FullName;
        var snapshots = new SnapshotFolder(Path.Combine(folder, "snapshots"), NullLogger<SnapshotFolder>.Instance);
        var files = Enumerable.Range(0, 25).Select(second => snapshots.Keep(new PlanningCase(new(0, [], [], []), new([]), DateTimeOffset.UnixEpoch.AddSeconds(second)))).ToArray();
        Directory.GetFiles(Path.Combine(folder, "snapshots")).ShouldBe(files[5..], ignoreOrder: true);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Where_no_snapshot_can_be_kept_that_is_said_and_no_error()
    {
        var file = Path.GetTempFileName();
        new SnapshotFolder(file, NullLogger<SnapshotFolder>.Instance).Keep(new PlanningCase(new(0, [], [], []), new([]), DateTimeOffset.UnixEpoch)).ShouldBeNull();
        File.Delete(file);
    }

    private static Plan Wronged(Plan plan, JobId? job) => plan with { Gangs = [.. plan.Gangs.Select(gang => gang.Job == job ? gang with { Tasks = [.. gang.Tasks.Select(task => task with { Node = "nowhere" })] } : gang)] };

    private static async Task<double> ViolationsAsync(RunningServer server) =>
        (await server.Admin.GetStringAsync("/metrics")).Split('\n').Where(line => line.StartsWith("convoy_plan_violations_total{", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture));

    [GeneratedRegex("the snapshot is in ([^ ]+-violation\\.json)")]
    private static partial Regex Kept();

    private sealed class Listener : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
