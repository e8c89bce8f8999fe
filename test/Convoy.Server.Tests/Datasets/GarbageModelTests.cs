using System.Globalization;
using Convoy.Core.Datasets;
using Convoy.Server.Datasets;

namespace Convoy.Server.Tests.Datasets;

/// <summary>
/// Pushes, deletions and collections drawn from a seed, that come in between each other's steps and are killed at any of them: nothing that a version
/// names, or a job reads, is ever missing, and what nothing needs is gone in the end.
/// </summary>
public sealed class GarbageModelTests
{
    private const int Steps = 100;
    private const int Deepest = 2;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public Task Nothing_needed_is_ever_missing_and_the_rest_is_gone_in_the_end(int seed) => Task.Run(() => RunAsync(seed));

    private static async Task RunAsync(int seed)
    {
        var random = new Random(seed);
        var (killed, published) = (0, 0);
        var (isWatching, isCollecting) = (false, false);
        var depth = new AsyncLocal<int>();
        var isTaken = new int[Deepest];
        GarbageWorld? world = null;
        world = await GarbageWorld.OpenAsync(Between);
        await using var _ = world;
        for (var step = 0; step < Steps; step++)
        {
            try
            {
                isWatching = true;
                await StepAsync();
            }
            catch (KilledException)
            {
                killed++;
                world.Restart();
            }
            finally
            {
                isWatching = false;
            }

            await world.CheckAsync();
        }

        killed.ShouldBeGreaterThan(0);
        published.ShouldBeGreaterThan(Steps / 10);
        world.Held.Clear();
        await world.SettleAsync();
        world.Bucket.Objects.Keys.Order(StringComparer.Ordinal).ShouldBe(await world.NeededAsync());
        foreach (var usage in await world.Store.ListUsageAsync(null, "", 100, CancellationToken.None)) usage.Bytes.ShouldBeGreaterThanOrEqualTo(usage.OwnBytes);
        (await world.Store.CheckAsync(CancellationToken.None)).ShouldBeEmpty();

        // Of what is done at once, one thread draws.
        void Between()
        {
            var at = depth.Value;
            if (!isWatching || at >= Deepest || Interlocked.Exchange(ref isTaken[at], 1) == 1) return;
            try
            {
                var drawn = random.Next(100);
                if (drawn < 2) throw new KilledException();
                if (drawn >= 12) return;
                depth.Value = at + 1;
                Task.Run(StepAsync).GetAwaiter().GetResult();
            }
            finally
            {
                depth.Value = at;
                isTaken[at] = 0;
            }
        }

        async Task StepAsync()
        {
            var name = Draw("kitti", "lanes");
            DatasetName.TryParse(name, out var dataset).ShouldBeTrue();
            var now = world!.Time.GetUtcNow();
            switch (random.Next(16))
            {
                case < 4:
                    try
                    {
                        if (await world.PushAsync(name, [.. Enumerable.Range(0, 6).Where(_ => random.Next(2) == 0).Append(random.Next(6)).Select(i => i.ToString(CultureInfo.InvariantCulture))]) is not null) published++;
                    }
                    catch (BeingRemovedException)
                    {
                        // Whoever removes it is below us, and waits for us.
                    }

                    break;
                case 4 or 5:
                    if (await AnyAsync(dataset) is { } version) await world.Store.RemoveVersionAsync(dataset, version, now, CancellationToken.None);
                    break;
                case 6:
                    if (random.Next(3) == 0) await world.Store.RemoveDatasetAsync(dataset, now, CancellationToken.None);
                    break;
                case 7:
                    if (await AnyAsync(dataset) is { } read) world.Held.Add((name, read.ToString()));
                    break;
                case 8:
                    if (world.Held.Count > 0) world.Held.Remove(world.Held.First());
                    break;
                case 9 or 10 or 11:
                    world.Time.Move(GarbageWorld.Grace * 2 * random.NextDouble());
                    break;
                default:
                    // A platform has one loop that collects.
                    if (isCollecting) break;
                    isCollecting = true;
                    try
                    {
                        await world.CollectAsync();
                    }
                    finally
                    {
                        isCollecting = false;
                    }

                    break;
            }
        }

        async Task<DatasetVersion?> AnyAsync(DatasetName dataset)
        {
            var versions = await world!.Store.ListVersionsAsync(dataset, int.MaxValue, 100, CancellationToken.None);
            return versions.Count == 0 ? null : versions[random.Next(versions.Count)].Version;
        }

        string Draw(params string[] from) => from[random.Next(from.Length)];
    }

    private sealed class KilledException : Exception;
}
