using Convoy.Core.Jobs;
using Convoy.Core.Tasks;
using Convoy.Objects.Outputs;

namespace Convoy.Clusters.LocalProcesses;

/// <param name="LeftOut">What could not be read. What went away meanwhile is not missing.</param>
public sealed record CopiedFiles(long Files, long Bytes, long LeftOut)
{
    private const int MostTold = 10;

    public static CopiedFiles None { get; } = new(0, 0, 0);

    /// <summary>Files and folders whose names are no text, or that lie too deep to be named.</summary>
    public long Unnameable { get; init; }

    /// <summary>Paths of some that were left out.</summary>
    public IReadOnlyList<string> FirstLeftOut { get; init; } = [];

    public static CopiedFiles operator +(CopiedFiles one, CopiedFiles other) => new(one.Files + other.Files, one.Bytes + other.Bytes, one.LeftOut + other.LeftOut)
    {
        Unnameable = one.Unnameable + other.Unnameable,
        FirstLeftOut = other.FirstLeftOut.Count == 0 ? one.FirstLeftOut : [.. one.FirstLeftOut.Concat(other.FirstLeftOut).Take(MostTold)],
    };
}

/// <summary>
/// Copies what a local cluster keeps for people out of its folder, which may be in use, and back into a new one: logs, outputs and checkpoints.
/// Not copied is what only running tasks need: a folder made from a copy knows of no task that runs. The copy belongs to who makes it; where
/// people have uids of their own, theirs becomes theirs when the cluster is opened.
/// </summary>
public sealed class LocalArchive(string clusterFolder)
{
    private const string RestoredName = "restored";

    /// <summary>The end of each task; the rest of its folder tells how to run it.</summary>
    private static readonly string[] Told = [TaskFolder.Started, TaskFolder.Exit];

    private readonly StateLayout layout = new(new DirectoryInfo(clusterFolder) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName : Path.GetFullPath(clusterFolder));

    /// <summary>Whether the cluster's folder was made from a copy: tasks of the one it was copied from may still run on this machine.</summary>
    public static bool IsRestored(string clusterFolder) => File.Exists(Path.Combine(clusterFolder, RestoredName));

    /// <summary>Makes all that was written to the file system of a folder durable.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void FlushFileSystem(string folder) => NativeFiles.FlushFileSystem(folder);

    /// <summary>Gives a file another name, where the file system can and it is there.</summary>
    public static bool TryLink(string file, string name) => NativeFiles.TryLink(file, name);

    /// <param name="target">What lies there of a copy that was broken off is gone on with.</param>
    /// <param name="earlier">An earlier copy on the same file system: what has not changed since takes no space again.</param>
    /// <exception cref="IOException">The copy cannot be written.</exception>
    public CopiedFiles CopyOut(string target, string? earlier, Action<CopiedFiles> progress)
    {
        var total = CopiedFiles.None;
        Add(from => from.Root, folder => folder.Only([Path.GetFileName(layout.Identity)]));
        foreach (var job in JobsIn(layout.Jobs))
        {
            foreach (var attempt in NumbersIn(layout.Job(job)))
            {
                Add(from => from.Attempt(job, attempt), folder => folder.Only([Path.GetFileName(layout.Failed(job, attempt))]));
                foreach (var rank in NumbersIn(layout.Attempt(job, attempt)))
                {
                    Add(from => from.Task(job, attempt, rank), folder => folder.Only(Told));
                    Add(from => Path.Combine(from.Task(job, attempt, rank), TaskFolder.Log), folder => folder.All());
                }
            }
        }

        foreach (var person in NumbersIn(layout.People))
        {
            try
            {
                foreach (var job in JobsIn(layout.Person(person).Jobs))
                {
                    foreach (var name in PersonLayout.Kept) Add(from => Path.Combine(from.Person(person).Job(job), name), folder => folder.All());
                }
            }
            catch (UnauthorizedAccessException)
            {
                // Tasks that run as the platform does can close its folders to it. That is nobody else's loss.
                total += new CopiedFiles(0, 0, 1) { FirstLeftOut = [layout.Person(person).Jobs] };
                continue;
            }

            RemoveGone(from => from.Person(person).Jobs);
        }

        // After the folders from which outputs are taken in: what goes from there to here meanwhile is found twice, and not never.
        foreach (var job in JobsIn(layout.Outputs))
        {
            foreach (var name in (string[])[OutputStore.ManifestsName, OutputStore.ContentName]) Add(from => Path.Combine(from.Outputs, job.Value, name), folder => folder.All());
        }

        RemoveGone(from => from.Jobs);
        RemoveGone(from => from.People);
        RemoveGone(from => from.Outputs);
        return total;

        void Add(Func<StateLayout, string> where, Func<TreeCopy, CopiedFiles> copy)
        {
            var before = total;
            total += copy(new TreeCopy(layout.Root, Path.GetRelativePath(layout.Root, where(layout)), where(new StateLayout(target)), earlier is null ? null : where(new StateLayout(earlier)), sofar => progress(before + sofar)));
        }

        void RemoveGone(Func<StateLayout, string> where)
        {
            var now = where(layout);
            foreach (var folder in Folders(where(new StateLayout(target))).Where(folder => !Directory.Exists(Path.Combine(now, Path.GetFileName(folder))))) Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Into a folder that is not there yet.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public CopiedFiles CopyIn(string source, Action<CopiedFiles> progress)
    {
        var kept = new StateLayout(source);
        Directory.CreateDirectory(layout.Root);
        var total = new TreeCopy(kept.Root, "", layout.Root).Only([Path.GetFileName(kept.Identity)]);
        Add(kept.Jobs, layout.Jobs);
        Add(kept.Outputs, layout.Outputs);
        foreach (var person in NumbersIn(kept.People))
        {
            foreach (var job in JobsIn(kept.Person(person).Jobs))
            {
                var place = layout.Person(person).Job(job);
                new PersonFolders(null).MakePassage(place);
                foreach (var name in PersonLayout.Kept) Add(Path.Combine(kept.Person(person).Job(job), name), Path.Combine(place, name));
            }
        }

        // What the copy has not is taken away here as well, so these come last.
        Directory.CreateDirectory(layout.Jobs);
        Directory.CreateDirectory(layout.People);
        DurableFile.Write(Path.Combine(layout.Root, RestoredName), []);
        return total;

        void Add(string from, string to)
        {
            var before = total;
            total += new TreeCopy(kept.Root, Path.GetRelativePath(kept.Root, from), to, null, sofar => progress(before + sofar)).All();
        }
    }

    private static IEnumerable<JobId> JobsIn(string folder)
    {
        foreach (var job in Folders(folder))
        {
            if (JobId.TryParse(Path.GetFileName(job), out var id)) yield return id;
        }
    }

    private static IEnumerable<int> NumbersIn(string folder) => StateLayout.NumbersOf(Folders(folder));

    private static string[] Folders(string folder)
    {
        try
        {
            return Directory.GetDirectories(folder);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
