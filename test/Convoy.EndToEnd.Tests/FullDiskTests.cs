using System.Collections.Concurrent;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>The state lies on a small disk that fills up while jobs run and others come.</summary>
public sealed class FullDiskTests
{
    private const int Lines = 6_000;

    [Fact]
    public async Task A_disk_that_fills_up_refuses_what_is_new_harms_nothing_that_runs_loses_nothing_and_goes_on_by_itself()
    {
        await using var disk = await SmallDisk.MakeAsync(96);
        await using var platform = await RunningPlatform.StartOnAsync(Path.Combine(disk.Folder, "state"), nodes: 4, gpus: 1);
        using var convoy = new ConvoyCommand(platform);
        using var filler = disk.Fill();

        // Two that print all the time, and one that ends while the disk is full.
        var script = (string name) => $"echo up > {platform.Mark(name)}; i=0; while [ $i -lt {Lines} ]; do i=$((i+1)); echo {name} $i; [ $((i % 200)) = 0 ] && sleep 0.05; done; {Jobs.Until(platform.Mark("end"))}; echo {name} done";
        var printing = new[] { await platform.SubmitAsync(Jobs.Shell("one", script("one"))), await platform.SubmitAsync(Jobs.Shell("two", script("two"))) };
        var ending = await platform.SubmitAsync(Jobs.Shell("ending", $"echo up > {platform.Mark("ending")}; {Jobs.Until(platform.Mark("full"))}; echo last words; exit 7"));
        foreach (var mark in (string[])["one", "two", "ending"]) await platform.HeardAsync(mark);

        // Submissions while something else fills the disk, first to where new jobs are refused, then to the last byte.
        var accepted = new ConcurrentDictionary<JobId, string>();
        var refusals = new ConcurrentBag<ConvoyException>();
        using var enough = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(_ => SubmitAsync(platform, accepted, refusals, enough.Token)).ToArray();
        await Eventually.HoldsAsync("jobs are accepted", () => accepted.Count > 10);
        filler.GrowUpTo(8 << 20);
        await Eventually.HoldsAsync("submissions are refused", () => !refusals.IsEmpty);
        await enough.CancelAsync();
        await Task.WhenAll(clients);
        refusals.Select(refusal => (refusal.Status, refusal.Code)).Distinct().ShouldBe([(507, "DiskFull")]);
        filler.GrowUpTo(0);

        var refused = await convoy.RunAsync("submit", "--name", "refused", "--detach", "--", "true");
        (refused.ExitCode, refused.Output).ShouldBe((6, ""));
        refused.Error.ShouldContain("error[DiskFull]: the platform's disk is nearly full");
        (await convoy.RunAsync("cluster", "list")).Error.ShouldContain("notice[DiskFull]");
        platform.Say("full");
        await Eventually.HoldsAsync("the task ends", () => !ProcessFiles.Of(ending.Id).Any(pid => ProcessFiles.IsAlive(pid) && File.ReadAllText($"/proc/{pid}/cmdline").StartsWith("/bin/sh", StringComparison.Ordinal)));
        foreach (var job in printing) (await platform.Client.GetJobAsync(job.Id, CancellationToken.None)).Phase.ShouldBe(JobPhase.Running);

        // Even a server that is killed comes back on the full disk.
        await platform.KillServerAsync();
        await platform.StartServerAsync();
        foreach (var job in printing) (await platform.Client.GetJobAsync(job.Id, CancellationToken.None)).Phase.ShouldBe(JobPhase.Running);

        filler.Dispose();
        platform.Say("end");
        var failed = await platform.UntilFinishedAsync(ending.Id);
        (failed.Phase, failed.Failure?.ExitCode, failed.Attempts!.Count).ShouldBe((JobPhase.Failed, 7, 1));
        (await platform.LogsAsync(ending.Id)).ShouldBe("last words\n");
        for (var i = 0; i < printing.Length; i++)
        {
            var ended = await platform.UntilFinishedAsync(printing[i].Id);
            (ended.Phase, ended.Attempts!.Count).ShouldBe((JobPhase.Succeeded, 1));
            var name = i == 0 ? "one" : "two";
            (await platform.LogsAsync(ended.Id)).ShouldBe(string.Concat(Enumerable.Range(1, Lines).Select(line => $"{name} {line}\n")) + $"{name} done\n");
        }

        foreach (var (id, mark) in accepted)
        {
            var ended = await platform.UntilFinishedAsync(id.Value, TimeSpan.FromMinutes(3));
            ended.Phase.ShouldBe(JobPhase.Succeeded, id.Value);
            (await File.ReadAllLinesAsync(platform.Mark(mark))).Length.ShouldBe(1, "each ran once");
        }

        (await convoy.RunAsync("submit", "--name", "later", "--wait", "--", "true")).ExitCode.ShouldBe(0);
        (await convoy.RunAsync("cluster", "list")).Error.ShouldNotContain("notice[DiskFull]");
    }

    private static async Task SubmitAsync(RunningPlatform platform, ConcurrentDictionary<JobId, string> accepted, ConcurrentBag<ConvoyException> refusals, CancellationToken cancellationToken)
    {
        var client = platform.ClientOf(platform.AdministratorToken);
        while (!cancellationToken.IsCancellationRequested)
        {
            var id = Jobs.NewId();
            try
            {
                await client.SubmitAsync(id, Jobs.Shell("small", $"echo ran >> {platform.Mark($"ran-{id}")}"), CancellationToken.None);
                accepted[id] = $"ran-{id}";
            }
            catch (ConvoyException e)
            {
                refusals.Add(e);
            }

            await Task.Delay(200, CancellationToken.None);
        }
    }
}
