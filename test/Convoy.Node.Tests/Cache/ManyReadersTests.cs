using System.Diagnostics;
using System.Globalization;
using Convoy.Core.Datasets;
using Convoy.NodeAgent.Cache;

namespace Convoy.NodeAgent.Tests.Cache;

/// <summary>Not beside other tests: the memory that is looked at is the process's.</summary>
[CollectionDefinition(nameof(ManyReadersTests), DisableParallelization = true)]
[Collection(nameof(ManyReadersTests))]
public sealed class ManyReadersTests
{
    private const int DataSets = 20, ReadersOfEach = 5, Epochs = 3;

    /// <summary>A file is a thousandth of its data set: to so much a share can be met.</summary>
    private const int Files = 1000, FileBytes = 12_000;
    private const long StoreBytesPerSecond = 60 << 20;

    /// <summary>Some ranges on their way into the cache, and pieces on theirs to the readers: not what 20 data sets might have under way, each for itself: those were 185 MiB here.</summary>
    private const long MostMemory = 140 << 20;

    [Fact]
    public async Task A_hundred_readers_of_twenty_data_sets_on_one_slow_store_each_find_their_share_and_their_turn()
    {
        var folder = Directory.CreateTempSubdirectory("convoy-cache-").FullName;
        var line = new CappedLine(StoreBytesPerSecond);
        var cache = PackCache.Open(folder);
        var read = Enumerable.Range(0, DataSets).Select(number => new ReadDataset(number, cache, line)).ToArray();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var memory = new MemoryWatch();

        (await Task.WhenAll(read.Select(one => one.Version.FillAsync(CancellationToken.None)))).ShouldAllBe(problem => problem == null);
        foreach (var one in read) one.Version.Figures.HeldBytes.ShouldBe(one.Promised.Held);
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            var before = read.Select(one => one.Shop.Bytes).ToArray();
            var times = await Task.WhenAll(read.Select(one => one.ReadEpochAsync(epoch)));
            for (var number = 0; number < DataSets; number++)
            {
                var missed = read[number].Shop.Bytes - before[number];
                missed.ShouldBe(read[number].Promised.Missed);
                ((double)missed / read[number].Shop.Manifest.Bytes).ShouldBe(1 - read[number].Share, 0.001);
                times[number].Max().ShouldBeLessThan(3 * Median(times[number]), $"data set {number}, epoch {epoch}");
            }

            times.Max(ofOne => ofOne.Max()).ShouldBeLessThan(3 * Median([.. times.SelectMany(ofOne => ofOne)]), $"epoch {epoch}");
        }

        memory.Grown.ShouldBeLessThan(MostMemory);
        foreach (var one in read)
        {
            (one.Wrong, one.Version.Figures.Damaged).ShouldBe((0, 0));
            await one.Version.DisposeAsync();
        }

        cache.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static double Median(double[] of) => of.Order().ElementAt(of.Length / 2);

    /// <summary>One of the data sets, with a share of its own.</summary>
    private sealed class ReadDataset
    {
        private readonly int number;
        private int wrong;

        public ReadDataset(int number, PackCache cache, CappedLine line)
        {
            this.number = number;
            Shop = new PackShop([.. Enumerable.Range(0, Files).Select(i => (i.ToString("d4", CultureInfo.InvariantCulture), Samples.Drawn((number * Files) + i, FileBytes)))]);
            var wanted = new Residency(Shop.Manifest).OfShare((int)(Share * CacheFolder.Whole));
            Version = cache.OpenVersion(Shop.Manifest, wanted, new CappedStore(Shop, line), new CacheOptions());
            Promised = (Enumerable.Range(0, Shop.Manifest.Segments).Sum(segment => (long)Math.Min(wanted.HeldOf(segment), Shop.Packs.Values.Single().Length - (segment * Samples.Segment))), Shop.Manifest.Bytes - wanted.Bytes);
        }

        public PackShop Shop { get; }

        public VersionCache Version { get; }

        /// <summary>From a fifth to nine tenths.</summary>
        public double Share => Math.Round(0.2 + (0.7 * number / (DataSets - 1)), 3);

        /// <summary>Of packs, and of files in each epoch.</summary>
        public (long Held, long Missed) Promised { get; }

        /// <summary>Files with other bytes than were published.</summary>
        public int Wrong => wrong;

        /// <returns>How long each of its readers took, in seconds.</returns>
        public Task<double[]> ReadEpochAsync(int epoch)
        {
            var order = Enumerable.Range(0, Files).ToArray();
            new Random((epoch * DataSets) + number).Shuffle(order);
            return Task.WhenAll(Enumerable.Range(0, ReadersOfEach).Select(reader => Task.Run(() => ReadAsync([.. order.Where((_, at) => at % ReadersOfEach == reader)]))));
        }

        private async Task<double> ReadAsync(int[] files)
        {
            var (since, content) = (Stopwatch.GetTimestamp(), new byte[FileBytes]);
            foreach (var file in files)
            {
                var piece = Shop.Manifest.FirstChunk(file);
                await Version.ReadAsync(piece, Shop.Manifest.ChunkAt(piece), 0, content, CancellationToken.None);
                if (Sha256.Of(content) != Shop.Manifest.FileHash(file)) Interlocked.Increment(ref wrong);
            }

            return Stopwatch.GetElapsedTime(since).TotalSeconds;
        }
    }

    /// <summary>Looks all the time at what the process has of memory that is no file's.</summary>
    private sealed class MemoryWatch : IDisposable
    {
        private readonly long before = Anonymous();
        private readonly Timer timer;
        private long most;

        public MemoryWatch() => timer = new Timer(_ => most = Math.Max(most, Anonymous()), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(20));

        public long Grown => Math.Max(most, Anonymous()) - before;

        public void Dispose() => timer.Dispose();

        private static long Anonymous() => 1024 * long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal))[8..^2], CultureInfo.InvariantCulture);
    }
}
