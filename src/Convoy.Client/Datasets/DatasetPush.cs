using System.Security.Cryptography;
using Convoy.Client.Wire;
using Convoy.Core.Datasets;

namespace Convoy.Client.Datasets;

/// <summary>
/// Publishes files as the next version of a data set. Files whose bytes an earlier version has, or that came before, are not sent again; a push that broke
/// off sends again only what had not arrived, for the same files make the same packs. The version is there when all of its bytes are.
/// </summary>
/// <param name="progress">Told after every file and every piece of a pack; by one thread at a time.</param>
public sealed class DatasetPush(DatasetCalls calls, string dataset, Action<PushProgress> progress)
{
    /// <summary>Packs on their way while the next one fills.</summary>
    private const int MostOnTheirWay = 2;

    /// <summary>Files up to a segment are read whole, so once; larger ones a second time where they are new.</summary>
    private const int LargestInMemory = PackLayout.SegmentBytes;

    private readonly ManifestBuilder builder = new();
    private readonly PackLayout layout = new();
    private readonly Dictionary<Sha256, (int First, int Count)> placed = [];
    private readonly Dictionary<Sha256, (Manifest Of, int File)> before = [];
    private readonly Dictionary<Sha256, int?> packsOfBefore = [];
    private readonly Queue<(Task Sending, byte[] Buffer)> onTheirWay = new();
    private readonly Stack<byte[]> spare = new();
    private readonly Lock telling = new();
    private readonly byte[] small = new byte[LargestInMemory];
    private byte[]? pack;
    private int packNumber;
    private PushProgress told = new();

    /// <param name="files">In any order; in that of their paths the push can go on where one broke off.</param>
    /// <param name="known">Versions whose files need not be sent again: the newest, and those of other data sets.</param>
    /// <param name="tag">To point to the version; null for none but <c>latest</c>.</param>
    /// <returns>What was published, and the version, which is the newest one where nothing has changed.</returns>
    public async Task<(DatasetVersionView Version, PushProgress Done)> RunAsync(IEnumerable<SourceFile> files, IReadOnlyList<Manifest> known, string? tag, CancellationToken cancellationToken)
    {
        foreach (var manifest in known)
        {
            for (var file = 0; file < manifest.Files; file++) before.TryAdd(manifest.FileHash(file), (manifest, file));
        }

        try
        {
            foreach (var file in files)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await AddAsync(file, cancellationToken);
                Tell(now => now with { Files = now.Files + 1, Bytes = now.Bytes + file.Size });
            }

            if (layout.Length > 0) await SendPackAsync(cancellationToken);
            while (onTheirWay.TryDequeue(out var last)) await last.Sending;
        }
        catch
        {
            // Nobody waits for the others any more; what they say of it is the same.
            foreach (var (sending, _) in onTheirWay) _ = sending.ContinueWith(failed => _ = failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }

        return (await PublishAsync(tag, cancellationToken), told);
    }

    private async Task AddAsync(SourceFile file, CancellationToken cancellationToken)
    {
        await using var content = file.Open();
        if (file.Size <= LargestInMemory)
        {
            var bytes = small.AsMemory(0, (int)file.Size);
            await ReadAsync(file, content, bytes, cancellationToken);
            await ExpectEndAsync(file, content, cancellationToken);
            var hash = Sha256.Of(bytes.Span);
            if (!await TryReuseAsync(file, hash, bytes, cancellationToken)) Add(file, hash, await PlaceAsync(file, (part, _) => Copy(bytes, part), cancellationToken));
        }
        else
        {
            var hash = Sha256.Read(await SHA256.HashDataAsync(content, cancellationToken));
            if (await TryReuseAsync(file, hash, null, cancellationToken)) return;
            await using var again = file.Open();
            using var second = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var pieces = await PlaceAsync(
                file,
                async (part, stop) =>
                {
                    await ReadAsync(file, again, part.Into, stop);
                    second.AppendData(part.Into.Span);
                },
                cancellationToken);
            await ExpectEndAsync(file, again, cancellationToken);
            if (Sha256.Read(second.GetHashAndReset()) != hash) throw Changed(file);
            Add(file, hash, pieces);
        }

        static ValueTask Copy(ReadOnlyMemory<byte> bytes, Part part)
        {
            bytes.Slice((int)part.At, part.Into.Length).CopyTo(part.Into);
            return ValueTask.CompletedTask;
        }
    }

