using System.Security.Cryptography;

namespace Convoy.EndToEnd.Tests;

/// <summary>What was deleted leaves the disk, and nothing that is needed does.</summary>
public sealed class DatasetGarbageTests
{
    [Fact]
    public async Task A_deleted_version_leaves_the_disk_after_the_grace_and_what_another_version_or_a_job_reads_stays()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0, "--garbage-grace", "2s");
        using var cli = new ConvoyCommand(platform);
        var folder = Directory.CreateDirectory(Path.Combine(platform.Root, "kitti")).FullName;
        var both = RandomNumberGenerator.GetBytes(200_000);
        await File.WriteAllBytesAsync(Path.Combine(folder, "both"), both, TestContext.Current.CancellationToken);
        await RunAsync("dataset", "push", "kitti", folder);
        var first = RandomNumberGenerator.GetBytes(300_000);
        await File.WriteAllBytesAsync(Path.Combine(folder, "first"), first, TestContext.Current.CancellationToken);
        await RunAsync("dataset", "push", "kitti", folder);
        File.Delete(Path.Combine(folder, "first"));
        await File.WriteAllBytesAsync(Path.Combine(folder, "third"), RandomNumberGenerator.GetBytes(100_000), TestContext.Current.CancellationToken);
        await RunAsync("dataset", "push", "kitti", folder);
        Files(platform, "packs+").Length.ShouldBe(3);
        Files(platform, "manifests+").Length.ShouldBe(3);

        // A job that has not read it yet, and of which nobody is asked whether the version may go.
        await File.WriteAllTextAsync(Path.Combine(cli.Folder, "read.py"), $"""
            import convoy, hashlib, os, time
            while not os.path.exists("{platform.Marks}/deleted"):
                time.sleep(0.1)
            print(hashlib.sha256(convoy.dataset("kitti").read("first")).hexdigest())
            """, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(cli.Folder, "job.yaml"), """
            name: reader
            roles: {worker: {command: [/usr/bin/python3, read.py]}}
            code: {workdir: .}
            datasets: [{name: kitti, version: v2}]
            """, TestContext.Current.CancellationToken);
        await RunAsync("submit", "-f", "job.yaml", "--detach");
        await RunAsync("dataset", "delete", "kitti@v1", "--yes");
        await RunAsync("dataset", "delete", "kitti@v2", "--yes");
        await Eventually.HoldsAsync("the first manifest goes", () => Files(platform, "manifests+").Length == 2);
        Files(platform, "packs+").Length.ShouldBe(3, "its pack is in other versions, and a job reads the second");
        (await cli.RunAsync("dataset", "versions", "kitti", "-o", "name")).Output.ShouldBe("kitti@v3\n");

        platform.Say("deleted");
        await RunAsync("wait", "reader");
        (await cli.RunAsync("logs", "reader")).Output.ShouldContain(Convert.ToHexStringLower(SHA256.HashData(first)));
        await Eventually.HoldsAsync("what only the job read goes with it", () => Files(platform, "packs+").Length == 2 && Files(platform, "manifests+").Length == 1);
        await RunAsync("dataset", "pull", "kitti", "--to", Path.Combine(platform.Root, "back"));
        (await File.ReadAllBytesAsync(Path.Combine(platform.Root, "back", "both"), TestContext.Current.CancellationToken)).ShouldBe(both);
        (await cli.RunAsync("dataset", "usage", "-o", "csv")).Output.ShouldContain($"kitti,1,{Files(platform, "packs+").Sum(file => file.Length)},");
        platform.Output.ShouldContain("objects of data sets that nothing needed");

        // Whoever is started next knows what was deleted.
        await RunAsync("dataset", "delete", "kitti", "--yes");
        await platform.KillServerAsync();
        Files(platform, "packs+").Length.ShouldBe(2);
        await platform.StartServerAsync();
        await Eventually.HoldsAsync("all of it goes", () => Files(platform, "packs+").Length == 0 && Files(platform, "manifests+").Length == 0);

        async Task RunAsync(params string[] words)
        {
            var ended = await cli.RunAsync(words);
            ended.ExitCode.ShouldBe(0, ended.Error);
        }
    }

    private static FileInfo[] Files(RunningPlatform platform, string kind)
    {
        var folder = new DirectoryInfo(Path.Combine(platform.State, "server", "datasets", kind));
        return folder.Exists ? folder.GetFiles("*", SearchOption.AllDirectories) : [];
    }
}
