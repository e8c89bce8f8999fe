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
        (await cli.RunAsync("get", "reader")).Output.ShouldContain($"v1, {at}");
        Directory.Exists(at).ShouldBeTrue();
        Directory.EnumerateFileSystemEntries(at).ShouldBeEmpty();
    }

    /// <summary>Nothing has to be mounted for it: this is the way for a platform that does not run as root.</summary>
    [Fact]
    public async Task A_Python_script_reads_a_data_set_with_several_processes_and_finds_every_byte()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        var (_, hash) = Write(Path.Combine(platform.Root, "kitti"), 40);
        await File.WriteAllBytesAsync(Path.Combine(platform.Root, "kitti", "large"), new byte[20 << 20], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(platform.Root, "kitti", "caf\u00e9 \U0001F69A"), "truck", TestContext.Current.CancellationToken);
        (await cli.RunAsync("dataset", "push", "kitti", Path.Combine(platform.Root, "kitti"))).ExitCode.ShouldBe(0);
        await File.WriteAllTextAsync(Path.Combine(cli.Folder, "read.py"), """
            import convoy, hashlib, multiprocessing, pickle, random
            ds = convoy.dataset("kitti")
            order = list(range(len(ds)))
            random.shuffle(order)
            def read(i):
                return i, ds[i]
            with multiprocessing.get_context("fork").Pool(4) as pool:
                contents = dict(pool.imap_unordered(read, order))
            print(hashlib.sha256(b"".join(contents[i] for i, path in enumerate(ds.names) if path.endswith(".bin"))).hexdigest())
            print(len(ds), len(ds.read("large")), set(ds.read("large")), ds.read("caf\u00e9 \U0001F69A"), ds[-1] == ds.read("large"))
            print(pickle.loads(pickle.dumps(ds))[0] == ds[0], convoy.dataset("kitti", transform=len)[0], repr(ds))
            for wrong in (lambda: ds[len(ds)], lambda: ds.read("none"), lambda: convoy.dataset("other"), lambda: convoy.dataset("other", "v1")):
                try:
                    wrong()
                except Exception as e:
                    print(type(e).__name__)
            """, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(cli.Folder, "job.yaml"), """
            name: reader
            roles: {worker: {command: [/usr/bin/python3, read.py]}}
            code: {workdir: .}
            datasets: [{name: kitti}]
            """, TestContext.Current.CancellationToken);
        var ended = await cli.RunAsync("submit", "-f", "job.yaml");
        (ended.ExitCode, ended.Output).ShouldBe((0, $$"""
            {{hash}}
            42 20971520 {0} b'truck' True
            True 100000 <data set kitti@v1: 42 files, 24971525 bytes>
            IndexError
            FileNotFoundError
            KeyError
            OSError

            """), ended.Error);
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

    internal static void SkipWithoutMounts()
    {
        Assert.SkipUnless(File.Exists("/dev/fuse"), "there is no /dev/fuse here");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root may mount");
        var effective = File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapEff:", StringComparison.Ordinal)).Split('\t')[1];
        Assert.SkipUnless((Convert.ToUInt64(effective, 16) & (1UL << 21)) != 0, "root may not mount here: it lacks CAP_SYS_ADMIN");
    }
}
