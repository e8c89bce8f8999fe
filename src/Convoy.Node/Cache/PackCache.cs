using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Cache;

/// <summary>
/// A folder of a node's disk that holds segments of packs, for the versions of a data set: <c>packs/SHA256</c>, the journal that says what of
/// them is held, and a lock. Versions share the packs that they have in common, and what is held of them is what the greediest wants.
/// </summary>
public sealed class PackCache : IDisposable
{
    /// <summary>Ranges of all versions that are on their way to be held: with many of them, memory would grow with each.</summary>
    private const int RangesAtOnce = 8;

    private readonly Lock changing = new();
    private readonly string packs;
    private readonly FileStream folderLock;
    private readonly ResidencyJournal journal;
    private readonly Dictionary<Sha256, PackFile> files = [];

    /// <summary>Of packs that no version has named since the start: their lengths are not known, nor whether they are wanted.</summary>
    private readonly Dictionary<Sha256, List<HeldSegment>> unclaimed = [];
    private readonly List<VersionCache> versions = [];

    private PackCache(string folder, FileStream folderLock)
    {
        (packs, this.folderLock) = (Path.Combine(folder, "packs"), folderLock);
        Directory.CreateDirectory(packs);
        HeldTable.WithdrawAll(folder);
        journal = ResidencyJournal.Open(Path.Combine(folder, "journal"), segment =>
        {
            if (!unclaimed.TryGetValue(segment.Pack, out var segments)) unclaimed[segment.Pack] = segments = [];
            segments.Add(segment);
        });
    }

    /// <summary>Whose turn it is to bring a range, in the order in which versions ask.</summary>
    internal SemaphoreSlim Filling { get; } = new(RangesAtOnce);