    private void Add(SourceFile file, Sha256 hash, Chunk[] pieces)
    {
        placed[hash] = (builder.AddFile(file.Path, hash, pieces), pieces.Length);
        Tell(now => now with { NewFiles = now.NewFiles + 1, NewBytes = now.NewBytes + file.Size });
    }

    /// <summary>Where its bytes are in a pack already, there they stay.</summary>
    /// <param name="content">Null where it is not at hand. What another manifest says of a hash is its publisher's word: of what is at hand each piece is compared.</param>
    private async Task<bool> TryReuseAsync(SourceFile file, Sha256 hash, ReadOnlyMemory<byte>? content, CancellationToken cancellationToken)
    {
        if (placed.TryGetValue(hash, out var had))
        {
            builder.AddFile(file.Path, hash, builder.PiecesAt(had.First, had.Count));
            return true;
        }

        if (!before.TryGetValue(hash, out var known)) return false;
        var first = known.Of.FirstChunk(known.File);
        if (known.Of.FileSize(known.File) != file.Size) return false;
        var pieces = new Chunk[known.Of.FirstChunk(known.File + 1) - first];
        var at = 0;
        for (var i = 0; i < pieces.Length; i++)
        {
            var piece = known.Of.ChunkAt(first + i);
            if (content is { } bytes && Crc32C.Of(bytes.Span.Slice(at, piece.Length)) != piece.Crc) return false;
            at += content is null ? 0 : piece.Length;
            if (await PackOfBeforeAsync(known.Of, piece.Pack, cancellationToken) is not { } number) return false;
            pieces[i] = piece with { Pack = number };
        }

        placed[hash] = (builder.AddFile(file.Path, hash, pieces), pieces.Length);
        return true;
    }

    /// <summary>Null where the platform has it no more, or not for this data set.</summary>
    private async ValueTask<int?> PackOfBeforeAsync(Manifest of, int number, CancellationToken cancellationToken)
    {
        var had = of.PackAt(number);
        if (packsOfBefore.TryGetValue(had.Sha256, out var known)) return known;
        if (!await calls.HasPackAsync(dataset, had.Sha256, null, cancellationToken)) return packsOfBefore[had.Sha256] = null;
        var pack = builder.AddPack();
        builder.SetPack(pack, had.Sha256, had.Length, [.. Enumerable.Range(had.FirstSegment, had.Segments).Select(of.SegmentHash)]);
        packsOfBefore[had.Sha256] = pack;
        return pack;
    }

    /// <summary>Fills packs with a file's bytes.</summary>
    private async Task<Chunk[]> PlaceAsync(SourceFile file, Func<Part, CancellationToken, ValueTask> fill, CancellationToken cancellationToken)
    {
        var pieces = new List<Chunk>();
        for (long done = 0; done < file.Size;)
        {
            if (layout.Take(file.Size - done, done == 0) is not { } place)
            {
                await SendPackAsync(cancellationToken);
                continue;
            }

            if (pack is null)
            {
                pack = await NextBufferAsync();
                packNumber = builder.AddPack();
            }

            var into = pack.AsMemory(place.Offset, place.Length);
            await fill(new Part(done, into), cancellationToken);
            pieces.Add(new Chunk(packNumber, place.Offset, place.Length, Crc32C.Of(into.Span)));
            done += place.Length;
        }

        return [.. pieces];
    }

