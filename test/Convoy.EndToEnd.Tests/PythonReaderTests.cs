using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Convoy.EndToEnd.Tests;

/// <summary>Python reads a data set from what the node agent has mapped for it, whatever becomes of the agent meanwhile: never a wrong byte.</summary>
public sealed class PythonReaderTests
{
    private const int Files = 1200, FileBytes = 100_000;
    private const int SegmentBytes = 4 << 20, JournalHead = 8, JournalRecord = 48;

    [Fact]
    public async Task An_agent_killed_in_the_midst_of_a_fill_brings_nothing_again_that_its_journal_has()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        var source = await PushAsync(platform);
        await using var store = new SlowStore(platform.Url, TimeSpan.FromMilliseconds(150));
        using var agent = await RunningNodeAgent.StartAsync(platform, "1Gi", store.Url);
        await using var reader = new Reader(platform, agent, source);
        var journaled = new HashSet<(string Pack, int Segment)>();
        for (var kills = 0; kills < 3; kills++)
        {
            await Eventually.HoldsAsync("some more is held", async () => (await JournalAsync(agent)).Count > journaled.Count + 3);
            await agent.KillAsync();
            journaled = await JournalAsync(agent);
            var before = store.Asked.Count;
            await agent.StartAgainAsync("1Gi");
            await Eventually.HoldsAsync("the reader has come back", async () => (await agent.StatusAsync()).Any(version => version.Holders > 0));
            await Eventually.HoldsAsync("it goes on", async () => (await agent.StatusAsync()).Single() is { } version && (version.FilledBytes > 0 || version.HeldBytes >= (long)Files * FileBytes));
            foreach (var (pack, first, last) in store.Asked.Skip(before))
            {
                for (var segment = (int)(first / SegmentBytes); segment <= last / SegmentBytes; segment++) journaled.ShouldNotContain((pack, segment));
            }
        }