    /// <exception cref="IOException">The folder cannot be used, or another process uses it.</exception>
    public static PackCache Open(string folder)
    {
        Directory.CreateDirectory(folder);
#pragma warning disable CA2000 // It is the cache's, or goes below.
        var held = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
#pragma warning restore CA2000
        try
        {
            return new PackCache(folder, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <param name="wanted">What is to be held of it.</param>
    public VersionCache OpenVersion(Manifest manifest, ResidentSet wanted, IPackSource source, CacheOptions options) => OpenVersion(manifest, wanted, source, options, null);

    /// <param name="table">Is told of all that is held of it.</param>
    internal VersionCache OpenVersion(Manifest manifest, ResidentSet wanted, IPackSource source, CacheOptions options, HeldTable? table)
    {
        lock (changing)
        {
            var own = new PackFile[manifest.Packs];
            for (var number = 0; number < own.Length; number++) own[number] = FileOf(manifest.PackAt(number));
            var version = new VersionCache(this, manifest, own, wanted, source, options, table);
            versions.Add(version);
            if (table is null) return version;
            for (var number = 0; number < own.Length; number++) own[number].Show(table, manifest.PackAt(number).FirstSegment);
            return version;
        }
    }

    /// <summary>Gives up all that no open version wants, packs of versions that are not open among it.</summary>
    public void Trim()
    {
        lock (changing)
        {
            WriteLess([.. unclaimed.Values.SelectMany(segments => segments).Select(segment => segment with { Bytes = 0 })]);
            foreach (var pack in unclaimed.Keys) File.Delete(PathOf(pack));
            unclaimed.Clear();
        }

        Shrink(files.Values);
    }

    /// <summary>After the last version.</summary>
    public void Dispose()
    {
        lock (changing)
        {
            foreach (var file in files.Values) file.Dispose();
            files.Clear();
            journal.Dispose();
            Filling.Dispose();
            folderLock.Dispose();
        }
    }

    /// <summary>Gives up what no open version wants of some packs.</summary>
    internal void Shrink(IEnumerable<PackFile> of)
    {
        List<(PackFile File, int Segment, int Keep)> excess;
        lock (changing)
        {
            excess = [.. from file in of from segment in Enumerable.Range(0, file.Segments) let keep = WantedOf(file, segment) where file.HeldOf(segment) > keep select (file, segment, keep)];
            foreach (var (file, segment, keep) in excess) file.SetHeld(segment, keep, file.IsProven(segment));
            WriteLess([.. excess.Select(cut => new HeldSegment(cut.File.Name, cut.Segment, cut.Keep))]);
        }

        // Not under the lock: readers are waited for, and they wait for a disk.
        foreach (var (file, segment, _) in excess)
        {
            lock (file.Writing) file.Punch(segment);
        }
    }

    /// <summary>
    /// Segments whose bytes were compared are held from now on, as far as somebody still wants them. The order is what a crash at any instant leaves
    /// right: bytes, then the disk, then the journal that says they are there.
    /// </summary>
    internal void Keep(PackFile file, IReadOnlyList<(int Segment, ReadOnlyMemory<byte> Bytes)> segments)
    {
        lock (file.Writing)
        {
            try
            {
                foreach (var (segment, bytes) in segments) file.Write(segment, bytes.Span);
                file.Flush();
                lock (changing)
                {
                    var admitted = segments.Select(one => (one.Segment, Bytes: Math.Min(one.Bytes.Length, WantedOf(file, one.Segment)))).Where(one => one.Bytes > file.HeldOf(one.Segment)).ToArray();
                    journal.Append([.. admitted.Select(one => new HeldSegment(file.Name, one.Segment, one.Bytes))]);
                    foreach (var (segment, bytes) in admitted) file.SetHeld(segment, bytes, isProven: true);
                }
            }
            finally
            {
                // Where the disk was full before all was there, or the share became smaller meanwhile.
                foreach (var (segment, bytes) in segments)
                {
                    if (file.HeldOf(segment) < bytes.Length) file.Punch(segment);
                }
            }
        }
    }

    /// <summary>Of a segment that has other bytes than were published.</summary>
    internal void GiveUp(PackFile file, int segment)
    {
        lock (changing)
        {
            if (file.HeldOf(segment) == 0) return;
            file.SetHeld(segment, 0, isProven: false);
            WriteLess([new HeldSegment(file.Name, segment, 0)]);
        }
    }

    /// <summary>All bytes of the segment that are held have been compared with what was published.</summary>
    /// <param name="bytes">That were held when they were.</param>
    internal void Prove(PackFile file, int segment, int bytes)
    {
        lock (changing)
        {
            if (file.HeldOf(segment) == bytes && !file.IsProven(segment)) file.SetHeld(segment, bytes, isProven: true);
        }
    }

    /// <summary>Packs that no other version has are open no longer; what is held of them is held on.</summary>
    internal void Close(VersionCache version, HeldTable? table)
    {
        List<PackFile> last;
        lock (changing)
        {
            versions.Remove(version);
            if (table is not null) foreach (var file in version.Files) file.Hide(table);
            last = [.. version.Files.Where(file => files.ContainsKey(file.Name) && !versions.Exists(other => other.Has(file)))];
            foreach (var file in last)
            {
                files.Remove(file.Name);
                HeldSegment[] held = [.. from segment in Enumerable.Range(0, file.Segments) let bytes = file.HeldOf(segment) where bytes > 0 select new HeldSegment(file.Name, segment, bytes)];
                if (held.Length == 0) File.Delete(file.Path);
                else unclaimed[file.Name] = [.. held];
            }
        }

        // Not under the lock: readers are waited for.
        foreach (var file in last) file.Dispose();
    }

    /// <summary>
    /// On a disk without room for a record, room has to be made all the same. Who believes the older one after a restart finds other bytes than
    /// the checksums say, and takes it for damage.
    /// </summary>
    private void WriteLess(IReadOnlyCollection<HeldSegment> segments)
    {
        try
        {
            journal.Append(segments);
        }
        catch (IOException e) when (Libc.IsFull(e.HResult))
        {
        }
    }

    private int WantedOf(PackFile file, int segment)
    {
        var most = 0;
        foreach (var version in versions) most = Math.Max(most, version.WantedOf(file, segment));
        return most;
    }

    private PackFile FileOf(Pack pack)
    {
        if (files.TryGetValue(pack.Sha256, out var known)) return known;
        var file = files[pack.Sha256] = PackFile.Open(PathOf(pack.Sha256), pack.Sha256, pack.Length);
        if (!unclaimed.Remove(pack.Sha256, out var segments)) return file;
        foreach (var segment in segments.Where(segment => segment.Segment < file.Segments)) file.SetHeld(segment.Segment, Math.Min(segment.Bytes, file.LengthOf(segment.Segment)), isProven: false);
        return file;
    }

    private string PathOf(Sha256 pack) => Path.Combine(packs, pack.ToString());
}
