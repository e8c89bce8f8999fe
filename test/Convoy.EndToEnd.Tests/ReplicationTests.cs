using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Convoy.EndToEnd.Tests;

/// <summary>Data sets in several object stores: what is published in one, and read where only another is near.</summary>
public sealed class ReplicationTests : IDisposable
{
    private readonly DirectoryInfo places = Directory.CreateTempSubdirectory("convoy-e2e-stores-");

    private string East => Path.Combine(places.FullName, "east");

    private string Attic => Path.Combine(places.FullName, "attic");

    public void Dispose() => places.Delete(recursive: true);

    [Fact]
    public async Task A_job_reads_from_the_store_that_is_near_it_what_was_published_elsewhere_and_nobody_has_to_ask_though_the_server_is_killed()
    {
        await using var platform = await StartAsync();
        using var cli = new ConvoyCommand(platform);
        var hash = Write(Path.Combine(platform.Root, "kitti"), 0, 300);
        (await cli.RunAsync("dataset", "push", "kitti", Path.Combine(platform.Root, "kitti"))).ExitCode.ShouldBe(0);
        Packs(East).ShouldBeEmpty();
        await File.WriteAllTextAsync(Path.Combine(cli.Folder, "read.py"), """
            import convoy, hashlib
            ds = convoy.dataset("kitti")
            print(hashlib.sha256(b"".join(ds[i] for i in range(len(ds)))).hexdigest())
            """, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(cli.Folder, "job.yaml"), """
            name: reader
            roles:
              worker: {replicas: 1, command: [python3, read.py]}
            datasets: [{name: kitti}]
            code: {workdir: .}
            """, TestContext.Current.CancellationToken);
        var submitted = await cli.RunAsync("submit", "-f", Path.Combine(cli.Folder, "job.yaml"), "--detach");
        submitted.ExitCode.ShouldBe(0, submitted.Error);
        await platform.KillServerAsync();
        await platform.StartServerAsync();
        (await cli.RunAsync("wait", "reader", "--timeout", "60s")).ExitCode.ShouldBe(0);
        (await cli.RunAsync("logs", "reader")).Output.ShouldContain(hash);

        // Everything of it is there, and what is read is read there: the first store may lose it.
        Packs(East).ShouldBe(Packs(Path.Combine(platform.State, "server", "datasets")));
        foreach (var pack in Directory.EnumerateFiles(Path.Combine(platform.State, "server", "datasets", "packs+"), "*", SearchOption.AllDirectories)) File.Delete(pack);
        (await cli.RunAsync("dataset", "pull", "kitti", "--to", Path.Combine(platform.Root, "back"))).ExitCode.ShouldBe(0);
        Hash(Path.Combine(platform.Root, "back")).ShouldBe(hash);
        var listed = await cli.RunAsync("dataset", "replicate", "kitti");
        listed.Output.ShouldMatch(@"v1 +east +Whole +100%");
    }