        await Eventually.HoldsAsync("all is held", async () => (await agent.StatusAsync()).Single().HeldBytes >= (long)Files * FileBytes);
        (await agent.StatusAsync()).Single().Damaged.ShouldBe(0);
        await reader.MoreAsync(2000);
        (await reader.EndAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task What_is_mapped_is_right_or_not_read_when_the_agent_comes_back_with_less_room()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        var source = await PushAsync(platform);
        using var agent = await RunningNodeAgent.StartAsync(platform, "1Gi");
        await using var reader = new Reader(platform, agent, source);
        foreach (var capacity in new[] { "30Mi", "1Gi", "8Mi", "60Mi" })
        {
            await Eventually.HoldsAsync("what is wanted is held", async () => (await agent.StatusAsync()).Any(version => version.Holders > 0 && version.HeldBytes >= version.WantedBytes));
            await reader.MoreAsync(3000);
            await agent.KillAsync();
            await agent.StartAgainAsync(capacity);
        }

        await Eventually.HoldsAsync("the reader has come back", async () => (await agent.StatusAsync()).Any(version => version.Holders > 0));
        await reader.MoreAsync(1000);
        (await agent.StatusAsync()).Single().WantedBytes.ShouldBeInRange(50 << 20, 60 << 20);
        (await reader.EndAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task On_a_full_disk_all_is_read_and_the_agent_says_what_is_wrong()
    {
        await using var disk = await SmallDisk.MakeAsync(60);
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        var source = await PushAsync(platform);
        using (var agent = await RunningNodeAgent.StartAsync(platform, "1Gi", cache: Path.Combine(disk.Folder, "cache")))
        {
            await using var reader = new Reader(platform, agent, source);
            await Eventually.HoldsAsync("the disk is full", async () => (await agent.StatusAsync()).Any(version => version.Problem?.Contains("disk of the cache is full", StringComparison.Ordinal) == true));
            await reader.MoreAsync(1500);
            (await agent.StatusAsync()).Single().HeldBytes.ShouldBeInRange(1, 60 << 20);
            await agent.KillAsync();
            await agent.StartAgainAsync("1Gi");
            await reader.MoreAsync(1500);
            (await reader.EndAsync()).ShouldBe(0);
        }
    }

    /// <returns>The folder that was pushed.</returns>
    private static async Task<string> PushAsync(RunningPlatform platform)
    {
        using var cli = new ConvoyCommand(platform);
        var folder = Directory.CreateDirectory(Path.Combine(platform.Root, "kitti")).FullName;
        for (var i = 0; i < Files; i++) await File.WriteAllBytesAsync(Path.Combine(folder, i.ToString("d5", CultureInfo.InvariantCulture)), RandomNumberGenerator.GetBytes(FileBytes));
        var pushed = await cli.RunAsync("dataset", "push", "kitti", folder);
        pushed.ExitCode.ShouldBe(0, pushed.Error);
        return folder;
    }

    /// <summary>Segments that the agent's journal says are held: after its head a record each, with the segment at 4, the bytes at 8 and the pack's hash at 16.</summary>
    private static async Task<HashSet<(string Pack, int Segment)>> JournalAsync(RunningNodeAgent agent)
    {
        var path = Path.Combine(agent.Cache, "journal");
        var journal = File.Exists(path) ? await File.ReadAllBytesAsync(path) : [];
        var held = new HashSet<(string, int)>();
        for (var at = JournalHead; at + JournalRecord <= journal.Length; at += JournalRecord)
        {
            var segment = (Convert.ToHexStringLower(journal.AsSpan(at + 16, 32)), BinaryPrimitives.ReadInt32LittleEndian(journal.AsSpan(at + 4)));
            if (BinaryPrimitives.ReadInt32LittleEndian(journal.AsSpan(at + 8)) > 0) held.Add(segment);
            else held.Remove(segment);
        }

        return held;
    }

    /// <summary>A Python process that reads files at random, as bytes and as views, and compares them with those that were pushed.</summary>
    private sealed class Reader : IAsyncDisposable
    {
        private const string Script = """
            import convoy, os, random, sys
            ds = convoy.dataset("kitti", "v1")
            names, read, wrong = list(ds.names), 0, 0
            while not os.path.exists(sys.argv[2]):
                i = random.randrange(len(ds))
                with open(os.path.join(sys.argv[1], names[i]), "rb") as file:
                    expected = file.read()
                wrong += ds[i] != expected
                try:
                    with ds.view(i) as seen:
                        found = bytes(seen)
                    wrong += found != expected
                except OSError:
                    pass
                read += 1
                if read % 100 == 0:
                    print(read, flush=True)
            sys.exit(min(wrong, 100))
            """;

        private readonly Process process;
        private readonly string end;
        private Task<string?> line;
        private int read;

        public Reader(RunningPlatform platform, RunningNodeAgent agent, string source)
        {
            end = platform.Mark("reader-ends");
            var start = new ProcessStartInfo("/usr/bin/python3", ["-c", Script, source, end]) { RedirectStandardOutput = true };
            start.Environment["PYTHONPATH"] = Path.Combine(BuiltPrograms.Samples, "..", "python");
            start.Environment["CONVOY_NODE_SOCKET"] = agent.Socket;
            start.Environment["CONVOY_TOKEN"] = platform.AdministratorToken;
            process = Process.Start(start)!;
            line = process.StandardOutput.ReadLineAsync();
        }

        /// <summary>Until so many more have been read.</summary>
        public async Task MoreAsync(int count)
        {
            for (var until = read + count; read < until; line = process.StandardOutput.ReadLineAsync())
            {
                read = int.Parse((await line.WaitAsync(Eventually.Patience)).ShouldNotBeNull("the reader has ended"), CultureInfo.InvariantCulture);
            }
        }

        /// <returns>How often it had wrong bytes.</returns>
        public async Task<int> EndAsync()
        {
            await File.WriteAllTextAsync(end, "");
            while (await line is not null) line = process.StandardOutput.ReadLineAsync();
            await process.WaitForExitAsync();
            return process.ExitCode;
        }

        public async ValueTask DisposeAsync()
        {
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
