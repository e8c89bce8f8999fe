using Convoy.Core.Jobs;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class TorchrunTests
{
    private const string Torchrun = "/usr/bin/torchrun";

    private const string Script = """
        import os, sys
        import torch, torch.distributed as dist
        torch.set_num_threads(1)
        dist.init_process_group("gloo")
        ones = torch.ones(1)
        dist.all_reduce(ones)
        print(f"rank {dist.get_rank()} of {dist.get_world_size()} local {os.environ['LOCAL_RANK']} sees {int(ones.item())} devices {os.environ['CUDA_VISIBLE_DEVICES']}\n", end="", flush=True)
        dist.barrier()
        """;

    [Fact]
    public async Task Two_nodes_of_four_declared_devices_make_a_world_of_eight()
    {
        Assert.SkipUnless(File.Exists(Torchrun), $"needs {Torchrun} (Debian: python3-torch)");
        await using var bed = new LocalBed { Unpack = (_, folder, cancellationToken) => File.WriteAllTextAsync(Path.Combine(folder, "train.py"), Script, cancellationToken) };
        var cluster = await bed.OpenAsync(nodes: 2, devicesPerNode: 4);
        var wish = Wishes.Run([Torchrun, "train.py"], tasks: 2, devices: 4, change: spec => spec with { Framework = Framework.Pytorch, Code = new CodeSpec { Archive = new string('d', 64) } });
        await cluster.ApplyAsync(wish);
        var seen = await cluster.UntilAsync("both ended", s => s.EndOf(wish, 0) is not null && s.EndOf(wish, 1) is not null, TimeSpan.FromMinutes(4));
        var output = await bed.OutputAsync(wish, 0) + await bed.OutputAsync(wish, 1);
        seen.EndOf(wish, 0)!.Outcome!.Code.ShouldBe(0, output);
        seen.EndOf(wish, 1)!.Outcome!.Code.ShouldBe(0, output);
        output.Split('\n').Where(line => line.StartsWith("rank ", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .ShouldBe(Enumerable.Range(0, 8).Select(rank => $"rank {rank} of 8 local {rank % 4} sees 8 devices 0,1,2,3"));
    }
}
