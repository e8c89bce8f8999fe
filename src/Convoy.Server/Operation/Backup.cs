using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Languages;
using Convoy.Core.Resources;
using Convoy.Objects.Disk;
using Convoy.Server.Api;
using Convoy.Store.Sqlite;

namespace Convoy.Server.Operation;

/// <summary>
/// Copies a platform's state while it runs: first the database as it is at one instant, then what it refers to, which retention leaves alone
/// meanwhile. Of an earlier backup in the same place nothing is touched until the new one is whole.
/// </summary>
public static class Backup
{
    private static readonly TimeSpan WaitForUpkeep = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenSayings = TimeSpan.FromSeconds(2);

    /// <param name="say">Told what is being done.</param>
    /// <returns>Where it lies, and what of jobs is in it.</returns>
    /// <exception cref="BackupException">The target will not do, or retention does not end.</exception>
    public static async Task<(string Folder, CopiedFiles Copied)> RunAsync(string statePath, string to, Action<Text> say, TimeProvider time, CancellationToken cancellationToken)
    {
        using var state = StateFolder.Beside(statePath);
        var shelf = new BackupShelf(to);
        if ((shelf.Root + "/").StartsWith(Path.GetFullPath(state.Root) + "/", StringComparison.Ordinal)) throw new BackupException($"{shelf.Root} lies in the state folder itself; give a folder elsewhere, best on another disk");
        if (!shelf.IsFree()) throw new BackupException($"{shelf.Root} holds something that is no backup; give a new or an empty folder, or that of an earlier backup");
        using var only = shelf.TryHold() ?? throw new BackupException($"another backup is being made in {shelf.Root}; try again later, or give another folder");
        if (shelf.Newest?.ReadManifest() is { } last && (last.From != state.Root || last.Host != Environment.MachineName))
        {
            throw new BackupException($"{shelf.Root} holds a backup of {last.From} on {last.Host}, which this one would replace; give a folder of its own to each platform");
        }

        try
        {
            return await MakeAsync(state, shelf, say, time, cancellationToken);
        }
        catch (Exception e) when (FullDisk.IsCauseOf(e))
        {
            throw new BackupException($"no space is left in {shelf.Root}; free some, or give another folder; earlier backups there are as they were, and the next run goes on with this one", e);
        }
    }

    private static async Task<(string Folder, CopiedFiles Copied)> MakeAsync(StateFolder state, BackupShelf shelf, Action<Text> say, TimeProvider time, CancellationToken cancellationToken)
    {
        using var quiet = await HoldUpkeepAsync(state, time, cancellationToken);
        var madeAt = time.GetUtcNow();
        var earlier = shelf.Newest;
        var folder = shelf.Begin();
        Directory.CreateDirectory(folder.Objects, BackupFolder.Private);
        say("copying the database");
        await CopyDatabaseAsync(state, folder, cancellationToken);
        foreach (var name in BackupFolder.Secrets)
        {
            var secret = Path.Combine(Path.GetDirectoryName(state.Database)!, name);
            if (File.Exists(secret)) StateFolder.WriteSecret(Path.Combine(folder.Server, name), (await File.ReadAllTextAsync(secret, cancellationToken)).TrimEnd('\n'));
        }

        var said = time.GetTimestamp();
        var objects = CopyObjects(state, folder, earlier, count =>
        {
            if (IsTimeToSay()) say($"copied {Sentences.Count(count, "object")}");
            cancellationToken.ThrowIfCancellationRequested();
        });
        say($"copied {Sentences.Count(objects, "object")}; copying logs, outputs and checkpoints");
        var copied = new LocalArchive(state.Cluster).CopyOut(folder.Cluster, earlier?.Cluster, sofar =>
        {
            if (IsTimeToSay()) say($"copied {Sentences.Count(sofar.Files, "file")}, {new ByteSize(sofar.Bytes).ToRoundedText()}");
            cancellationToken.ThrowIfCancellationRequested();
        });
        var hash = await BackupFolder.HashAsync(folder.Database, cancellationToken);
        var made = shelf.Finish(folder, new BackupManifest(madeAt, VersionEndpoints.Version, state.Root, Environment.MachineName, hash, objects, copied.LeftOut));
        return (made.Root, copied);

        bool IsTimeToSay()
        {
            if (time.GetElapsedTime(said) < BetweenSayings) return false;
            said = time.GetTimestamp();
            return true;
        }
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

    private static int CopyObjects(StateFolder state, BackupFolder folder, BackupFolder? earlier, Action<int> progress)
    {
        var there = new DiskObjectStore(state.Objects).List().ToHashSet();
        var done = 0;
        foreach (var sha256 in there)
        {
            progress(done++);
            var target = BackupFolder.ObjectIn(folder.Objects, sha256);
            if (File.Exists(target)) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(target)!, BackupFolder.Private);
            if (earlier is not null && LocalArchive.TryLink(BackupFolder.ObjectIn(earlier.Objects, sha256), target)) continue;
            File.Copy(BackupFolder.ObjectIn(state.Objects, sha256), target + ".new", overwrite: true);
            File.Move(target + ".new", target);
        }

        foreach (var gone in new DiskObjectStore(folder.Objects).List().Where(sha256 => !there.Contains(sha256)).ToArray()) File.Delete(BackupFolder.ObjectIn(folder.Objects, gone));
        return there.Count;
    }
}
