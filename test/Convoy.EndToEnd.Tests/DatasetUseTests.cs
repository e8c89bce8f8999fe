using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Convoy.Core.Datasets;

namespace Convoy.EndToEnd.Tests;

/// <summary>What is said of a job's data sets: the hit ratio that was promised, and the bytes that came from the store.</summary>
public sealed class DatasetUseTests
{
    private const int Files = 200, FileBytes = 100_000;

    [Fact]
    public async Task A_job_with_half_of_its_data_set_kept_on_the_node_misses_the_other_half_in_each_epoch_and_says_so()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        var folder = Directory.CreateDirectory(Path.Combine(platform.Root, "kitti")).FullName;

        // One in ten has the same bytes as the others of those: they are stored once, and read each time.
        var same = RandomNumberGenerator.GetBytes(FileBytes);
        for (var i = 0; i < Files; i++) await File.WriteAllBytesAsync(Path.Combine(folder, i.ToString(CultureInfo.InvariantCulture)), i % 10 == 0 ? same : RandomNumberGenerator.GetBytes(FileBytes), TestContext.Current.CancellationToken);
        (await cli.RunAsync("dataset", "push", "kitti", folder)).ExitCode.ShouldBe(0);
        await File.WriteAllTextAsync(Path.Combine(cli.Folder, "read.py"), """
            import convoy, random
            ds = convoy.dataset("kitti")
            for epoch in range(3):
                order = list(range(len(ds)))
                random.shuffle(order)
                for i in order:
                    assert len(ds[i]) == 100_000
            print("read")
            """, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(cli.Folder, "job.yaml"), """
            name: reader
            roles:
              worker: {replicas: 1, command: [python3, read.py]}
            datasets: [{name: kitti, share: 50, startAt: 100}]
            code: {workdir: .}
            """, TestContext.Current.CancellationToken);
        var submitted = await cli.RunAsync("submit", "-f", Path.Combine(cli.Folder, "job.yaml"), "--wait");
        submitted.ExitCode.ShouldBe(0, submitted.Error);
        (await cli.RunAsync("logs", "reader")).Output.ShouldContain("read\n");

        var warmed = await cli.RunAsync("dataset", "warm", "kitti");
        warmed.ExitCode.ShouldBe(0, warmed.Error);
        warmed.Output.ShouldStartWith("kitti@v1: 19.1 MiB of 19.1 MiB on node-0, ");
        using var job = JsonDocument.Parse((await cli.RunAsync("get", "reader", "-o", "json")).Output);
        var use = job.RootElement.GetProperty("datasets")[0];
        const long all = (long)Files * FileBytes;
        use.GetProperty("bytes").GetInt64().ShouldBe(all);

        // To a file: the last that would go beyond the share is not kept.
        use.GetProperty("heldBytes").GetInt64().ShouldBeInRange((long)(all * 0.4), all / 2);
        use.GetProperty("hitRatio").GetDouble().ShouldBeInRange(0.4, 0.5);
        use.GetProperty("missedBytes").GetInt64().ShouldBeInRange(2 * (all - use.GetProperty("heldBytes").GetInt64()), 3 * (all - use.GetProperty("heldBytes").GetInt64()));

        // By whole segments, so that their hashes can be compared.
        use.GetProperty("filledBytes").GetInt64().ShouldBeInRange((long)(all * 0.3), (all / 2) + PackLayout.SegmentBytes);
        using var http = platform.HttpOf(platform.AdministratorToken);
        (await http.GetStringAsync(new Uri(platform.Url, "/metrics"), TestContext.Current.CancellationToken)).ShouldContain($"convoy_dataset_missed_bytes_total {use.GetProperty("missedBytes").GetInt64()}\n");
        (await cli.RunAsync("get", "reader")).Output.ShouldMatch(@"hit ratio [45]\d\.\d % \([\d.]+ MiB of 19\.1 MiB on its nodes\), from the store");
    }
}