    private async Task<byte[]> NextBufferAsync()
    {
        while (onTheirWay.TryPeek(out var first) && first.Sending.IsCompleted) spare.Push(await OldestAsync());
        return spare.TryPop(out var had) ? had : new byte[PackLayout.PackBytes];
    }

    private async Task SendPackAsync(CancellationToken cancellationToken)
    {
        var (content, full) = (pack!.AsMemory(0, layout.Length), pack);
        pack = null;
        layout.BeginPack();
        var hash = Sha256.Of(content.Span);
        builder.SetPack(packNumber, hash, content.Length, SegmentHashesOf(content));
        onTheirWay.Enqueue((SendAsync(hash, content, cancellationToken), full!));
        while (onTheirWay.Count > MostOnTheirWay) spare.Push(await OldestAsync());
    }

    private static Sha256[] SegmentHashesOf(ReadOnlyMemory<byte> content)
    {
        var hashes = new Sha256[Pack.SegmentsOf(content.Length)];
        for (var i = 0; i < hashes.Length; i++) hashes[i] = Sha256.Of(content.Span.Slice(i * PackLayout.SegmentBytes, Math.Min(PackLayout.SegmentBytes, content.Length - (i * PackLayout.SegmentBytes))));
        return hashes;
    }

    private async Task<byte[]> OldestAsync()
    {
        var (sending, buffer) = onTheirWay.Dequeue();
        await sending;
        // The gaps between files are zeros, so that the same files make the same pack.
        Array.Clear(buffer);
        return buffer;
    }

    private async Task SendAsync(Sha256 hash, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (await calls.HasPackAsync(dataset, hash, content.Length, cancellationToken))
        {
            Tell(now => now with { PacksThere = now.PacksThere + 1 });
            return;
        }

        var sent = 0L;
        await calls.PutPackAsync(dataset, hash, content, now => Tell(all => all with { BytesSent = all.BytesSent + now - sent }, then: () => sent = now), cancellationToken);
        Tell(now => now with { PacksSent = now.PacksSent + 1 });
    }

    private async Task<DatasetVersionView> PublishAsync(string? tag, CancellationToken cancellationToken)
    {
        var file = Path.Combine(Path.GetTempPath(), $"convoy-manifest-{Guid.NewGuid():N}");
        try
        {
            await using (var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                foreach (var piece in builder.Build()) await stream.WriteAsync(piece, cancellationToken);
            }

            return await calls.PublishAsync(dataset, file, tag, cancellationToken);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async ValueTask ReadAsync(SourceFile file, Stream content, Memory<byte> into, CancellationToken cancellationToken)
    {
        if (await content.ReadAtLeastAsync(into, into.Length, throwOnEndOfStream: false, cancellationToken) < into.Length) throw Changed(file);
    }

    private static async ValueTask ExpectEndAsync(SourceFile file, Stream content, CancellationToken cancellationToken)
    {
        if (await content.ReadAsync(new byte[1], cancellationToken) > 0) throw Changed(file);
    }

    private static SourceException Changed(SourceFile file) => new($"'{file.Name}' changed while it was read; push again when nobody writes");

    private void Tell(Func<PushProgress, PushProgress> change, Action? then = null)
    {
        lock (telling)
        {
            told = change(told);
            then?.Invoke();
            progress(told);
        }
    }

    /// <param name="At">Of the file's bytes, the first.</param>
    /// <param name="Into">Where they belong in the pack.</param>
    private readonly record struct Part(long At, Memory<byte> Into);
}

/// <summary>How far a push is.</summary>
/// <param name="Files">Looked at so far.</param>
/// <param name="Bytes">Of those.</param>
/// <param name="NewFiles">Whose bytes no pack had.</param>
/// <param name="NewBytes">Of those.</param>
/// <param name="PacksThere">That an earlier push had sent.</param>
public sealed record PushProgress(long Files = 0, long Bytes = 0, long NewFiles = 0, long NewBytes = 0, int PacksSent = 0, int PacksThere = 0, long BytesSent = 0);
