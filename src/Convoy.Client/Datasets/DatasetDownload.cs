using System.Security.Cryptography;
using System.Text;
using Convoy.Core.Datasets;

namespace Convoy.Client.Datasets;

/// <summary>
/// Brings files of a version into a folder. Each is whole and as it was published, or not there: it is written beside, its hash is compared, and it is
/// renamed then. What is there already with the same bytes is left as it is, so that a download that broke off goes on.
/// </summary>
public sealed class DatasetDownload(DatasetCalls calls, string dataset, Manifest manifest, string folder)
{
    /// <summary>Of packs, what lies between two wanted pieces is brought along where it is less: a request takes as long.</summary>
    private const int WorthSkipping = 1 << 20;

    /// <summary>Where files are until they are whole; called as nothing of the version is.</summary>
    private readonly string unfinished = UnfinishedFolder(manifest, folder);
    private readonly string folder = Path.GetFullPath(folder);
    private string? newest;

    /// <param name="files">Their numbers.</param>
    /// <param name="progress">Bytes of files that are there so far, and files.</param>
    /// <returns>How many were there already.</returns>
    public async Task<int> RunAsync(IReadOnlyList<int> files, Action<long, int> progress, CancellationToken cancellationToken)
    {
        var (unchanged, bytes, done) = (0, 0L, 0);
        var large = new List<int>();
        var pieces = new List<(Chunk Piece, int File)>();
        foreach (var file in files)
        {
            if (await IsThereAsync(file, cancellationToken))
            {
                unchanged++;
                Count(manifest.FileSize(file));
            }
            else
            {
                var (first, count) = (manifest.FirstChunk(file), manifest.FirstChunk(file + 1) - manifest.FirstChunk(file));
                if (count == 1) pieces.Add((manifest.ChunkAt(first), file));
                else large.Add(file);
            }
        }

        Directory.CreateDirectory(unfinished);
        if (new DirectoryInfo(unfinished).LinkTarget is not null) throw new SourceException($"{unfinished} is a link, and what is downloaded has to stay below {folder}; remove it, or choose another folder");
        pieces.Sort((left, right) => (left.Piece.Pack, left.Piece.Offset).CompareTo((right.Piece.Pack, right.Piece.Offset)));
        foreach (var run in Runs(pieces)) await BringAsync(run, Count, cancellationToken);
        foreach (var file in large) await BringLargeAsync(file, Count, cancellationToken);
        Directory.Delete(unfinished, recursive: true);
        return unchanged;

        void Count(long more) => progress(bytes += more, ++done);
    }

    /// <summary>Pieces of one pack that lie so near each other that one request brings them.</summary>
    private static IEnumerable<List<(Chunk Piece, int File)>> Runs(List<(Chunk Piece, int File)> pieces)
    {
        var run = new List<(Chunk Piece, int File)>();
        foreach (var next in pieces)
        {
            if (run.Count > 0 && (run[^1].Piece.Pack != next.Piece.Pack || next.Piece.Offset - (run[^1].Piece.Offset + run[^1].Piece.Length) > WorthSkipping))
            {
                yield return run;
                run = [];
            }

            run.Add(next);
        }

        if (run.Count > 0) yield return run;
    }

    private async Task BringAsync(List<(Chunk Piece, int File)> run, Action<long> count, CancellationToken cancellationToken)
    {
        var start = run[0].Piece.Offset;
        var length = run[^1].Piece.Offset + run[^1].Piece.Length - start;
        var buffer = new byte[PackLayout.SegmentBytes];
        var (next, at, filled) = (0, start, 0);
        await calls.CopyPackAsync(
            dataset, manifest.PackAt(run[0].Piece.Pack).Sha256, start, length,
            async (bytes, stop) =>
            {
                while (!bytes.IsEmpty && next < run.Count)
                {
                    var (piece, _) = run[next];
                    var skipped = Math.Min(Math.Max(0, piece.Offset - at), bytes.Length);
                    (bytes, at) = (bytes[skipped..], at + skipped);
                    var taken = Math.Min(piece.Length - filled, bytes.Length);
                    bytes[..taken].CopyTo(buffer.AsMemory(filled));
                    (bytes, at, filled) = (bytes[taken..], at + taken, filled + taken);
                    if (filled < piece.Length) continue;

                    // Files of the same bytes share a piece.
                    for (; next < run.Count && run[next].Piece == piece; next++)
                    {
                        await WriteAsync(run[next].File, buffer.AsMemory(0, piece.Length), stop);
                        count(piece.Length);
                    }

                    filled = 0;
                }
            },
            cancellationToken);
        if (next < run.Count) throw Damaged(run[next].File);
    }

