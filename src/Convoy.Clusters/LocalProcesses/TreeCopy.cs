using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>
/// Copies files with their holes, folders and links as they are; pipes, devices and sockets are nothing to copy. People own what is copied
/// and may change it meanwhile, so it is reached by open folders alone and no link leads elsewhere. The copy is the platform's, and nobody
/// writes to it but this.
/// </summary>
/// <param name="root">A folder of the platform's. From there on no link is followed.</param>
/// <param name="below">The path from there to the folder to copy.</param>
/// <param name="to">What lies there of an earlier copy that was broken off is kept where it is the same, and goes where it is not there any more.</param>
/// <param name="earlier">Another copy of the same folder on the same file system: what has not changed since is the same file there and here.</param>
/// <param name="progress">Told after each file what was copied by then.</param>
internal sealed class TreeCopy(string root, string below, string to, string? earlier = null, Action<CopiedFiles>? progress = null)
{
    private const UnixFileMode OwnerAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Without set-uid and its like: a copy has another owner.</summary>
    private const UnixFileMode Permissions = (UnixFileMode)0x1FF;

    private const int BufferBytes = 1 << 20;
    private const int FileTooLarge = 27;

    /// <summary>So many folders are held open at once.</summary>
    private const int Deepest = 200;

    /// <summary>Of Linux is 4096.</summary>
    private const int LongestPath = 4000;

    /// <summary>What was written so shortly before it was copied may have been written to since without another time.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(1);

    private CopiedFiles copied = CopiedFiles.None;

    /// <exception cref="IOException">The copy cannot be written.</exception>
    public CopiedFiles All()
    {
        using var folder = OpenSource();
        if (folder is not null) Copy(folder, to, earlier, 1);
        return copied;
    }

    /// <summary>Those that are there of some files in it.</summary>
    /// <exception cref="IOException">The copy cannot be written.</exception>
    public CopiedFiles Only(IEnumerable<string> names)
    {
        using var folder = OpenSource();
        if (folder is null) return copied;
        Directory.CreateDirectory(to);
        foreach (var name in names) Copy(folder, Encoding.UTF8.GetBytes(name + '\0'), Path.Combine(to, name), Beside(earlier, name));
        return copied;
    }

    private static string? Beside(string? folder, string name) => folder is null ? null : Path.Combine(folder, name);

    /// <summary>Null where it is gone, or was left out.</summary>
    private OpenFolder? OpenSource()
    {
        var folder = OpenFolder.Open(root);
        foreach (var name in below.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (folder.IsInvalid) break;
            using var above = folder;
            folder = above.OpenChild(Encoding.UTF8.GetBytes(name + '\0'));
        }

        if (!folder.IsInvalid) return folder;
        if (NativeFiles.LastErrorNumber != NativeFiles.NoSuchFile) LeaveOut(to);
        else if (Directory.Exists(to)) Directory.Delete(to, recursive: true);
        folder.Dispose();
        return null;
    }

