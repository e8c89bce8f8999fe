using System.Security.Cryptography;
using Convoy.Client;

namespace Convoy.Server;

/// <summary>
/// The one folder that holds all of a platform's state. Locked while a server runs. People's tasks walk through it to their
/// own folders (0711), and can read nothing else of it.
/// </summary>
public sealed class StateFolder : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Passage = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly FileStream held;

    private StateFolder(string path, FileStream held)
    {
        Root = path;
        this.held = held;
    }

    public string Root { get; }

    public string Database => Path.Combine(Root, "server", "convoy.db");

    public string Objects => Path.Combine(Root, "server", "objects");

    /// <summary>What plans that went wrong were made of.</summary>
    public string Snapshots => Path.Combine(Root, "server", "snapshots");

    public string AdministratorToken => Path.Combine(Root, "server", "admin.token");

    public string Cluster => Path.Combine(Root, "cluster");

    /// <summary>Takes the folder, or says why not.</summary>
    public static StateFolder Open(string path)
    {
        CreateFolder(path, Passage);
        CreateFolder(Path.Combine(path, "server"), Private);
        var lockFile = Path.Combine(path, "server", "lock");
        try
        {
            return new StateFolder(path, new FileStream(lockFile, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = PrivateFile }));
        }
        catch (IOException e) when (File.Exists(lockFile))
        {
            throw new StateFolderException($"{path} is in use by another convoy-server; stop that one, or give another --state", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateFolderException($"the state folder {path} cannot be used: {FileException.Why(e, path)}; give another --state", e);
        }
    }

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

    public void Dispose() => held.Dispose();

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

public sealed class StateFolderException(string message, Exception inner) : Exception(message, inner);
