using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Convoy.Core.Datasets;
using Convoy.Core.Tasks;

namespace Convoy.EndToEnd.Tests;

/// <summary>What readers find, whichever way they read, of data sets that are awkward, that change, or that others begin to read at the same moment.</summary>
public sealed class DatasetReadersTests
{
    private static readonly (string Path, int Bytes)[] Odd =
    [
        ("caf\u00e9.jpg", 1000),
        ("cafe\u0301.jpg", 1001),
        ("\U0001F69A/\U0001F69A \U0001F69A.bin", 4097),
        ("data/\u6570\u636E\u96C6.bin", 100_000),
        ("line\nbreak", 17),
        ("tab\t \"quoted\" '\\'", 18),
        ("Case", 5),
        ("case", 6),
        ("CASE/x", 7),
        ("empty", 0),
        ("empty too", 0),
        (" ", 1),
        ("-rf", 63),
        (".hidden/..x", 64),
        ("deep/er/and/deeper/still/here.txt", 65),
        (new string('n', 255), 300),
        ("uncut", 1 << 20),
        ("uncut and one", (1 << 20) + 1),
        ("segment", PackLayout.SegmentBytes),
        ("segment and one", PackLayout.SegmentBytes + 1),
        ("large", 9_500_001),
    ];

    [Fact]
    public async Task Odd_names_and_sizes_come_through_every_way_in_byte_for_byte()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        var source = Path.Combine(platform.Root, "odd");
        foreach (var (path, bytes) in Odd) Write(Path.Combine(source, path), RandomNumberGenerator.GetBytes(bytes));
        var pushed = await HashesAsync(source);
        pushed.Count.ShouldBe(Odd.Length);
        (await cli.RunAsync("dataset", "push", "odd", source)).ExitCode.ShouldBe(0);

        var pulled = Path.Combine(platform.Root, "pulled");
        (await cli.RunAsync("dataset", "pull", "odd", "--to", pulled)).ExitCode.ShouldBe(0);
        (await HashesAsync(pulled)).ShouldBe(pushed);

        using var agent = await RunningNodeAgent.StartAsync(platform, "1Gi");
        using var line = agent.Connect();
        await line.OpenAsync(platform.AdministratorToken, "odd");
        (await StreamedAsync(line, "odd")).ShouldBe(pushed);

