using System.Net;
using Convoy.Core.Jobs;
using Convoy.Server.Loops;
using Convoy.Server.Operation;
using Microsoft.Extensions.DependencyInjection;

namespace Convoy.Server.Tests.Loops;

/// <summary>What jobs leave goes in its time, and nothing else does.</summary>
public sealed class RetentionLoopTests
{
    [Fact]
    public async Task Logs_go_in_their_time_and_whoever_asks_for_them_is_told_so()
    {
        await using var server = await StartAsync(kept => kept.With(KeptKind.Logs, TimeSpan.Zero));
        var job = await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("echo here"));
        await RunningServer.FinishedAsync(server.Admin, job);
        var runs = await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("echo here; sleep 60", name: "runs"));
        await RunningServer.UntilAsync(server.Admin, runs, JobPhase.Running);
        Directory.Exists(FolderOf(server, job)).ShouldBeTrue();

        await RoundAsync(server);
        var asked = await server.Admin.GetAsync($"/api/v1/jobs/{job}/logs");
        (asked.StatusCode, await asked.CodeAsync()).ShouldBe((HttpStatusCode.Gone, "LogsRemoved"));
        Directory.Exists(FolderOf(server, job)).ShouldBeFalse();
        (await server.Admin.GetAsync($"/api/v1/jobs/{job}")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await Eventually.Is(async () => (await (await server.Admin.GetAsync($"/api/v1/jobs/{runs}/logs")).Content.ReadAsStringAsync()).Contains("event: log", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Events_go_but_for_the_last_one_and_outputs_checkpoints_and_code_go_with_their_folders()
    {
        await using var server = await StartAsync(kept => new[] { KeptKind.Events, KeptKind.Outputs, KeptKind.Checkpoints, KeptKind.Code, KeptKind.Metrics }.Aggregate(kept, (all, kind) => all.With(kind, TimeSpan.Zero)));
        var job = await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("echo kept | tee here $CONVOY_OUTPUT_DIR/out $CONVOY_CHECKPOINT_DIR/step; mkdir -p deep/er; touch deep/er/file; chmod 0 deep"));
        (await RunningServer.FinishedAsync(server.Admin, job))["phase"]!.GetValue<string>().ShouldBe("Succeeded");
        Left(server, job).Length.ShouldBeInRange(2, 3);
        await Eventually.Is(async () => (await OutputsAsync(server, job)).StatusCode == HttpStatusCode.OK && (await (await OutputsAsync(server, job)).JsonAsync())["items"]!.AsArray().Count == 1);

        await RoundAsync(server);
        (await (await OutputsAsync(server, job)).CodeAsync()).ShouldBe("OutputsRemoved");
        Directory.Exists(Path.Combine(server.State.Cluster, "outputs", job)).ShouldBeFalse();
        Left(server, job).ShouldBeEmpty();
        Directory.GetDirectories(Path.Combine(server.State.Cluster, "people"), job, SearchOption.AllDirectories).ShouldBeEmpty();
        (await (await server.Admin.GetAsync($"/api/v1/jobs/{job}/events")).JsonAsync())["items"]!.AsArray().ShouldHaveSingleItem()!["type"]!.GetValue<string>().ShouldBe("Succeeded");
        (await (await server.Admin.GetAsync($"/api/v1/jobs/{job}/logs")).Content.ReadAsStringAsync()).ShouldContain(Convert.ToBase64String("kept\n"u8));
    }

    [Fact]
    public async Task A_job_goes_with_everything_of_it_and_its_id_is_free_again()
    {
        await using var server = await StartAsync(kept => kept.With(KeptKind.Jobs, TimeSpan.Zero));
        var id = RunningServer.NewId();
        (await RunningServer.PutAsync(server.Admin, id, RunningServer.Spec("echo first"))).StatusCode.ShouldBe(HttpStatusCode.Created);
        await RunningServer.FinishedAsync(server.Admin, id);

        await RoundAsync(server);
        (await server.Admin.GetAsync($"/api/v1/jobs/{id}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await server.Services.GetRequiredService<DeletionLoop>().RemoveAllAsync(CancellationToken.None);
        Directory.EnumerateFileSystemEntries(Path.Combine(server.State.Cluster, "jobs"), id).ShouldBeEmpty();
        await Eventually.Is(async () => (await RunningServer.PutAsync(server.Admin, id, RunningServer.Spec("echo second"))).StatusCode == HttpStatusCode.Created);
        await RunningServer.FinishedAsync(server.Admin, id);
        (await (await server.Admin.GetAsync($"/api/v1/jobs/{id}/logs")).Content.ReadAsStringAsync()).ShouldContain(Convert.ToBase64String("second\n"u8));
    }

    [Fact]
    public async Task What_the_cluster_remembers_of_a_job_goes_once_its_end_is_stored_and_its_logs_stay()
    {
        await using var server = await StartAsync(kept => kept);
        var job = await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("echo here"));
        await RunningServer.FinishedAsync(server.Admin, job);
        var wish = Path.Combine(FolderOf(server, job), "wish.json");
        File.Exists(wish).ShouldBeTrue();
        await Eventually.Is(async () =>
        {
            await RoundAsync(server);
            return !File.Exists(wish);
        });
        (await (await server.Admin.GetAsync($"/api/v1/jobs/{job}/logs")).Content.ReadAsStringAsync()).ShouldContain(Convert.ToBase64String("here\n"u8));
    }

    [Fact]
    public async Task While_a_backup_holds_what_it_reads_nothing_goes()
    {
        await using var server = await StartAsync(kept => kept.With(KeptKind.Jobs, TimeSpan.Zero));
        var job = await RunningServer.SubmitAsync(server.Admin, RunningServer.Spec("true"));
        await RunningServer.FinishedAsync(server.Admin, job);
        using (server.State.TryHoldUpkeep())
        {
            await RoundAsync(server);
            (await server.Admin.GetAsync($"/api/v1/jobs/{job}")).StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        await RoundAsync(server);
        (await server.Admin.GetAsync($"/api/v1/jobs/{job}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    /// <summary>The loop itself stays asleep: rounds are made by hand.</summary>
    private static Task<RunningServer> StartAsync(Func<Retention, Retention> change) =>
        RunningServer.StartAsync(options => options with { Retention = change(Retention.Default), UpkeepPeriod = TimeSpan.FromDays(1) });

    private static Task RoundAsync(RunningServer server) => server.Services.GetRequiredService<RetentionLoop>().RoundAsync(CancellationToken.None);

    private static Task<HttpResponseMessage> OutputsAsync(RunningServer server, string job) => server.Admin.GetAsync($"/api/v1/jobs/{job}/outputs");

    private static string FolderOf(RunningServer server, string job) => Path.Combine(server.State.Cluster, "jobs", job);

    /// <summary>Files that the task left, by name.</summary>
    private static string[] Left(RunningServer server, string job) =>
        [.. new[] { "here", "out", "step" }.SelectMany(name => Directory.GetFiles(Path.Combine(server.State.Cluster, "people"), name, new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })).Where(file => file.Contains(job, StringComparison.Ordinal))];
}
