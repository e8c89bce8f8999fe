using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Convoy.Objects.Outputs;

/// <summary>
/// One task's output on its way into the store. Content lies apart, under its hash, until all of it is durable; then it moves to the
/// job's other content, and the manifest comes last. Whatever is killed in between, the next try begins anew and finds only whole content.
/// </summary>
public sealed class OutputTaking : IDisposable
{
    private const int BufferBytes = 1 << 18;
    private const UnixFileMode OwnerOnlyFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>So many files are flushed each for itself, which does not have to wait for what others write; more of them all at once.</summary>
    private const int FlushedSingly = 256;

    private readonly string folder;
    private readonly string contents;
    private readonly string manifest;
    private readonly ManifestWriter writer;
    private readonly byte[] buffer = new byte[BufferBytes];
    private readonly string incoming;
    private int stored;
    private readonly OutputSpace space;
    private long taken;

    internal OutputTaking(string folder, string contents, string manifest, OutputSpace space)
    {
        this.space = space;
        this.folder = folder;
        this.contents = contents;
        this.manifest = manifest;
        incoming = Path.Combine(folder, "incoming");
        writer = new ManifestWriter(folder);
    }

    public void Add(OutputEntry entry) => writer.Add(entry);

    /// <summary>Keeps the first so many bytes of a file; fewer where it has fewer by now. What is told is what was kept.</summary>
    /// <param name="onDisk">Bytes that it takes there: less than its size where it has holes.</param>
    /// <exception cref="OutputSpaceException">The disk is too full.</exception>
    /// <exception cref="IOException">The disk is broken.</exception>
    /// <exception cref="OutputUnreadableException">The file could not be read.</exception>
    public (string Sha256, long Size) Store(SafeFileHandle source, long size, long onDisk, CancellationToken cancellationToken)
    {
        string sha256;
        long length;
        using (var target = File.OpenHandle(incoming, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            File.SetUnixFileMode(target, OwnerOnlyFile);
            // Where the file system can share blocks, content needs no second place.
            var isShared = Durable.TryShare(source, target);
            using var room = isShared ? null : space.Take(Math.Min(size, onDisk), taken);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (length = 0; length < size;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = Read(isShared ? target : source, buffer.AsSpan(0, (int)Math.Min(buffer.Length, size - length)), length);
                if (read == 0) break;
                hash.AppendData(buffer, 0, read);
                // Holes stay holes: a sparse file may be larger than the disk.
                if (!isShared && buffer.AsSpan(0, read).ContainsAnyExcept((byte)0)) RandomAccess.Write(target, buffer.AsSpan(0, read), length);
                length += read;
            }

            RandomAccess.SetLength(target, length);
            sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
            if (++stored <= FlushedSingly) RandomAccess.FlushToDisk(target);
        }

        // What is kept once needs no second place, on another try neither.
        if (Keep(sha256)) taken += Math.Min(size, onDisk);
        return (sha256, length);
    }

    /// <summary>Makes it all durable, the manifest last.</summary>
    public void Finish(OutputSummary summary)
    {
        if (stored > FlushedSingly) Durable.FlushFileSystem(folder);
        Directory.CreateDirectory(contents, OwnerOnlyFolder);
        var changed = new HashSet<string>(StringComparer.Ordinal) { contents, Path.GetDirectoryName(contents)! };
        foreach (var part in Directory.EnumerateDirectories(folder))
        {
            var target = Path.Combine(contents, Path.GetFileName(part));
            Directory.CreateDirectory(target, OwnerOnlyFolder);
            changed.Add(target);
            foreach (var content in Directory.EnumerateFiles(part)) File.Move(content, Path.Combine(target, Path.GetFileName(content)), overwrite: true);
        }

        foreach (var path in changed) Durable.FlushFolder(path);
        var whole = Path.Combine(folder, "manifest");
        writer.Write(whole, summary);
        var place = Path.GetDirectoryName(manifest)!;
        Directory.CreateDirectory(place, OwnerOnlyFolder);
        File.Move(whole, manifest, overwrite: true);
        foreach (var path in (string[])[place, Path.GetDirectoryName(place)!, Path.GetDirectoryName(contents)!, Path.GetDirectoryName(Path.GetDirectoryName(contents))!]) Durable.FlushFolder(path);
    }

    /// <summary>Leaves nothing unfinished on the disk, which may be full of it.</summary>
    public void Dispose()
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    private static int Read(SafeFileHandle source, Span<byte> into, long offset)
    {
        try
        {
            return RandomAccess.Read(source, into, offset);
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            throw new OutputUnreadableException(broken.Message, broken);
        }
    }

    /// <summary>False where it is kept already.</summary>
    private bool Keep(string sha256)
    {
        var place = OutputStore.BlobIn(folder, sha256);
        if (File.Exists(place) || File.Exists(OutputStore.BlobIn(contents, sha256)))
        {
            File.Delete(incoming);
            return false;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(place)!, OwnerOnlyFolder);
        File.Move(incoming, place);
        return true;
    }
}

/// <summary>It is the source that failed, not the store.</summary>
public sealed class OutputUnreadableException(string message, Exception inner) : Exception(message, inner);
