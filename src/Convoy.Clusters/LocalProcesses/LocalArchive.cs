using System.Collections.Concurrent;
using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Core.Tasks;
using Convoy.Objects.Outputs;

namespace Convoy.Clusters.LocalProcesses;

/// <param name="LeftOut">Files that could not be read: gone meanwhile, or named so that they cannot be named again.</param>
public sealed record CopiedFiles(long Files, long Bytes, long LeftOut)
{
    public static CopiedFiles operator +(CopiedFiles one, CopiedFiles other) => new(one.Files + other.Files, one.Bytes + other.Bytes, one.LeftOut + other.LeftOut);
}

/// <summary>
/// Copies what a local cluster keeps for people out of its folder, which may be in use, and back into a new one: logs, outputs and checkpoints.
/// Not copied is what only running tasks need: a folder made from a copy knows of no task that runs.
/// </summary>
public sealed class LocalArchive(string clusterFolder)
{
    private const string RestoredName = "restored";

    /// <summary>The end of each task; the rest of its folder tells how to run it.</summary>
    private static readonly string[] Told = [TaskFolder.Started, TaskFolder.Exit];

    private readonly StateLayout layout = new(Path.GetFullPath(clusterFolder));

    /// <summary>Whether the cluster's folder was made from a copy: tasks of the one it was copied from may still run on this machine.</summary>
    public static bool IsRestored(string clusterFolder) => File.Exists(Path.Combine(clusterFolder, RestoredName));

    /// <summary>What an earlier copy to the same place has already is not copied again; what is gone here goes there.</summary>
    public CopiedFiles CopyOut(string target, Action<CopiedFiles> progress)
    {
        var total = new CopiedFiles(0, 0, 0);
        if (File.Exists(layout.Identity)) total += TreeCopy.File(layout.Identity, Path.Combine(Made(target), Path.GetFileName(layout.Identity)));
        var kept = new StateLayout(target);
        foreach (var job in JobsIn(layout.Jobs))
        {
            total += CopyTold(layout.Job(job), Made(kept.Job(job)));
            progress(total);
        }

        RemoveGone(kept.Jobs, layout.Jobs);
        foreach (var (number, person) in PeopleIn(layout.People))
        {
            var folders = new PersonFolders(UidOf(number));
            foreach (var job in JobsIn(Path.Combine(person, "jobs")))
            {
                foreach (var name in PersonLayout.Kept)
                {
                    var from = Path.Combine(layout.Person(number).Job(job), name);
                    if (Directory.Exists(from)) total += CopyTheirs(folders, from, Made(Path.Combine(kept.Person(number).Job(job), name)));
                }

                progress(total);
            }

            RemoveGone(Path.Combine(kept.Person(number).Root, "jobs"), Path.Combine(person, "jobs"));
        }

        // After the folders from which outputs are taken in: what goes from there to here meanwhile is found twice, and not never.
        foreach (var job in JobsIn(layout.Outputs))
        {
            foreach (var name in (string[])[OutputStore.ManifestsName, OutputStore.ContentName])
            {
                var from = Path.Combine(layout.Outputs, job.Value, name);
                if (Directory.Exists(from)) total += TreeCopy.Folder(from, Path.Combine(kept.Outputs, job.Value, name));
            }

            progress(total);
        }

        RemoveGone(kept.Outputs, layout.Outputs);
        return total;
    }

    /// <summary>Into a folder that is not there yet.</summary>
    public CopiedFiles CopyIn(string source, Action<CopiedFiles> progress)
    {
        var kept = new StateLayout(source);
        Directory.CreateDirectory(layout.Root);
        Directory.CreateDirectory(layout.Jobs);
        Directory.CreateDirectory(layout.People);
        DurableFile.Write(Path.Combine(layout.Root, RestoredName), []);
        var total = File.Exists(kept.Identity) ? TreeCopy.File(kept.Identity, layout.Identity) : new CopiedFiles(0, 0, 0);
        foreach (var job in JobsIn(kept.Jobs))
        {
            total += TreeCopy.Folder(kept.Job(job), layout.Job(job));
            progress(total);
        }

        foreach (var job in JobsIn(kept.Outputs)) total += TreeCopy.Folder(Path.Combine(kept.Outputs, job.Value), Path.Combine(layout.Outputs, job.Value));
        foreach (var (number, person) in PeopleIn(kept.People))
        {
            var folders = new PersonFolders(UidOf(number));
            foreach (var job in JobsIn(Path.Combine(person, "jobs")))
            {
                folders.MakePassage(layout.Person(number).Job(job));
                foreach (var name in PersonLayout.Kept.Where(name => Directory.Exists(Path.Combine(kept.Person(number).Job(job), name)))) total += CopyBack(folders, kept.Person(number).Job(job), layout.Person(number).Job(job), name);
                progress(total);
            }
        }

        return total;
    }

