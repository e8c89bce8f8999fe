using Microsoft.Win32.SafeHandles;

namespace Convoy.Objects.Disk;

/// <summary>
/// Objects as files, readable by the platform alone: <c>a/b/c</c> lies in <c>a+/b+/c</c>. The plus, which no name has, lets an object
/// <c>a</c> be there beside <c>a/b</c>. What is being written lies in <c>.unfinished</c>.
/// </summary>
public sealed class DiskBucket : IBucket
{
    private const UnixFileMode OwnerOnlyFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int BufferBytes = 1 << 17;

    /// <summary>A folder may be emptied and removed by another as often between its making and its use.</summary>
    private const int Tries = 100;

    /// <summary>ENOENT.</summary>
    private const int NotThere = 2;

    /// <summary>EEXIST, which .NET also says of a folder that was there and is gone.</summary>
    private const int AlreadyThere = 17;

    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    private readonly string root;
    private readonly string unfinished;

    public DiskBucket(string root)
        : this(root, TimeProvider.System)
    {
    }

    /// <param name="time">By which a leftover is old.</param>
    public DiskBucket(string root, TimeProvider time)
    {
        this.root = Path.GetFullPath(root);
        unfinished = Path.Combine(this.root, ".unfinished");
        Directory.CreateDirectory(this.root, OwnerOnlyFolder);
        Directory.CreateDirectory(unfinished, OwnerOnlyFolder);
        var old = (time.GetUtcNow() - LeftoverAge).UtcDateTime;
        foreach (var leftover in new DirectoryInfo(unfinished).EnumerateFiles())
        {
            if (leftover.LastWriteTimeUtc < old) leftover.Delete();
        }
    }

    public Task<StoredObject?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var path = PathOf(name);
        return Task.FromResult(Guarded(() => Look(name, path)));
    }

    public async Task PutAsync(string name, Stream content, long length, CancellationToken cancellationToken)
    {
        var path = PathOf(name);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var piece = Path.Combine(unfinished, Guid.NewGuid().ToString("n"));
        try
        {
            await using (var file = Guarded(() => Create(piece))) await WriteAsync(file.SafeFileHandle, content, length, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            Guarded(() => Publish(piece, path));
        }
        catch
        {
            Guarded(() => File.Delete(piece));
            throw;
        }
    }

    public Task<Stream?> ReadAsync(string name, long offset, long length, CancellationToken cancellationToken)
    {
        var path = PathOf(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        try
        {
            return Task.FromResult<Stream?>(Guarded(() =>
                new DiskRange(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous), name, offset, length)));
        }
        catch (ObjectStoreException missing) when (missing.InnerException is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, string after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (name, path) in new DiskWalk(root, ObjectName.CheckedStart(prefix), ObjectName.CheckedStart(after)).WithCancellation(cancellationToken))
        {
            if (Guarded(() => Look(name, path)) is { } found) yield return found;
        }
    }

    public Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        var path = PathOf(name);
        Guarded(() => Remove(path));
        return Task.CompletedTask;
    }

    public Uri? LinkTo(string name, TimeSpan validFor)
    {
        ObjectName.Checked(name);
        return null;
    }

    /// <summary>The caller's stream may fail as it likes; only the disk's failures are the storage's.</summary>
    private static async Task WriteAsync(SafeFileHandle file, Stream content, long length, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        for (var written = 0L; written < length;)
        {
            var read = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - written)), cancellationToken);
            if (read == 0) throw new EndOfStreamException($"an object of {length} bytes ended after {written}");
            try
            {
                await RandomAccess.WriteAsync(file, buffer.AsMemory(0, read), written, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Failed(e);
            }

            written += read;
        }

        Guarded(() => RandomAccess.FlushToDisk(file));
    }

    private static FileStream Create(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, Options = FileOptions.Asynchronous, BufferSize = 0, UnixCreateMode = OwnerOnlyFile,
    });

    private void Publish(string piece, string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        for (var tries = 1; ; tries++)
        {
            try
            {
                MakeFolders(folder);
                File.Move(piece, path, overwrite: true);
                break;
            }
            catch (IOException e) when ((e is DirectoryNotFoundException or FileNotFoundException || e.HResult == AlreadyThere) && tries < Tries && File.Exists(piece))
            {
                // Another removed the last object beside it, and the folder with it.
            }
        }

        FlushUp(folder);
    }

    /// <summary>One by one: .NET gives the mode to the last only.</summary>
    private void MakeFolders(string folder)
    {
        if (Directory.Exists(folder)) return;
        if (folder != root) MakeFolders(Path.GetDirectoryName(folder)!);
        Directory.CreateDirectory(folder, OwnerOnlyFolder);
    }

    private void Remove(string path)
    {
        if (!File.Exists(path)) return;
        File.Delete(path);
        var folder = Path.GetDirectoryName(path)!;
        while (folder != root)
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (IOException)
            {
                // There are others in it, or it is gone.
                break;
            }

            folder = Path.GetDirectoryName(folder)!;
        }

        FlushUp(folder);
    }

    /// <summary>Also folders that another made: that one may not have come to flush them.</summary>
    private void FlushUp(string folder)
    {
        for (; folder.Length >= root.Length; folder = Path.GetDirectoryName(folder)!)
        {
            try
            {
                Durable.FlushFolder(folder);
            }
            catch (IOException e) when (e.HResult == NotThere)
            {
                // It went with what was in it, and was made again since or not.
            }

            if (folder == root) break;
        }
    }

    private static StoredObject? Look(string name, string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new StoredObject(name, file.Length, new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero)) : null;
    }

    private string PathOf(string name) => Path.Combine(root, ObjectName.Checked(name).Replace("/", "+/", StringComparison.Ordinal));

    private static void Guarded(Action action) => Guarded<object?>(() =>
    {
        action();
        return null;
    });

    private static T Guarded<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    internal static ObjectStoreException Failed(Exception e) => new($"the disk failed: {e.Message}", e);
}
