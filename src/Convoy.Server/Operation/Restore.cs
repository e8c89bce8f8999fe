using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Objects.Disk;
using Convoy.Store;
using Convoy.Store.Sqlite;

namespace Convoy.Server.Operation;

/// <summary>
/// Makes a new state folder of a backup. Nothing may run twice: whatever had machines when the backup was made counts as lost, scheduling is
/// paused until an administrator says that the platform it was made of is gone, and no job starts on a machine where a task of it from before
/// still runs.
/// </summary>
public static class Restore
{
    private const int JobsAtOnce = 1000;

    /// <returns>How many jobs had machines when the backup was made, and what of it was not as it should be.</returns>
    /// <exception cref="BackupException">It is no backup, is damaged, or the state folder is there already.</exception>
    public static async Task<(int Interrupted, IReadOnlyList<Text> Warnings)> RunAsync(string from, string statePath, Action<Text> say, TimeProvider time, CancellationToken cancellationToken)
    {
        if (BackupShelf.Find(from) is not { } folder || folder.ReadManifest() is not { } manifest) throw new BackupException($"{Path.GetFullPath(from)} holds no whole backup (there is no manifest.json); make one with convoy-server backup");
        if (manifest.SchemaVersion > BackupManifest.CurrentSchemaVersion) throw new BackupException($"{folder.Root} was made by Convoy {manifest.Version}, which is newer than this one; restore it with that version");
        var root = Path.GetFullPath(statePath);
        if (File.Exists(root) || (Directory.Exists(root) && Directory.EnumerateFileSystemEntries(root).Any())) throw new BackupException($"{root} is not empty; nothing is restored over another state; give a new folder with --state");
        if (await BackupFolder.HashAsync(folder.Database, cancellationToken) != manifest.Database) throw new BackupException($"the database in {folder.Root} is not the one that was backed up: it is damaged, or a backup to that folder was cut off; use another backup");

        var unfinished = $"{root}.restoring-{Path.GetRandomFileName()}";
        try
        {
            var told = await MakeAsync(folder, manifest, unfinished, say, time, cancellationToken);
            if (Directory.Exists(root)) Directory.Delete(root);
            Directory.Move(unfinished, root);
            return told;
        }
        catch
        {
            if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
            throw;
        }
    }

    private static async Task<(int Interrupted, IReadOnlyList<Text> Warnings)> MakeAsync(BackupFolder folder, BackupManifest manifest, string root, Action<Text> say, TimeProvider time, CancellationToken cancellationToken)
    {
        using var state = StateFolder.Open(root);
        say("restoring the database");
        File.Copy(folder.Database, state.Database);
        File.SetUnixFileMode(state.Database, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        foreach (var name in BackupFolder.Secrets.Where(name => File.Exists(Path.Combine(folder.Server, name))))
        {
            StateFolder.WriteSecret(Path.Combine(Path.GetDirectoryName(state.Database)!, name), (await File.ReadAllTextAsync(Path.Combine(folder.Server, name), cancellationToken)).TrimEnd('\n'));
        }

        var warnings = new List<Text>();
        if (manifest.LeftOut > 0) warnings.Add($"when it was made, {Sentences.Count(manifest.LeftOut, "file")} could not be read; an earlier backup may lie beside {folder.Root}");
        await using var store = await SqliteStore.OpenAsync(state.Database, time, cancellationToken);
        if (await store.CheckAsync(cancellationToken) is [var broken, ..]) throw new BackupException($"the database in {folder.Root} is damaged ({broken}); use another backup");
        say("restoring and checking objects");
        await CopyObjectsAsync(folder, state, store, warnings, cancellationToken);
        say("restoring logs, outputs and checkpoints");
        var copied = new LocalArchive(state.Cluster).CopyIn(folder.Cluster, _ => cancellationToken.ThrowIfCancellationRequested());
        warnings.AddRange(copied.FirstLeftOut.Select(path => Text.Of($"{path} could not be read")));
        say($"restored {Sentences.Count(copied.Files, "file")}");

        // What had machines has none any more, as far as this platform can know.
        var interrupted = await InterruptAsync(store, time, cancellationToken);
        await store.SavePauseAsync(
            new Pause(PausedPart.Scheduling, "restore", time.GetUtcNow(), $"restored from the backup of {manifest.MadeAt:yyyy-MM-dd HH:mm:ss} UTC; resume when the platform it was made of is gone"), cancellationToken);
        return (interrupted, warnings);
    }

    private static async Task CopyObjectsAsync(BackupFolder folder, StateFolder state, SqliteStore store, List<Text> warnings, CancellationToken cancellationToken)
    {
        var objects = new DiskObjectStore(state.Objects);
        foreach (var sha256 in new DiskObjectStore(folder.Objects).List())
        {
            var (source, target) = (BackupFolder.ObjectIn(folder.Objects, sha256), BackupFolder.ObjectIn(state.Objects, sha256));
            if (await BackupFolder.HashAsync(source, cancellationToken) != sha256)
            {
                warnings.Add($"object {sha256} is damaged in the backup and was left out");
                continue;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(target)!, BackupFolder.Private);
            File.Copy(source, target);
        }

        for (CodeGrant? last = null; ;)
        {
            var page = await store.ListCodeGrantsAsync(last, JobsAtOnce, cancellationToken);
            foreach (var grant in page)
            {
                if (!await objects.HasAsync(grant.Sha256, cancellationToken)) warnings.Add($"code archive {grant.Sha256} of {grant.Owner} is missing; jobs that need it will fail until it is uploaded again");
            }

            if (page.Count < JobsAtOnce) return;
            last = page[^1];
        }
    }

    private static async Task<int> InterruptAsync(SqliteStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        var (interrupted, now) = (0, time.GetUtcNow());
        for (long after = 0; ;)
        {
            var page = await store.ListUnfinishedAsync(after, JobsAtOnce, cancellationToken);
            foreach (var job in page.Where(job => job.Current is not null))
            {
                interrupted++;
                var lost = job.Current!.Tasks.Where(task => !task.HasEnded).Select(task => new TaskObservation(job.Id, job.Current.Number, task.Placement.Rank, TaskState.Lost, now)).ToArray();
                var events = ((Decision.Accepted)JobLifecycle.Decide(job, new JobCommand.Observe(lost), now)).Events;
                var outcomes = await store.CommitAsync([new JobChange(job.Revision, events, events.Aggregate(job, JobLifecycle.Evolve))], cancellationToken);
                if (outcomes[0] != CommitOutcome.Committed) throw new BackupException($"job {job.Id} could not be settled; the restored database is in use by another program");
            }

            if (page.Count == 0) return interrupted;
            after = page[^1].SubmitSequence;
        }
    }
}