    private static CopiedFiles CopyBack(PersonFolders folders, string from, string to, string name)
    {
        var copied = TreeCopy.Folder(Path.Combine(from, name), Path.Combine(to, name));
        if (name == PersonLayout.CheckpointsName)
        {
            folders.GiveTree(Path.Combine(to, name));
            return copied;
        }

        // Of outputs the person's own are the folders of each attempt's ranks; the way there is the platform's.
        folders.TakePassage(Path.Combine(to, name));
        foreach (var attempt in Directory.EnumerateDirectories(Path.Combine(to, name)))
        {
            folders.TakePassage(attempt);
            foreach (var rank in Directory.EnumerateDirectories(attempt)) folders.GiveTree(rank);
        }

        return copied;
    }

    private static CopiedFiles CopyTold(string from, string to)
    {
        var total = new CopiedFiles(0, 0, 0);
        foreach (var attempt in Folders(from))
        {
            var there = Made(Path.Combine(to, Path.GetFileName(attempt)));
            var failed = Path.Combine(attempt, "failed.json");
            if (File.Exists(failed)) total += TreeCopy.File(failed, Path.Combine(there, "failed.json"));
            foreach (var rank in Folders(attempt))
            {
                var task = Made(Path.Combine(there, Path.GetFileName(rank)));
                foreach (var name in Told.Where(name => File.Exists(Path.Combine(rank, name)))) total += TreeCopy.File(Path.Combine(rank, name), Path.Combine(task, name));
                if (Directory.Exists(Path.Combine(rank, TaskFolder.Log))) total += TreeCopy.Folder(Path.Combine(rank, TaskFolder.Log), Path.Combine(task, TaskFolder.Log));
            }
        }

        return total;
    }

    /// <summary>Looked for and opened with the person's rights, lest a link lead elsewhere; written with ours.</summary>
    private static CopiedFiles CopyTheirs(PersonFolders folders, string from, string to)
    {
        using var found = new BlockingCollection<FoundFile>(boundedCapacity: 32);
        var looking = Task.Run(() =>
        {
            var isWhole = folders.AsPerson(() => TreeCopy.Find(from, found));
            found.CompleteAdding();
            return isWhole;
        });
        var copied = TreeCopy.Mirror(found.GetConsumingEnumerable(), to);
        return looking.Result ? copied : copied + new CopiedFiles(0, 0, 1);
    }

    private static int? UidOf(int number) => Environment.IsPrivilegedProcess ? LocalClusterOptions.DefaultUidBase + number : null;

    private static IEnumerable<JobId> JobsIn(string folder)
    {
        foreach (var job in Folders(folder))
        {
            if (JobId.TryParse(Path.GetFileName(job), out var id)) yield return id;
        }
    }

    private static IEnumerable<(int Number, string Folder)> PeopleIn(string folder)
    {
        foreach (var person in Folders(folder))
        {
            if (int.TryParse(Path.GetFileName(person), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) yield return (number, person);
        }
    }

    private static string[] Folders(string folder) => Directory.Exists(folder) ? Directory.GetDirectories(folder) : [];

    private static void RemoveGone(string kept, string now)
    {
        foreach (var folder in Folders(kept).Where(folder => !Directory.Exists(Path.Combine(now, Path.GetFileName(folder))))) Directory.Delete(folder, recursive: true);
    }

    private static string Made(string folder)
    {
        Directory.CreateDirectory(folder);
        return folder;
    }
}
