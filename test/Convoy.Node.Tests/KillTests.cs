using System.Diagnostics;
using System.Globalization;
using Convoy.NodeAgent.Tests.Cache;

namespace Convoy.NodeAgent.Tests;

/// <summary>Another process is killed, and what it leaves is looked at.</summary>
public sealed class KillTests
{
    private static readonly (string Path, byte[] Content)[] Files = Samples.Alike(250, 200_000);
    private static readonly PackShop Shop = new(Files);

    [Fact]
    public async Task Killed_at_any_instant_of_a_fill_it_holds_what_it_says_and_goes_on()
    {
        var store = await StoreAsync();
        var folder = Directory.CreateTempSubdirectory("convoy-cache-").FullName;
        var (before, isDone) = (0L, false);
        for (var round = 0; round < 40 && !isDone; round++)
        {
            using var filler = Start(folder, store);
            for (var said = 0; said <= round && !isDone; said++)
            {
                var line = await filler.StandardOutput.ReadLineAsync();
                isDone = line == "done";
                line.ShouldNotBeNull();
            }

            if (!isDone) filler.Kill();
            await filler.WaitForExitAsync();
            await using var cache = CacheFolder.Open(new PackShop(Files), CacheFolder.Whole, folder);
            var held = cache.Version.Figures.HeldBytes;
            held.ShouldBeGreaterThanOrEqualTo(before, round.ToString(CultureInfo.InvariantCulture));
            before = held;
            (await cache.HasAllAsync(Shop.Manifest, Files)).ShouldBeTrue();
            cache.Version.Figures.Damaged.ShouldBe(0);
        }

        isDone.ShouldBeTrue();
        before.ShouldBe(Shop.Packs.Values.Sum(pack => (long)pack.Length));
        Directory.Delete(store, recursive: true);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Where_a_killed_process_had_mounted_another_mounts_again()
    {
        MountPoint.SkipWithoutFuse();
        var (store, folder, place) = (await StoreAsync(), Directory.CreateTempSubdirectory("convoy-cache-").FullName, MountPoint.NewFolder());
        for (var round = 0; round < 2; round++)
        {
            using var served = Start(folder, store, place);
            while (await served.StandardOutput.ReadLineAsync() is { } line && line != "mounted");
            (await File.ReadAllBytesAsync(Path.Combine(place, Files[round].Path))).AsSpan().SequenceEqual(Files[round].Content).ShouldBeTrue();
            served.Kill();
            await served.WaitForExitAsync();
            Should.Throw<IOException>(() => Directory.GetFiles(place));
        }

        await using (var cache = CacheFolder.Open(Shop, CacheFolder.Whole, folder))
        {
            await using var mount = await MountPoint.OfAsync(Shop.Manifest, cache.Version, folder: place);
            mount.HasAll(Files).ShouldBeTrue();
            (await File.ReadAllLinesAsync("/proc/self/mounts")).Count(line => line.Contains($" {place} ")).ShouldBe(1);
        }

        Directory.Delete(store, recursive: true);
        Directory.Delete(folder, recursive: true);
    }

    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Convoy.Node.CrashFiller"), arguments) { RedirectStandardOutput = true })!;

    private static async Task<string> StoreAsync()
    {
        var store = Directory.CreateTempSubdirectory("convoy-store-").FullName;
        await File.WriteAllBytesAsync(Path.Combine(store, "manifest"), Shop.ManifestBytes);
        foreach (var (name, pack) in Shop.Packs) await File.WriteAllBytesAsync(Path.Combine(store, name.ToString()), pack);
        return store;
    }
}
