using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>Training programs as people write them.</summary>
public sealed class TrainingTests
{
    private const string Python = "/usr/bin/python3";
    private const string Torchrun = "/usr/bin/torchrun";

    [Fact]
    public async Task Two_nodes_of_four_devices_are_one_world_of_eight_under_torchrun()
    {
        Assert.SkipUnless(File.Exists(Torchrun), $"needs {Torchrun} (Debian: python3-torch)");
        await using var platform = await RunningPlatform.StartAsync(nodes: 2, gpus: 4);
        await File.WriteAllTextAsync(platform.Mark("train.py"), """
            import os
            import torch, torch.distributed as dist
            torch.set_num_threads(1)
            dist.init_process_group("gloo")
            ones = torch.ones(1)
            dist.all_reduce(ones)
            print(f"rank {dist.get_rank()} of {dist.get_world_size()} local {os.environ['LOCAL_RANK']} counts {int(ones.item())}\n", end="", flush=True)
            dist.barrier()
            """);
        var job = await platform.SubmitAsync(Jobs.Command("world", [Torchrun, platform.Mark("train.py")], tasks: 2, gpus: 4) with { Framework = Framework.Pytorch });
        var ended = await platform.UntilFinishedAsync(job.Id, TimeSpan.FromMinutes(4));
        var log = await platform.LogsAsync(job.Id);
        ended.Phase.ShouldBe(JobPhase.Succeeded, log);
        log.Split('\n').Where(line => line.StartsWith("rank ", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .ShouldBe(Enumerable.Range(0, 8).Select(rank => $"rank {rank} of 8 local {rank % 4} counts 8"), log);
    }

    [Fact]
    public async Task What_a_script_reports_is_seen_as_metrics_and_progress()
    {
        Assert.SkipUnless(File.Exists(Python), $"needs {Python}");
        await using var platform = await RunningPlatform.StartAsync();
        await File.WriteAllTextAsync(platform.Mark("train.py"), """
            import convoy
            convoy.log(1, loss=0.5, accuracy=0.25)
            convoy.log(2, loss=float("nan"))
            convoy.progress(0.4)
            """);
        var job = await platform.SubmitAsync(Jobs.Command("reports", [Python, platform.Mark("train.py")], tasks: 1));
        var ended = await platform.UntilFinishedAsync(job.Id);
        ended.Phase.ShouldBe(JobPhase.Succeeded, await platform.LogsAsync(job.Id));
        ended.Progress.ShouldBe(0.4);

        var metrics = (await platform.Client.ListMetricsAsync(job.Id, null, null, null, CancellationToken.None)).Items;
        metrics.Select(metric => (metric.Step, metric.Name, metric.Value)).ShouldBe([(1, "loss", 0.5), (1, "accuracy", 0.25), (2, "loss", double.NaN)], ignoreOrder: true);
        metrics.ShouldAllBe(metric => metric.Attempt == 1 && metric.Rank == 0);

        var streamed = new List<MetricView>();
        await foreach (var (metric, _) in platform.Client.FollowMetricsAsync(job.Id, "loss", CancellationToken.None))
        {
            if (metric is not null) streamed.Add(metric);
        }

        streamed.Select(metric => metric.Value).ShouldBe([0.5, double.NaN]);
    }

    [Fact]
    public async Task Checkpoints_outlive_the_attempt_that_wrote_them()
    {
        Assert.SkipUnless(File.Exists(Python), $"needs {Python}");
        await using var platform = await RunningPlatform.StartAsync();
        await File.WriteAllTextAsync(platform.Mark("train.py"), """
            import sys
            import convoy
            newest = convoy.latest_checkpoint()
            if newest is None:
                convoy.save_checkpoint(lambda path: open(path, "w").write("half way"), 7)
                sys.exit(5)
            print(open(newest).read(), flush=True)
            """);
        var spec = Jobs.Command("goes-on", [Python, platform.Mark("train.py")]);
        var job = await platform.SubmitAsync(spec with { Recovery = new RecoverySpec { MaxRestarts = 1 } });
        var ended = await platform.UntilFinishedAsync(job.Id);
        ended.Phase.ShouldBe(JobPhase.Succeeded, await platform.LogsAsync(job.Id));
        (ended.Restarts, ended.Attempts!.Count).ShouldBe((1, 2));
        ended.Attempts[0].Tasks[0].ExitCode.ShouldBe(5);
        (await platform.LogsAsync(job.Id)).ShouldBe("half way\n");
    }
}