        await Eventually.HoldsAsync("all is held", async () => (await agent.StatusAsync()).Single() is var version && version.HeldBytes >= version.Bytes);
        using var python = Python(platform, agent, """
            import convoy, hashlib, json
            ds = convoy.dataset("odd", "latest")
            for i, name in enumerate(ds.names):
                with ds.view(name) as seen, ds.open(i) as file:
                    assert bytes(seen) == ds[i] == ds[name] == file.read(), name
            print(json.dumps([[name, hashlib.sha256(ds[name]).hexdigest().upper()] for name in ds.names]))
            """);
        var said = JsonSerializer.Deserialize<string[][]>(await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken))!;
        said.OrderBy(file => file[0], StringComparer.Ordinal).Select(file => (file[0], file[1])).ShouldBe(pushed);

        DatasetJobTests.SkipWithoutMounts();
        using var mounted = agent.Connect();
        (await HashesAsync((await mounted.OpenAsync(platform.AdministratorToken, "odd", mount: true)).Opened!.Path!)).ShouldBe(pushed);
    }

    [Fact]
    public async Task Who_reads_a_tags_version_reads_it_to_the_end_though_the_tag_moves_and_the_agent_is_killed()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        var source = Path.Combine(platform.Root, "kitti");
        await PushAsync("one");
        using var agent = await RunningNodeAgent.StartAsync(platform, "1Gi");
        using var python = Python(platform, agent, """
            import convoy, os, sys, time
            ds, marks = convoy.dataset("kitti", "latest"), sys.argv[1]
            print(ds.version, {ds[i][:3] for i in range(20)})
            open(marks + "/half", "w").close()
            while not os.path.exists(marks + "/moved"):
                time.sleep(0.05)
            print(ds.version, {ds[i][:3] for i in range(40)})
            now = convoy.dataset("kitti", "latest")
            print(now.version, {now[i][:3] for i in range(40)})
            """, platform.Marks);
        using var line = agent.Connect();
        (await line.OpenAsync(platform.AdministratorToken, "kitti")).Opened!.Version.ShouldBe("v1");
        var first = await StreamedAsync(line, "kitti");
        await platform.HeardAsync("half");
        await PushAsync("two");
        (await StreamedAsync(line, "kitti")).ShouldBe(first);
        await agent.KillAsync();
        await agent.StartAgainAsync("1Gi");
        platform.Say("moved");
        (await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe("v1 {b'one'}\nv1 {b'one'}\nv2 {b'two'}\n");

        async Task PushAsync(string word)
        {
            for (var i = 0; i < 40; i++) Write(Path.Combine(source, i.ToString(CultureInfo.InvariantCulture)), [.. System.Text.Encoding.ASCII.GetBytes(word), .. RandomNumberGenerator.GetBytes(50_000)]);
            (await cli.RunAsync("dataset", "push", "kitti", source)).ExitCode.ShouldBe(0);
        }
    }

    [Fact]
    public async Task Of_what_several_begin_to_hold_at_once_each_byte_comes_once()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        var source = Path.Combine(platform.Root, "kitti");
        for (var i = 0; i < 400; i++) Write(Path.Combine(source, i.ToString("d3", CultureInfo.InvariantCulture)), RandomNumberGenerator.GetBytes(100_000));
        var pushed = await HashesAsync(source);
        (await cli.RunAsync("dataset", "push", "kitti", source)).ExitCode.ShouldBe(0);
        await using var store = new SlowStore(platform.Url, TimeSpan.FromMilliseconds(100));
        using var agent = await RunningNodeAgent.StartAsync(platform, "1Gi", store.Url);
        var lines = Enumerable.Range(0, 6).Select(_ => agent.Connect()).ToArray();
        (await Task.WhenAll(lines.Select(line => line.OpenAsync(platform.AdministratorToken, "kitti")))).ShouldAllBe(answer => answer.Opened!.Version == "v1");
        await Eventually.HoldsAsync("all is held", async () => (await agent.StatusAsync()).Single() is var version && version.HeldBytes >= version.Bytes);
        foreach (var read in await Task.WhenAll(lines.Select(line => StreamedAsync(line, "kitti")))) read.ShouldBe(pushed);
        foreach (var line in lines) line.Dispose();

        foreach (var pack in store.Asked.GroupBy(asked => asked.Pack))
        {
            var next = 0L;
            foreach (var (_, first, last) in pack.OrderBy(asked => asked.First))
            {
                first.ShouldBe(next);
                next = last + 1;
            }
        }

        store.Asked.Sum(asked => asked.Last - asked.First + 1).ShouldBeGreaterThanOrEqualTo(400 * 100_000);
    }

    private static void Write(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
    }

    /// <summary>Of each file beneath a folder, in the order of their paths.</summary>
    private static async Task<List<(string Path, string Hash)>> HashesAsync(string folder)
    {
        var hashes = new List<(string Path, string Hash)>();
        foreach (var file in Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }))
        {
            hashes.Add((Path.GetRelativePath(folder, file), Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(file)))));
        }

        return [.. hashes.OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    /// <summary>The same, of bytes that the agent sends.</summary>
    private static async Task<List<(string Path, string Hash)>> StreamedAsync(NodeLine line, string dataset)
    {
        var hashes = new List<(string Path, string Hash)>();
        foreach (var file in (await line.AskAsync(new NodeRequest { List = new ListFiles(dataset, 0) })).Files!)
        {
            var content = new List<byte>();
            while (content.Count < file.Size) content.AddRange(await line.ReadAsync(new ReadFile(dataset, null, file.Path, content.Count, ReadFile.Most)));
            hashes.Add((file.Path, Convert.ToHexString(SHA256.HashData([.. content]))));
        }

        return [.. hashes.OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    private static Process Python(RunningPlatform platform, RunningNodeAgent agent, string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", script, .. arguments]) { RedirectStandardOutput = true };
        start.Environment["PYTHONPATH"] = Path.Combine(BuiltPrograms.Samples, "..", "python");
        start.Environment["PYTHONUTF8"] = "1";
        start.Environment["CONVOY_NODE_SOCKET"] = agent.Socket;
        start.Environment["CONVOY_TOKEN"] = platform.AdministratorToken;
        return Process.Start(start)!;
    }
}
