using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace Convoy.Clusters.LocalProcesses;

/// <param name="Path">Below the folder that was looked through.</param>
/// <param name="Content">Open for reading; null for a folder or a link.</param>
/// <param name="Link">What a link names; null for others.</param>
internal sealed record FoundFile(string Path, UnixFileMode Mode, DateTime WrittenAt, SafeFileHandle? Content, string? Link);

/// <summary>Copies files, folders and links as they are. What is none of these is left out.</summary>
internal static class TreeCopy
{
    private const UnixFileMode OwnerAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Without set-uid and its like: until a copy has its owner it is the platform's.</summary>
    private const UnixFileMode Permissions = (UnixFileMode)0x1FF;

    private const int BufferBytes = 1 << 20;

    /// <summary>Nothing where the same file, to its size and time, is there.</summary>
    public static CopiedFiles File(string from, string to)
    {
        try
        {
            using var content = Native.OpenToRead(from);
            return Write([new FoundFile(Path.GetFileName(to), System.IO.File.GetUnixFileMode(content), System.IO.File.GetLastWriteTimeUtc(content), content, null)], Path.GetDirectoryName(to)!);
        }
        catch (IOException) when (!System.IO.File.Exists(from))
        {
            return new CopiedFiles(0, 0, 1);
        }
    }

    public static CopiedFiles Folder(string from, string to)
    {
        using var found = new BlockingCollection<FoundFile>(boundedCapacity: 32);
        var looking = Task.Run(() =>
        {
            try
            {
                Find(from, found);
            }
            finally
            {
                found.CompleteAdding();
            }
        });
        var copied = Write(found.GetConsumingEnumerable(), to);
        looking.Wait();
        return copied;
    }

    /// <summary>Everything below, each folder before what is in it. Links are not followed.</summary>
    public static void Find(string root, BlockingCollection<FoundFile> found)
    {
        var folders = new Stack<DirectoryInfo>([new DirectoryInfo(root)]);
        while (folders.TryPop(out var folder))
        {
            found.Add(new FoundFile(Path.GetRelativePath(root, folder.FullName), folder.UnixFileMode, folder.LastWriteTimeUtc, null, null));
            foreach (var entry in In(folder, found))
            {
                if (entry.LinkTarget is null && entry is DirectoryInfo below) folders.Push(below);
                else found.Add(Look(entry, Path.GetRelativePath(root, entry.FullName)));
            }
        }
    }

    /// <summary>Nothing where it is closed, or gone: its neighbours are there all the same.</summary>
    private static FileSystemInfo[] In(DirectoryInfo folder, BlockingCollection<FoundFile> found)
    {
        try
        {
            return folder.GetFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            found.Add(new FoundFile("", default, default, null, null));
            return [];
        }
    }

    private static FoundFile Look(FileSystemInfo entry, string path)
    {
        if (entry.LinkTarget is { } target) return new FoundFile(path, default, default, null, target);
        SafeFileHandle? content = null;
        try
        {
#pragma warning disable CA2000 // Whoever writes it elsewhere disposes of it.
            content = Native.OpenToRead(entry.FullName);
#pragma warning restore CA2000

            // Asked of a pipe or a device, this throws.
            _ = RandomAccess.GetLength(content);
            return new FoundFile(path, entry.UnixFileMode, entry.LastWriteTimeUtc, content, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // Gone, no file at all, or of a name that is no text.
            content?.Dispose();
            return new FoundFile("", default, default, null, null);
        }
    }

    /// <summary>What an earlier copy left there and is not found any more stays.</summary>
    public static CopiedFiles Write(IEnumerable<FoundFile> found, string root) => Write(found, root, []);

    /// <summary>What an earlier copy left there and is not found any more goes.</summary>
    public static CopiedFiles Mirror(IEnumerable<FoundFile> found, string root)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        var copied = Write(found, root, paths);
        var folders = new Stack<DirectoryInfo>([new DirectoryInfo(root)]);
        while (folders.TryPop(out var folder))
        {
            foreach (var entry in folder.GetFileSystemInfos())
            {
                var isFolder = entry is DirectoryInfo && entry.LinkTarget is null;
                if (!paths.Contains(Path.GetRelativePath(root, entry.FullName))) Clear(entry.FullName, wantsFolder: !isFolder);
                else if (isFolder) folders.Push((DirectoryInfo)entry);
            }
        }

        return copied;
    }

    private static CopiedFiles Write(IEnumerable<FoundFile> found, string root, HashSet<string> paths)
    {
        var (files, bytes, leftOut) = (0L, 0L, 0L);
        var buffer = new byte[BufferBytes];
        Directory.CreateDirectory(root);
        foreach (var entry in found)
        {
            using var content = entry.Content;
            paths.Add(entry.Path);
            var path = Path.Combine(root, entry.Path);
            if (entry.Path.Length == 0)
            {
                leftOut++;
                continue;
            }

            var isFolder = content is null && entry.Link is null;
            Clear(path, isFolder);
            if (isFolder)
            {
                Directory.CreateDirectory(path);
                System.IO.File.SetUnixFileMode(path, entry.Mode | OwnerAll);
                continue;
            }

            files++;
            if (content is not null) bytes += Copy(entry, path, buffer);
            else System.IO.File.CreateSymbolicLink(path, entry.Link!);
        }

        return new CopiedFiles(files, bytes, leftOut);
    }

    /// <summary>Takes away what an earlier copy left of another kind, and every link.</summary>
    private static void Clear(string path, bool wantsFolder)
    {
        var there = new FileInfo(path);
        if (there.LinkTarget is not null || (wantsFolder && there.Exists)) there.Delete();
        else if (!wantsFolder && Directory.Exists(path)) Directory.Delete(path, recursive: true);
    }

    private static long Copy(FoundFile entry, string path, byte[] buffer)
    {
        var there = new FileInfo(path);
        if (there.Exists && there.Length == RandomAccess.GetLength(entry.Content!) && there.LastWriteTimeUtc == entry.WrittenAt) return there.Length;
        there.Delete();
        using (var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = (entry.Mode & Permissions) | UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            for (long at = 0; RandomAccess.Read(entry.Content!, buffer, at) is > 0 and var count; at += count) file.Write(buffer.AsSpan(0, count));
        }

        System.IO.File.SetLastWriteTimeUtc(path, entry.WrittenAt);
        return new FileInfo(path).Length;
    }
}
