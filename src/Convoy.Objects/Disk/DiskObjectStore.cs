using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Convoy.Objects.Disk;

/// <summary>Objects as files: <c>ab/abcdef…</c>, and unfinished uploads beside them, readable by the platform alone.</summary>
public sealed class DiskObjectStore : IObjectStore
{
    private const UnixFileMode OwnerOnlyFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int BufferBytes = 1 << 17;

    private readonly string root;
    private readonly string uploads;

    /// <summary>Uploads that are taking a piece right now.</summary>
    private readonly ConcurrentDictionary<string, byte> busy = new();

    /// <summary>An object that is looked at to be removed is not put there again meanwhile.</summary>
    private readonly Lock publishing = new();

    public DiskObjectStore(string root)
    {
        this.root = Path.GetFullPath(root);
        uploads = Path.Combine(this.root, "uploads");
        Directory.CreateDirectory(this.root, OwnerOnlyFolder);
        Directory.CreateDirectory(uploads, OwnerOnlyFolder);
    }

    public Task<bool> HasAsync(string sha256, CancellationToken cancellationToken) => Task.FromResult(File.Exists(PathOf(sha256)));

    public Task<Stream?> OpenReadAsync(string sha256, CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult<Stream?>(new FileStream(PathOf(sha256), FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, useAsync: true));
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
    }

    public Task<long> GetUploadOffsetAsync(string owner, string sha256, CancellationToken cancellationToken)
    {
        var upload = new FileInfo(UploadOf(owner, sha256));
        return Task.FromResult(upload.Exists ? upload.Length : 0);
    }

    public async Task<UploadProgress> AppendUploadAsync(string owner, string sha256, long offset, long length, Stream piece, CancellationToken cancellationToken)
    {
        var path = UploadOf(owner, sha256);
        if (!busy.TryAdd(path, 0)) return new UploadProgress(UploadState.OffsetMismatch, await GetUploadOffsetAsync(owner, sha256, cancellationToken));
        try
        {
            // That the object is there helps nobody who has not sent it: who knows only a hash must not come by the bytes.
            return await AppendAsync(path, sha256, offset, length, piece, cancellationToken);
        }
        catch (IOException e) when (!cancellationToken.IsCancellationRequested && e is not EndOfStreamException && e.GetType() == typeof(IOException))
        {
            throw new ObjectStoreException($"an object could not be stored: {e.Message}", e);
        }
        finally
        {
            busy.TryRemove(path, out _);
        }
    }

    public IEnumerable<string> List() => Directory.EnumerateDirectories(root).Where(folder => Path.GetFileName(folder).Length == 2)
        .SelectMany(Directory.EnumerateFiles).Select(file => Path.GetFileName(file)).Where(name => name.Length == 64);

    public bool Remove(string sha256, DateTimeOffset untouchedSince)
    {
        var file = new FileInfo(PathOf(sha256));
        lock (publishing)
        {
            file.Refresh();
            if (!file.Exists || file.LastWriteTimeUtc >= untouchedSince.UtcDateTime) return false;
            file.Delete();
            return true;
        }
    }

    public Task SweepUploadsAsync(DateTimeOffset untouchedSince, CancellationToken cancellationToken)
    {
        foreach (var upload in new DirectoryInfo(uploads).EnumerateFiles())
        {
            if (upload.LastWriteTimeUtc < untouchedSince.UtcDateTime && busy.TryAdd(upload.FullName, 0))
            {
                upload.Delete();
                busy.TryRemove(upload.FullName, out _);
            }
        }

        return Task.CompletedTask;
    }

    private async Task<UploadProgress> AppendAsync(string path, string sha256, long offset, long length, Stream piece, CancellationToken cancellationToken)
    {
        long kept;
        await using (var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, Options = FileOptions.Asynchronous, UnixCreateMode = OwnerOnlyFile,
        }))
        {
            if (file.Length != offset) return new UploadProgress(UploadState.OffsetMismatch, file.Length);
            file.Seek(0, SeekOrigin.End);
            var buffer = new byte[BufferBytes];
            while (file.Length < length && await piece.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                await file.WriteAsync(buffer.AsMemory(0, (int)Math.Min(read, length - file.Length + 1)), CancellationToken.None);
                await file.FlushAsync(CancellationToken.None);
            }

            kept = file.Length;
            RandomAccess.FlushToDisk(file.SafeFileHandle);
            if (kept == length && await piece.ReadAsync(buffer.AsMemory(0, 1), cancellationToken) > 0) kept++;
            if (kept < length) return new UploadProgress(UploadState.Unfinished, kept);
            if (kept == length)
            {
                file.Seek(0, SeekOrigin.Begin);
                if (Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken)) == sha256)
                {
                    Publish(path, PathOf(sha256));
                    return new UploadProgress(UploadState.Complete, length);
                }
            }
        }

        File.Delete(path);
        return new UploadProgress(kept > length ? UploadState.TooLarge : UploadState.HashMismatch, 0);
    }

    private void Publish(string upload, string target)
    {
        var folder = Path.GetDirectoryName(target)!;
        Directory.CreateDirectory(folder, OwnerOnlyFolder);
        lock (publishing)
        {
            // Its age tells since when somebody wants it; an upload may have lain about for a day.
            File.SetLastWriteTimeUtc(upload, DateTime.UtcNow);
            File.Move(upload, target, overwrite: true);
        }

        Durable.FlushFolder(folder);
        Durable.FlushFolder(Path.GetDirectoryName(folder)!);
    }

    private string PathOf(string sha256) => Path.Combine(root, Checked(sha256)[..2], sha256);

    /// <summary>Owners are hashed: a name never becomes a path.</summary>
    private string UploadOf(string owner, string sha256) =>
        Path.Combine(uploads, $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(owner)))[..32]}-{Checked(sha256)}");

    private static string Checked(string sha256) => sha256.Length == 64 && sha256.All(char.IsAsciiHexDigitLower)
        ? sha256
        : throw new ArgumentException("an object is named by 64 lower-case hexadecimal digits", nameof(sha256));
}
