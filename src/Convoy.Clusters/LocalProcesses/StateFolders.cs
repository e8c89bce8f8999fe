using System.Security.Cryptography;
using System.Text;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>Makes the state folder and sees to it that nobody else has it open and that tasks can get where they must.</summary>
internal static class StateFolders
{
    private const UnixFileMode OwnerAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    internal const UnixFileMode Throughway = OwnerAll | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public static bool HasOwnUids(LocalClusterOptions options) => options.UidBase is not null && Environment.IsPrivilegedProcess;

    /// <summary>The lock lasts as long as the stream, and no longer than the process.</summary>
    public static FileStream Open(LocalClusterOptions options, StateLayout layout)
    {
        if (!File.Exists(options.TaskProgram)) throw new LocalClusterException($"{options.TaskProgram} is not there; install convoy-task beside the server");
        var hasOwnUids = HasOwnUids(options);
        Make(layout.Root, hasOwnUids ? Throughway : OwnerAll);
        FileStream folderLock;
        try
        {
            // Who could open it for reading could lock it too.
            folderLock = new FileStream(layout.Lock, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = OwnerOnly });
        }
        catch (IOException busy)
        {
            throw new LocalClusterException($"{layout.Root} is in use by another platform ({busy.Message})");
        }

        Make(layout.People, hasOwnUids ? Throughway : OwnerAll);
        Make(layout.Jobs, OwnerAll);
        if (Directory.Exists(layout.Staging)) Directory.Delete(layout.Staging, recursive: true);
        Make(layout.Staging, OwnerAll);
        if (hasOwnUids) CheckReachable(layout.Root);
        return folderLock;
    }

    /// <summary>A name that no other platform on this machine has, for what machines know only once.</summary>
    public static string Identity(StateLayout layout)
    {
        if (DurableFile.Read(layout.Identity) is { } known) return Encoding.UTF8.GetString(known);
        var made = $"convoy-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        DurableFile.Write(layout.Identity, Encoding.UTF8.GetBytes(made));
        return made;
    }

    private static void Make(string path, UnixFileMode mode)
    {
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, mode);
    }

    private static void CheckReachable(string path)
    {
        for (var folder = new DirectoryInfo(path); folder is not null; folder = folder.Parent)
        {
            if (folder.UnixFileMode.HasFlag(UnixFileMode.OtherExecute)) continue;
            throw new LocalClusterException(
                $"tasks run under uids of their own and cannot pass {folder.FullName}; choose a state folder elsewhere, such as /var/lib/convoy, or run chmod o+x {folder.FullName}");
        }
    }
}