    [Fact]
    public async Task A_store_that_is_sealed_has_no_byte_of_it_in_the_clear_and_gives_every_byte_back()
    {
        var key = Path.Combine(places.FullName, "key");
        await File.WriteAllTextAsync(key, Convert.ToHexString(RandomNumberGenerator.GetBytes(32)), TestContext.Current.CancellationToken);
        var (code, said) = await RunningPlatform.RunServerAsync("--state", Path.Combine(places.FullName, "none"), "--stores", $"east=file://{East}?seal={key}");
        (code, said.Contains("may be read by others", StringComparison.Ordinal)).ShouldBe((2, true), said);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var platform = await StartAsync($"&seal={key}");
        using var cli = new ConvoyCommand(platform);
        var hash = Write(Path.Combine(platform.Root, "kitti"), 0, 30);
        (await cli.RunAsync("dataset", "push", "kitti", Path.Combine(platform.Root, "kitti"))).ExitCode.ShouldBe(0);
        (await cli.RunAsync("dataset", "replicate", "kitti", "--to", "east", "--yes", "--wait")).ExitCode.ShouldBe(0);
        var sample = (await File.ReadAllBytesAsync(Path.Combine(platform.Root, "kitti", "00000"), TestContext.Current.CancellationToken)).AsSpan(0, 32).ToArray();
        foreach (var file in Directory.EnumerateFiles(East, "*", SearchOption.AllDirectories)) (await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)).AsSpan().IndexOf(sample).ShouldBe(-1);
        (await cli.RunAsync("dataset", "pull", "kitti", "--to", Path.Combine(platform.Root, "back"))).ExitCode.ShouldBe(0);
        Hash(Path.Combine(platform.Root, "back")).ShouldBe(hash);
    }

    [Fact]
    public async Task Copies_follow_what_is_published_with_only_what_is_new_and_their_cost_is_said_before()
    {
        await using var platform = await StartAsync();
        using var cli = new ConvoyCommand(platform);
        Write(Path.Combine(platform.Root, "kitti"), 0, 2000);
        (await cli.RunAsync("dataset", "push", "kitti", Path.Combine(platform.Root, "kitti"))).ExitCode.ShouldBe(0);
        (await cli.RunAsync("dataset", "stores")).Output.ShouldMatch(@"attic +- +0 +1h");
        var said = await cli.RunAsync("dataset", "replicate", "kitti", "--to", "attic", "--dry-run");
        said.Output.ShouldContain("kitti@v1 to attic:");
        (await cli.RunAsync("dataset", "replicate", "kitti")).Output.ShouldNotContain("attic");
        Packs(Attic).ShouldBeEmpty();
        var begun = await cli.RunAsync("dataset", "replicate", "kitti", "--to", "attic", "--wait", "-o", "json");
        begun.ExitCode.ShouldBe(0, begun.Error);
        var first = Packs(Attic);
        first.ShouldNotBeEmpty();

        // One file of a hundred: what travels is what is new.
        Write(Path.Combine(platform.Root, "kitti"), 1, 20);
        (await cli.RunAsync("dataset", "push", "kitti", Path.Combine(platform.Root, "kitti"))).ExitCode.ShouldBe(0);
        await Eventually.HoldsAsync("the second version follows", async () => (await cli.RunAsync("dataset", "replicate", "kitti")).Output.Contains("v2", StringComparison.Ordinal)
            && JsonDocument.Parse((await cli.RunAsync("dataset", "replicate", "kitti", "-o", "json")).Output).RootElement.GetProperty("items")[0].GetProperty("state").GetString() == "Whole");
        var added = Packs(Attic).Except(first).Sum(pack => pack.Bytes);
        added.ShouldBeLessThan((long)(1.1 * 20 * 10_000));

        // Deleted here, it stays there: nothing is removed from a locked store.
        (await cli.RunAsync("dataset", "delete", "kitti", "--yes")).ExitCode.ShouldBe(0);
        await Eventually.HoldsAsync("it is removed here", () => Packs(Path.Combine(platform.State, "server", "datasets")).Length == 0);
        Packs(Attic).Length.ShouldBe(first.Length + 1);
        (await cli.RunAsync("dataset", "replicate", "none", "--to", "attic")).ExitCode.ShouldBe(102);
        var nowhere = await cli.RunAsync("dataset", "replicate", "kitti", "--to", "north");
        nowhere.ExitCode.ShouldNotBe(0);
    }

    private Task<RunningPlatform> StartAsync(string east = "") =>
        RunningPlatform.StartAsync(1, 0, "--stores", $"attic=file://{Attic}?lock=1h,east=file://{East}?price-out=0.05{east}", "--near", "east", "--garbage-grace", "1s");

    /// <summary>Files of 10 000 bytes; the hash of all, in the order of their names.</summary>
    private static string Write(string folder, int seed, int count)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(seed);
        var content = new byte[10_000];
        for (var i = 0; i < count; i++)
        {
            random.NextBytes(content);
            File.WriteAllBytes(Path.Combine(folder, i.ToString("00000", CultureInfo.InvariantCulture)), content);
        }

        return Hash(folder);
    }

    private static string Hash(string folder) => Convert.ToHexStringLower(SHA256.HashData([.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).SelectMany(File.ReadAllBytes)]));

    private static (string Name, long Bytes)[] Packs(string place) => !Directory.Exists(Path.Combine(place, "packs+")) ? []
        : [.. new DirectoryInfo(Path.Combine(place, "packs+")).EnumerateFiles("*", SearchOption.AllDirectories).Select(file => (file.Name, file.Length)).Order()];
}