    private async Task WriteAsync(int file, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (Sha256.Of(content.Span) != manifest.FileHash(file)) throw Damaged(file);
        var place = PlaceOf(file);
        MakeFolderOf(place);
        await File.WriteAllBytesAsync(UnfinishedOf(file), content, cancellationToken);
        File.Move(UnfinishedOf(file), place, overwrite: true);
    }

    private async Task BringLargeAsync(int file, Action<long> count, CancellationToken cancellationToken)
    {
        var place = PlaceOf(file);
        MakeFolderOf(place);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using (var stream = new FileStream(UnfinishedOf(file), FileMode.Create, FileAccess.Write, FileShare.None, 1 << 17, useAsync: true))
        {
            for (var chunk = manifest.FirstChunk(file); chunk < manifest.FirstChunk(file + 1); chunk++)
            {
                var piece = manifest.ChunkAt(chunk);
                await calls.CopyPackAsync(
                    dataset, manifest.PackAt(piece.Pack).Sha256, piece.Offset, piece.Length,
                    async (bytes, stop) =>
                    {
                        hash.AppendData(bytes.Span);
                        await stream.WriteAsync(bytes, stop);
                    },
                    cancellationToken);
            }
        }

        if (Sha256.Read(hash.GetHashAndReset()) != manifest.FileHash(file))
        {
            File.Delete(UnfinishedOf(file));
            throw Damaged(file);
        }

        File.Move(UnfinishedOf(file), place, overwrite: true);
        count(manifest.FileSize(file));
    }

    private string UnfinishedOf(int file) => Path.Combine(unfinished, file.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static string UnfinishedFolder(Manifest manifest, string folder)
    {
        var name = ".convoy-unfinished";
        while (manifest.FindFile(0, Encoding.UTF8.GetBytes(name)) is not null || manifest.FindDirectory(0, Encoding.UTF8.GetBytes(name)) is not null) name += "-";
        return Path.Combine(Path.GetFullPath(folder), name);
    }

    private async Task<bool> IsThereAsync(int file, CancellationToken cancellationToken)
    {
        var place = new FileInfo(PlaceOf(file));
        if (!place.Exists || place.LinkTarget is not null || place.Length != manifest.FileSize(file)) return false;
        await using var content = place.OpenRead();
        return Sha256.Read(await SHA256.HashDataAsync(content, cancellationToken)) == manifest.FileHash(file);
    }

    /// <summary>None of the folders on the way may be a link: it could lead anywhere.</summary>
    private void MakeFolderOf(string place)
    {
        var parent = Path.GetDirectoryName(place)!;
        if (parent == newest) return;
        for (var on = parent; on.Length > folder.Length; on = Path.GetDirectoryName(on)!)
        {
            if (new DirectoryInfo(on).LinkTarget is not null) throw new SourceException($"{on} is a link, and what is downloaded has to stay below {folder}; remove it, or choose another folder");
        }

        Directory.CreateDirectory(parent);
        newest = parent;
    }

    /// <summary>The manifest was read in full, so no path leads out of the folder.</summary>
    private string PlaceOf(int file) => Path.Combine(folder, Encoding.UTF8.GetString(manifest.PathOf(file)));

    private SourceException Damaged(int file) => new($"'{Encoding.UTF8.GetString(manifest.PathOf(file))}' of data set {dataset} came with other bytes than were published; try again, and tell an administrator if it stays so");
}
