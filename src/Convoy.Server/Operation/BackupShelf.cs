using System.Globalization;
using Convoy.Clusters.LocalProcesses;

namespace Convoy.Server.Operation;

/// <summary>
/// A folder with the backups of one platform. Each is whole by itself, in a folder named by its time; what has not changed from one to the
/// next is the same file in both. One that is being made has another name until nothing of it can be lost any more.
/// </summary>
public sealed class BackupShelf(string path)
{
    private const string NameFormat = "yyyyMMdd'T'HHmmss'Z'";
    private const string UnfinishedPrefix = "unfinished-";
    private const string LockName = "lock";
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    public string Root { get; } = Path.GetFullPath(path);

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<BackupFolder> Backups => [.. Folders().Where(folder => IsName(Path.GetFileName(folder))).Order(StringComparer.Ordinal).Select(folder => new BackupFolder(folder)).Where(folder => File.Exists(folder.Manifest))];

    /// <summary>Null where there is none.</summary>
    public BackupFolder? Newest => Backups is [.., var newest] ? newest : null;

    /// <summary>The backup in a folder, or the newest of those in it. Null where there is none.</summary>
    public static BackupFolder? Find(string path) => new BackupFolder(path) is var folder && File.Exists(folder.Manifest) ? folder : new BackupShelf(path).Newest;

    /// <summary>Nothing lies there but backups and beginnings of some.</summary>
    public bool IsFree() => !Path.Exists(Root) || (Directory.Exists(Root) && Directory.EnumerateFileSystemEntries(Root).All(entry => IsName(Path.GetFileName(entry)) || IsUnfinished(entry) || Path.GetFileName(entry) == LockName));

    /// <summary>Held while a backup is made here. Null where another one is.</summary>
    public FileStream? TryHold()
    {
        Directory.CreateDirectory(Root, BackupFolder.Private);
        File.SetUnixFileMode(Root, BackupFolder.Private);
        try
        {
            return new FileStream(Path.Combine(Root, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(Path.Combine(Root, LockName)))
        {
            return null;
        }
    }

    /// <summary>One to be filled. What was copied to it before a run of the same machine was broken off is there; what a crash of the machine may have left empty is not.</summary>
    public BackupFolder Begin()
    {
        var boot = File.Exists(BootIdFile) ? File.ReadAllText(BootIdFile).Trim() : "";
        var unfinished = Path.Combine(Root, UnfinishedPrefix + boot);
        foreach (var folder in Folders().Where(folder => folder != unfinished && (IsUnfinished(folder) || !File.Exists(new BackupFolder(folder).Manifest)))) Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(unfinished, BackupFolder.Private);
        return new BackupFolder(unfinished);
    }

    /// <summary>The backup under its name, durable. Of earlier ones the last that was complete stays where this one is not, and no other.</summary>
    public BackupFolder Finish(BackupFolder made, BackupManifest manifest)
    {
        LocalArchive.FlushFileSystem(made.Root);
        made.WriteManifest(manifest);
        var named = new BackupFolder(Path.Combine(Root, Name(manifest.MadeAt)));
        Directory.Move(made.Root, named.Root);
        LocalArchive.FlushFileSystem(named.Root);
        var earlier = Backups.Where(backup => backup.Root != named.Root).ToArray();
        var complete = manifest.LeftOut == 0 ? null : earlier.LastOrDefault(backup => backup.ReadManifest()?.LeftOut == 0);
        foreach (var backup in earlier.Where(backup => backup != complete))
        {
            // Without it, what is left of the folder is no backup.
            File.Delete(backup.Manifest);
            Directory.Delete(backup.Root, recursive: true);
        }

        return named;
    }

    private static string Name(DateTimeOffset time) => time.UtcDateTime.ToString(NameFormat, CultureInfo.InvariantCulture);

    private static bool IsName(string name) => DateTime.TryParseExact(name, NameFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static bool IsUnfinished(string entry) => Path.GetFileName(entry).StartsWith(UnfinishedPrefix, StringComparison.Ordinal);

    private IEnumerable<string> Folders() => Directory.Exists(Root) ? Directory.GetDirectories(Root).Where(folder => IsName(Path.GetFileName(folder)) || IsUnfinished(folder)) : [];
}