    private void Copy(OpenFolder folder, string target, string? twin, int depth)
    {
        Clear(target, wantsFolder: true);
        Directory.CreateDirectory(target);
        File.SetUnixFileMode(target, (UnixFileMode)NativeFiles.Status(folder).Mode | OwnerAll);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in NamesIn(folder, target, seen))
        {
            var text = OpenFolder.Text(name);
            var path = Path.Combine(target, text);
            if (NativeFiles.Status(folder, name) is not { } status)
            {
                if (NativeFiles.LastErrorNumber != NativeFiles.NoSuchFile) LeaveOut(path);
                continue;
            }

            if (status is not ({ IsFolder: true } or { IsFile: true } or { IsLink: true })) continue;
            if (!Utf8.IsValid(name) || Encoding.UTF8.GetByteCount(path) > LongestPath || depth == Deepest)
            {
                copied += new CopiedFiles(0, 0, 0) { Unnameable = 1 };
                continue;
            }

            seen.Add(text);
            if (status.IsFile) Copy(folder, name, path, Beside(twin, text));
            else if (status.IsLink) CopyLink(folder, name, path);
            else CopyFolder(folder, name, path, Beside(twin, text), depth + 1);
        }
    }

    private void CopyFolder(OpenFolder folder, byte[] name, string path, string? twin, int depth)
    {
        using var child = folder.OpenChild(name);
        if (!child.IsInvalid) Copy(child, path, twin, depth);
        else if (NativeFiles.LastErrorNumber != NativeFiles.NoSuchFile) LeaveOut(path);
    }

    /// <summary>Where they could all be told, what is not among <paramref name="seen"/> by then goes from the copy.</summary>
    private IEnumerable<byte[]> NamesIn(OpenFolder folder, string target, HashSet<string> seen)
    {
        using var names = folder.Names().GetEnumerator();
        while (true)
        {
            try
            {
                if (!names.MoveNext()) break;
            }
            catch (IOException) when (NativeFiles.Status(folder).Names == 0)
            {
                // Removed meanwhile.
                break;
            }
            catch (IOException)
            {
                LeaveOut(target);
                yield break;
            }

            yield return names.Current;
        }

        foreach (var entry in new DirectoryInfo(target).EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 }).Where(entry => !seen.Contains(entry.Name)))
        {
            Clear(entry.FullName, wantsFolder: entry is not DirectoryInfo);
        }
    }

    private void CopyLink(OpenFolder folder, byte[] name, string path)
    {
        var bytes = NativeFiles.ReadLink(folder, name);
        if (!Utf8.IsValid(bytes)) LeaveOut(path);
        if (bytes.Length == 0 || !Utf8.IsValid(bytes)) return;
        Clear(path, wantsFolder: false);
        File.Delete(path);
        File.CreateSymbolicLink(path, Encoding.UTF8.GetString(bytes));
        copied += new CopiedFiles(1, 0, 0);
    }

    private void Copy(OpenFolder folder, byte[] name, string path, string? twin)
    {
        using var content = NativeFiles.OpenFile(folder, name);
        if (content.IsInvalid)
        {
            if (NativeFiles.LastErrorNumber == NativeFiles.NoSuchFile) File.Delete(path);
            else LeaveOut(path);
            return;
        }

        // What was opened counts, not what the name meant before.
        if (!NativeFiles.Status(content).IsFile) return;
        var source = FileFace.Of(content);
        Clear(path, wantsFolder: false);
        if (!IsCopy(path, source))
        {
            File.Delete(path);
            if ((twin is null || !IsCopy(twin, source) || !NativeFiles.TryLink(twin, path)) && !TryWrite(content, source, path))
            {
                LeaveOut(path);
                return;
            }
        }

        copied += new CopiedFiles(1, source.Bytes, 0);
        progress?.Invoke(copied);
    }

    /// <summary>As much as it had when it was opened. False where it cannot be read.</summary>
    private static bool TryWrite(SafeFileHandle content, FileFace source, string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using var stream = new FileStream(path, options);
        var copy = stream.SafeFileHandle;
        try
        {
            if (!CopyContent(content, copy, source.Bytes))
            {
                File.Delete(path);
                return false;
            }
        }
        catch (Exception tooLarge) when (tooLarge.HResult == FileTooLarge || tooLarge is ArgumentException)
        {
            // Longer than the file system of the copy can name.
            File.Delete(path);
            return false;
        }

        File.SetUnixFileMode(copy, source.Mode);
        if (source.WrittenAt is { } writtenAt) File.SetLastWriteTimeUtc(copy, writtenAt);
        return true;
    }

    /// <summary>So much of what was opened, with its holes. False where it cannot be read.</summary>
    public static bool CopyContent(SafeFileHandle content, SafeFileHandle copy, long bytes)
    {
        for (long at = 0; NativeFiles.NextData(content, at) is { } data && data < bytes;)
        {
            at = Math.Min(NativeFiles.NextHole(content, data), bytes);
            if (!TryWrite(content, copy, data, at)) return false;
        }

        RandomAccess.SetLength(copy, bytes);
        return true;
    }

    private static bool TryWrite(SafeFileHandle content, SafeFileHandle copy, long at, long end)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(BufferBytes, end - at));
        try
        {
            while (at < end)
            {
                // None where it was shortened meanwhile.
                if (TryRead(content, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at)), at) is not { } count) return false;
                if (count == 0) return true;
                RandomAccess.Write(copy, buffer.AsSpan(0, count), at);
                at += count;
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int? TryRead(SafeFileHandle content, Span<byte> into, long at)
    {
        try
        {
            return RandomAccess.Read(content, into, at);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>A copy of just this, by all that can be seen of it.</summary>
    private static bool IsCopy(string path, FileFace source) =>
        FileFace.Of(path) == source && source.WrittenAt + Settled < NativeFiles.BornAt(path);

    private void LeaveOut(string copy) => copied += new CopiedFiles(0, 0, 1) { FirstLeftOut = [Path.GetFullPath(Path.GetRelativePath(to, copy), Path.Combine(root, below))] };

    /// <summary>Takes away what an earlier copy left of another kind, and every link.</summary>
    private static void Clear(string path, bool wantsFolder)
    {
        var there = new FileInfo(path);
        if (there.LinkTarget is not null || (wantsFolder && there.Exists)) there.Delete();
        else if (!wantsFolder && Directory.Exists(path)) Directory.Delete(path, recursive: true);
    }

    /// <summary>What two files have in common that are taken for the same.</summary>
    /// <param name="WrittenAt">Null where it is so odd a time that it cannot be given to a copy.</param>
    private readonly record struct FileFace(long Bytes, DateTime? WrittenAt, UnixFileMode Mode)
    {
        public static FileFace Of(SafeFileHandle file)
        {
            try
            {
                return new FileFace(RandomAccess.GetLength(file), File.GetLastWriteTimeUtc(file), Copied(File.GetUnixFileMode(file)));
            }
            catch (ArgumentOutOfRangeException)
            {
                return new FileFace(RandomAccess.GetLength(file), null, Copied(File.GetUnixFileMode(file)));
            }
        }

        /// <summary>Null where there is none, or of no known time.</summary>
        public static FileFace? Of(string path)
        {
            var file = new FileInfo(path);
            return file.Exists && file.LinkTarget is null ? new FileFace(file.Length, file.LastWriteTimeUtc, file.UnixFileMode) : null;
        }

        private static UnixFileMode Copied(UnixFileMode mode) => (mode & Permissions) | UnixFileMode.UserRead | UnixFileMode.UserWrite;
    }
}
