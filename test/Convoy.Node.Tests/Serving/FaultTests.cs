using System.Text;
using Convoy.Client;
using Convoy.Core.Datasets;
using Convoy.NodeAgent.Cache;
using Convoy.NodeAgent.Serving;
using Convoy.NodeAgent.Tests.Cache;

namespace Convoy.NodeAgent.Tests.Serving;

/// <summary>A version half of which is held, mounted, while the network between the agent and the platform does what networks do.</summary>
public sealed class FaultTests : IAsyncDisposable
{
    private static readonly TimeSpan Hopeless = TimeSpan.FromSeconds(60);
    private static readonly (string Path, byte[] Content)[] Files = [.. Samples.Alike(60, 150_000), .. Samples.Awkward.Select(file => ("awkward/" + file.Path, file.Content))];
    private static readonly PackShop Shop = new(Files);
    private readonly FaultyPlatform platform = new(Shop);
    private readonly ConvoyClient client;
    private readonly HolderSource source = new("kitti");
    private readonly string folder = Directory.CreateTempSubdirectory("convoy-cache-").FullName;
    private readonly PackCache cache;
    private readonly ResidentSet half = new Residency(Shop.Manifest).OfShare(500_000);

    public FaultTests()
    {
        client = new ConvoyClient(platform.Url, "token", TimeProvider.System);
        source.Add(client);
        cache = PackCache.Open(folder);
    }

    public async ValueTask DisposeAsync()
    {
        cache.Dispose();
        client.Dispose();
        await platform.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(Fault.Unavailable)]
    [InlineData(Fault.Stall)]
    [InlineData(Fault.StallMidway)]
    [InlineData(Fault.CutOff)]
    [InlineData(Fault.Less)]
    [InlineData(Fault.More)]
    [InlineData(Fault.Reset)]
    [InlineData(Fault.ResetMidway)]
    [InlineData(Fault.OtherPart)]
    [InlineData(Fault.WrongByte)]
    [InlineData(Fault.NoHttp)]
    public async Task While_every_answer_is_harmed_what_is_held_is_read_and_the_rest_is_an_error_after_a_while(Fault fault)
    {
        await using var version = await HalfHeldAsync(TimeSpan.FromSeconds(2));
        await using var mount = await MountPoint.OfAsync(Shop.Manifest, version);
        platform.Fault = _ => fault;
        var missed = Files.Where(file => !IsHeld(file.Path)).ToArray();
        missed.Length.ShouldBeInRange(10, Files.Length - 10);
        var reading = Task.WhenAll(missed.Take(12).Select(file => ReadAsync(mount, file)));
        foreach (var (path, content) in Files.Where(file => IsHeld(file.Path))) mount.Read(path).AsSpan().SequenceEqual(content).ShouldBeTrue();
        var outcomes = await reading.WaitAsync(Hopeless);
        outcomes.ShouldAllBe(outcome => outcome == Outcome.Error);

        // Nor does a fill believe any of it, but for segments between those that are harmed.
        var held = version.Figures.HeldBytes;
        version.SetWanted(new Residency(Shop.Manifest).OfShare(CacheFolder.Whole));
        (await version.FillAsync(CancellationToken.None).WaitAsync(Hopeless)).ShouldNotBeNull();
        version.Figures.HeldBytes.ShouldBeInRange(held, Shop.Packs.Values.Sum(pack => (long)pack.Length) - 1);
        platform.Fault = _ => Fault.None;
        mount.HasAll(Files).ShouldBeTrue();
        (await version.FillAsync(CancellationToken.None)).ShouldBeNull();
        mount.HasAll(Files).ShouldBeTrue();
    }

    [Fact]
    public async Task What_goes_wrong_now_and_then_costs_time_and_no_byte()
    {
        await using var version = await HalfHeldAsync(Hopeless);
        await using var mount = await MountPoint.OfAsync(Shop.Manifest, version, options => options with { Patience = Hopeless });
        var harms = new[] { Fault.Unavailable, Fault.CutOff, Fault.Reset, Fault.ResetMidway };
        var first = platform.Requests;

        // Wrong bytes but once: the same piece twice would be an error, and rightly.
        platform.Fault = number => number == first ? Fault.WrongByte : number % 4 == first % 4 ? harms[number / 4 % harms.Length] : Fault.None;
        var outcomes = await Task.WhenAll(Files.Select(file => ReadAsync(mount, file))).WaitAsync(Hopeless);
        outcomes.ShouldAllBe(outcome => outcome == Outcome.Right);
        (platform.Requests - first).ShouldBeGreaterThan(20);
    }

    private enum Outcome
    {
        Right,
        Wrong,
        Error,
    }

    private async Task<VersionCache> HalfHeldAsync(TimeSpan patience)
    {
        var version = cache.OpenVersion(Shop.Manifest, half, source, new CacheOptions { Patience = patience });
        (await version.FillAsync(CancellationToken.None)).ShouldBeNull();
        return version;
    }

    private bool IsHeld(string path)
    {
        var file = Shop.Manifest.FindFile(Encoding.UTF8.GetBytes(path))!.Value;
        return Enumerable.Range(Shop.Manifest.FirstChunk(file), Shop.Manifest.FirstChunk(file + 1) - Shop.Manifest.FirstChunk(file)).All(number => half.Holds(Shop.Manifest.ChunkAt(number)));
    }

    private static Task<Outcome> ReadAsync(MountPoint mount, (string Path, byte[] Content) file) => Task.Factory.StartNew(
        () =>
        {
            try
            {
                return mount.Read(file.Path).AsSpan().SequenceEqual(file.Content) ? Outcome.Right : Outcome.Wrong;
            }
            catch (IOException e) when (e.Message.Contains("Input/output error", StringComparison.Ordinal))
            {
                return Outcome.Error;
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
