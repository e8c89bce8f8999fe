using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Convoy.EndToEnd.Tests;

/// <summary>Jobs read data sets through the node agent of the platform's machine.</summary>
public sealed class DatasetJobTests
{
    [Fact]
    public async Task Tasks_find_every_byte_of_a_data_set_where_the_job_wants_it_and_lose_nothing_when_the_agent_is_killed()
    {
        SkipWithoutMounts();
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        var (first, hash) = Write(Path.Combine(platform.Root, "kitti"), 40);
        (await cli.RunAsync("dataset", "push", "kitti", Path.Combine(platform.Root, "kitti"))).ExitCode.ShouldBe(0);
        var at = Path.Combine(platform.Root, "at");
        var file = Path.Combine(platform.Root, "job.yaml");
        await File.WriteAllTextAsync(file, $$"""
            name: reader
            roles:
              worker:
                replicas: 2
                command: [sh, -c, 'sum() { cat $1*.bin | sha256sum | cut -c1-64; }; sum {{at}}/0; echo $CONVOY_DATASETS; touch {{platform.Marks}}/read-$CONVOY_RANK; until [ -e {{platform.Marks}}/killed ]; do sleep 0.1; done; until [ "$(sum {{at}}/ 2> /dev/null)" = {{hash}} ]; do sleep 0.1; done; echo again']
            datasets: [{name: kitti, mount: {{at}}}]
            """, TestContext.Current.CancellationToken);
        var submitted = await cli.RunAsync("submit", "-f", file, "--no-code", "--detach");
        submitted.ExitCode.ShouldBe(0, submitted.Error);
        await platform.HeardAsync("read-0");
        await platform.HeardAsync("read-1");

        // A tag that moves moves no running job, and an agent that dies is started and asked again: the kernel had not seen the rest of the files.
        Write(Path.Combine(platform.Root, "kitti"), 3);
        (await cli.RunAsync("dataset", "push", "kitti", Path.Combine(platform.Root, "kitti"))).ExitCode.ShouldBe(0);
        foreach (var pid in platform.NodeAgents())
        {
            using var agent = Process.GetProcessById(pid);
            agent.Kill();
        }

        platform.Say("killed");
        (await cli.RunAsync("wait", "reader")).ExitCode.ShouldBe(0);
        var logs = await cli.RunAsync("logs", "reader");
        logs.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).ShouldBe(
            new[] { 0, 1 }.SelectMany(rank => new[] { first, "kitti=v1", "again" }.Select(said => string.Create(CultureInfo.InvariantCulture, $"[worker {rank}] {said}"))).Order(StringComparer.Ordinal));
        Directory.Exists(at).ShouldBeTrue();
        Directory.EnumerateFileSystemEntries(at).ShouldBeEmpty();
    }

    /// <summary>Random files; the answer are the hashes of the first ten, and of all, in the order of a shell's pattern.</summary>
    private static (string First, string All) Write(string folder, int count)
    {
        var first = "";
        Directory.CreateDirectory(folder);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < count; i++)
        {
            var content = RandomNumberGenerator.GetBytes(100_000);
            File.WriteAllBytes(Path.Combine(folder, $"{i:00}.bin"), content);
            hash.AppendData(content);
            if (i == 9) first = Convert.ToHexStringLower(hash.GetCurrentHash());
        }

        return (first, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static void SkipWithoutMounts()
    {
        Assert.SkipUnless(File.Exists("/dev/fuse"), "there is no /dev/fuse here");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root may mount");
        var effective = File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapEff:", StringComparison.Ordinal)).Split('\t')[1];
        Assert.SkipUnless((Convert.ToUInt64(effective, 16) & (1UL << 21)) != 0, "root may not mount here: it lacks CAP_SYS_ADMIN");
    }
}
