using System.Security.Cryptography;
using Convoy.Client;
using Convoy.Core.Languages;

namespace Convoy.Server;

/// <summary>
/// The one folder that holds all of a platform's state. Locked while a server runs. People's tasks walk through it to their
/// own folders (0711), and can read nothing else of it.
/// </summary>
public sealed class StateFolder : IDisposable
{
    /// <summary>EWOULDBLOCK: what .NET says where flock finds a lock.</summary>
    private const int WouldBlock = 11;

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Passage = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly FileStream? held;

    private StateFolder(string path, FileStream? held)
    {
        Root = path;
        this.held = held;
    }

    public string Root { get; }

    public string Database => Path.Combine(Root, "server", "convoy.db");

    public string Objects => Path.Combine(Root, "server", "objects");

    /// <summary>Where the packs and manifests of data sets lie, unless an object store was named.</summary>
    public string Datasets => Path.Combine(Root, "server", "datasets");

    /// <summary>Packs and manifests of which not every byte was looked at yet.</summary>
    public string Received => Path.Combine(Root, "server", "received");

    /// <summary>What plans that went wrong were made of.</summary>
    public string Snapshots => Path.Combine(Root, "server", "snapshots");

    public string AdministratorToken => Path.Combine(Root, "server", "admin.token");

    public string Cluster => Path.Combine(Root, "cluster");

    /// <summary>Takes the folder, or says why not.</summary>
    public static StateFolder Open(string path)
    {
        CreateFolder(path, Passage);
        CreateFolder(Path.Combine(path, "server"), Private);
        var lockFile = LockOf(path);
        try
        {
            var held = TryHold(lockFile);
            if (held is null) throw new StateFolderException($"{path} is in use by another convoy-server{HolderOf(path)}; stop that one, or give another --state");
            var taken = new StateFolder(path, held);
            try
            {
                if (!IsHeld(lockFile)) throw new StateFolderException($"the state folder {path} lies on a file system without file locks, so two servers could spoil it; give another --state");
                NoteHolder(path);
                return taken;
            }
            catch
            {
                taken.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateFolderException($"the state folder {path} cannot be used: {FileException.Why(e, path)}; give another --state", e);
        }
    }

    /// <summary>A folder that may be in a server's use: what is done to it must stand that. Throws where there is none.</summary>
    public static StateFolder Beside(string path) => File.Exists(Path.Combine(path, "server", "convoy.db"))
        ? new StateFolder(path, null)
        : throw new StateFolderException($"{path} holds no platform; give the folder of one with --state");

    /// <summary>What a backup reads is not removed while it is held. Null where somebody else holds it.</summary>
    public IDisposable? TryHoldUpkeep() => TryHold(Path.Combine(Root, "server", "upkeep.lock"));

    /// <summary>The key that signs tasks' report tokens; made once.</summary>
    public byte[] ReadOrCreateKey()
    {
        var file = Path.Combine(Root, "server", "report.key");
        if (!File.Exists(file)) WriteSecret(file, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        return Convert.FromHexString(File.ReadAllText(file).Trim());
    }

    /// <summary>Whole or not at all, readable by the platform alone.</summary>
    public static void WriteSecret(string file, string text)
    {
        var unfinished = file + ".new";
        using (var stream = new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = PrivateFile }))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(text + "\n"));
            stream.Flush(flushToDisk: true);
        }

        File.Move(unfinished, file, overwrite: true);
    }

    public void Dispose() => held?.Dispose();

    private static string LockOf(string path) => Path.Combine(path, "server", "lock");

    /// <summary>Beside the lock, because who cannot lock that file cannot read it either.</summary>
    private static string HolderFile(string path) => Path.Combine(path, "server", "holder");

    /// <summary>For who finds the folder in use. A full disk must keep no server from starting.</summary>
    private static void NoteHolder(string path)
    {
        try
        {
            WriteSecret(HolderFile(path), $"{Environment.ProcessId} {Environment.MachineName}");
        }
        catch (IOException)
        {
            // Then nobody is told whom they met.
        }
    }

    /// <summary>In words; nothing where nobody knows.</summary>
    private static Text HolderOf(string path)
    {
        try
        {
            return File.ReadAllText(HolderFile(path)).Trim().Split(' ') is [var pid, var host] ? host == Environment.MachineName ? (Text)$" (process {pid})" : $" (process {pid} on {host})" : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>The lock is the file's, whatever name led to it, and ends with the process. Null where another holds it.</summary>
    private static FileStream? TryHold(string file)
    {
        try
        {
            return new FileStream(file, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = PrivateFile });
        }
        catch (IOException busy) when (busy.GetType() == typeof(IOException) && busy.HResult == WouldBlock)
        {
            return null;
        }
    }

    private static bool IsHeld(string file)
    {
        using var mine = TryHold(file);
        return mine is null;
    }

    private static void CreateFolder(string path, UnixFileMode mode)
    {
        try
        {
            Directory.CreateDirectory(path);
            if (File.GetUnixFileMode(path) != mode) File.SetUnixFileMode(path, mode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateFolderException($"the state folder {path} cannot be used: {FileException.Why(e, path)}; give another --state", e);
        }
    }
}

public sealed class StateFolderException(Text explanation, Exception? inner = null) : Exception(explanation.ToString(), inner), IExplained
{
    public Text Explanation { get; } = explanation;
}
