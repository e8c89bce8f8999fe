using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>Makes folders that one person's tasks may use and nobody else's.</summary>
/// <param name="Uid">Uid and gid of the person's tasks; null where they run as the platform does.</param>
internal sealed record PersonFolders(int? Uid)
{
    private const UnixFileMode OwnerAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Passage = OwnerAll | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    /// <summary>A folder of the platform's, from which on only the person gets further.</summary>
    public void MakePassage(string path)
    {
        if (Directory.Exists(path)) return;
        MakePassageParent(path);
        Make(path, made =>
        {
            // The umask may have taken bits away.
            TakePassage(made);
        });
    }

    /// <summary>Makes a folder that is there one of the platform's, as <see cref="MakePassage"/> would have.</summary>
    public void TakePassage(string path)
    {
        if (Uid is not { } uid) return;
        File.SetUnixFileMode(path, Passage);
        Own(path, 0, (uint)uid);
    }

    /// <summary>A folder of the person's own.</summary>
    public void MakeOwn(string path)
    {
        if (Directory.Exists(path)) return;
        MakePassageParent(path);
        Make(path, made =>
        {
            if (Uid is { } uid) Own(made, (uint)uid, (uint)uid);
        });
    }

    /// <summary>Gives a tree that nobody else can reach to the person. Links themselves, never what they name.</summary>
    public void GiveTree(string root)
    {
        if (Uid is not { } uid) return;
        var options = new EnumerationOptions { RecurseSubdirectories = false, AttributesToSkip = 0, IgnoreInaccessible = false };
        var folders = new Stack<string>([root]);
        while (folders.TryPop(out var folder))
        {
            foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", options))
            {
                if (entry is DirectoryInfo && entry.LinkTarget is null) folders.Push(entry.FullName);
                else Own(entry.FullName, (uint)uid, (uint)uid);
            }

            Own(folder, (uint)uid, (uint)uid);
        }
    }

    /// <summary>Makes a folder anywhere, with the person's rights. False where the person may not.</summary>
    public bool TryMakeAnywhere(string path) => AsPerson(() => Directory.CreateDirectory(path));

    /// <summary>Removes what the person's tasks could write to: with the person's rights, lest a link lead elsewhere.</summary>
    /// <exception cref="IOException">Something is left: the person made what cannot be removed, or makes it still.</exception>
    public void Remove(string path)
    {
        if (!Directory.Exists(path)) return;
        AsPerson(() =>
        {
            using var folder = OpenFolder.Open(path);
            folder.Empty();
        });
        // Its own name stands in a folder of the platform's, so it is still the same folder.
        Directory.Delete(path);
    }

    /// <summary>False where it failed.</summary>
    public bool AsPerson(Action action)
    {
        var done = false;
        var thread = new Thread(() =>
        {
            try
            {
                if (Uid is { } uid) BecomeForFiles((uint)uid);
                action();
                done = true;
            }
#pragma warning disable CA1031 // The end of a thread: what is not caught here ends the platform, and a person chose the path.
            catch (Exception)
#pragma warning restore CA1031
            {
                done = false;
            }
        });

        // A thread of its own, never used again: Linux keeps these ids per thread.
        thread.Start();
        thread.Join();
        return done;
    }

    private static void BecomeForFiles(uint uid)
    {
        if (Native.Call(Native.SetGroupsCall, 0, 0, 0, 0) != 0) throw new IOException("cannot drop groups");
        _ = Native.SetFileGid(uid);
        _ = Native.SetFileUid(uid);
    }

    /// <summary>
    /// It has its name only once it is the person's: a crash in between would leave a folder that they can never use, and another of
    /// their jobs that is being prepared must not find it half made.
    /// </summary>
    private static void Make(string path, Action<string> finish)
    {
        var unfinished = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}");
        Directory.CreateDirectory(unfinished, OwnerAll);
        finish(unfinished);
        try
        {
            Directory.Move(unfinished, path);
        }
        catch (IOException) when (Directory.Exists(path))
        {
            Directory.Delete(unfinished);
        }
    }

    private void MakePassageParent(string path)
    {
        var parent = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(parent)) MakePassage(parent);
    }

    private static void Own(string path, uint uid, uint gid)
    {
        if (Native.ChangeOwner(path, uid, gid) != 0) throw new IOException($"{path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
    }
}
