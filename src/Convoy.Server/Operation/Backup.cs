using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Languages;
using Convoy.Objects.Disk;
using Convoy.Server.Api;
using Convoy.Store.Sqlite;

namespace Convoy.Server.Operation;

/// <summary>
/// Copies a platform's state while it runs: first the database as it is at one instant, then what it refers to, which retention leaves alone
/// meanwhile. A second backup to the same folder copies what is new.
/// </summary>
public static class Backup
{
    private static readonly TimeSpan WaitForUpkeep = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    /// <param name="say">Told what is being done.</param>
    /// <exception cref="BackupException">The target will not do, or retention does not end.</exception>
    public static async Task<CopiedFiles> RunAsync(string statePath, string to, Action<Text> say, TimeProvider time, CancellationToken cancellationToken)
    {
        using var state = StateFolder.Beside(statePath);
        var folder = new BackupFolder(to);
        Prepare(folder, state);
        using var quiet = await HoldUpkeepAsync(state, time, cancellationToken);
        File.Delete(folder.Manifest);
        say("copying the database");
        await CopyDatabaseAsync(state, folder, cancellationToken);
        foreach (var name in BackupFolder.Secrets)
        {
            var secret = Path.Combine(Path.GetDirectoryName(state.Database)!, name);
            if (File.Exists(secret)) StateFolder.WriteSecret(Path.Combine(folder.Server, name), (await File.ReadAllTextAsync(secret, cancellationToken)).TrimEnd('\n'));
        }

        var objects = CopyObjects(state, folder, cancellationToken);
        say($"copied {Sentences.Count(objects, "object")}; copying logs, outputs and checkpoints");
        var said = time.GetTimestamp();
        var copied = new LocalArchive(state.Cluster).CopyOut(folder.Cluster, sofar =>
        {
            if (time.GetElapsedTime(said).TotalSeconds < 2) return;
            said = time.GetTimestamp();
            say($"copied {Sentences.Count(sofar.Files, "file")}");
        });
        folder.WriteManifest(new BackupManifest(time.GetUtcNow(), VersionEndpoints.Version, state.Root, Environment.MachineName, await BackupFolder.HashAsync(folder.Database, cancellationToken), objects));
        return copied;
    }

    private static void Prepare(BackupFolder folder, StateFolder state)
    {
        if ((folder.Root + "/").StartsWith(Path.GetFullPath(state.Root) + "/", StringComparison.Ordinal)) throw new BackupException($"{folder.Root} lies in the state folder itself; give a folder elsewhere, best on another disk");
        if (Directory.Exists(folder.Root) && Directory.EnumerateFileSystemEntries(folder.Root).Any() && !Directory.Exists(folder.Server))
        {
            throw new BackupException($"{folder.Root} holds something that is no backup; give a new or an empty folder, or that of an earlier backup");
        }

        Directory.CreateDirectory(folder.Root, BackupFolder.Private);
        File.SetUnixFileMode(folder.Root, BackupFolder.Private);
        Directory.CreateDirectory(folder.Objects, BackupFolder.Private);
    }

    private static async Task<IDisposable> HoldUpkeepAsync(StateFolder state, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var since = time.GetTimestamp(); time.GetElapsedTime(since) < WaitForUpkeep;)
        {
            var held = state.TryHoldUpkeep();
            if (held is not null) return held;
            await Task.Delay(LookAgain, time, cancellationToken);
        }

        throw new BackupException("another backup of this platform is being made, or retention does not come to an end; try again later");
    }

    private static async Task CopyDatabaseAsync(StateFolder state, BackupFolder folder, CancellationToken cancellationToken)
    {
        var unfinished = folder.Database + ".new";
        File.Delete(unfinished);
        await using (var store = await SqliteStore.OpenAsItIsAsync(state.Database, cancellationToken)) await store.BackUpAsync(unfinished, cancellationToken);
        File.SetUnixFileMode(unfinished, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using (var written = File.OpenHandle(unfinished, access: FileAccess.ReadWrite)) RandomAccess.FlushToDisk(written);
        File.Move(unfinished, folder.Database, overwrite: true);
    }

    private static int CopyObjects(StateFolder state, BackupFolder folder, CancellationToken cancellationToken)
    {
        var there = new DiskObjectStore(state.Objects).List().ToHashSet();
        foreach (var sha256 in there)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var target = BackupFolder.ObjectIn(folder.Objects, sha256);
            if (File.Exists(target)) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(target)!, BackupFolder.Private);
            File.Copy(BackupFolder.ObjectIn(state.Objects, sha256), target + ".new", overwrite: true);
            File.Move(target + ".new", target);
        }

        foreach (var gone in new DiskObjectStore(folder.Objects).List().Where(sha256 => !there.Contains(sha256)).ToArray()) File.Delete(BackupFolder.ObjectIn(folder.Objects, gone));
        return there.Count;
    }
}
