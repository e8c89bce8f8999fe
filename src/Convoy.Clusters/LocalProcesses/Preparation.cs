using System.Text.Json;
using Convoy.Core.Tasks;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>Makes everything that an attempt's tasks need before the first of them starts. Repeating it is harmless.</summary>
internal sealed class Preparation(LocalClusterOptions options, StateLayout layout, RendezvousPorts ports, string machineWideName, Func<string, string, CancellationToken, Task> unpackCode)
{
    public int? UidOf(int ownerNumber) => StateFolders.HasOwnUids(options) ? options.UidBase!.Value + ownerNumber : null;

    /// <summary>Tasks that were prepared before are left as they are, and those that are to stop anyway are left out.</summary>
    public async Task PrepareAsync(ClusterAssignment wish, CancellationToken cancellationToken)
    {
        var assignment = wish.Assignment;
        var (job, attempt) = (assignment.JobId, assignment.Attempt);
        if (LocalArchive.IsRestored(layout.Root) && ProcessTable.Read().FindOf(job, UidOf(wish.OwnerNumber)) is { } leftover) throw new LeftoverException(job, leftover);
        Directory.CreateDirectory(layout.Attempt(job, attempt));
        var port = TaskOrders.NeedsPort(assignment) ? GangPort(assignment) : 0;
        foreach (var rank in assignment.Members.Select(task => task.Rank))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var folder = layout.Task(job, attempt, rank);
            var order = Path.Combine(folder, TaskFolder.Order);
            if (File.Exists(order)) continue;
            Directory.CreateDirectory(folder);
            var uid = UidOf(wish.OwnerNumber);
            await MakePersonsFoldersAsync(wish, rank, new PersonFolders(uid), cancellationToken);
            var built = TaskOrders.Build(wish, rank, port, options, layout, layout.Person(wish.OwnerNumber), uid, machineWideName);
            DurableFile.Write(order, JsonSerializer.SerializeToUtf8Bytes(built, TaskJson.Default.TaskOrder));
        }

        Native.FlushFolder(layout.Attempt(job, attempt));
    }

    private int GangPort(Core.Jobs.Assignment assignment)
    {
        var path = layout.Gang(assignment.JobId, assignment.Attempt);
        if (DurableFile.Read(path) is { } known) return JsonSerializer.Deserialize(known, LocalJson.Default.GangFile)!.RendezvousPort;
        var port = ports.Take(assignment.JobId, assignment.Attempt);
        DurableFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(new GangFile(port), LocalJson.Default.GangFile));
        return port;
    }

    private async Task MakePersonsFoldersAsync(ClusterAssignment wish, int rank, PersonFolders folders, CancellationToken cancellationToken)
    {
        var assignment = wish.Assignment;
        var (job, attempt) = (assignment.JobId, assignment.Attempt);
        var files = layout.Person(wish.OwnerNumber);
        folders.MakeOwn(files.Home);
        folders.MakeOwn(files.Output(job, attempt, rank));
        folders.MakeOwn(files.Temporary(job, attempt, rank));
        if (assignment.Spec.Checkpoint.Path is { } chosen) folders.TryMakeAnywhere(chosen);
        else folders.MakeOwn(files.Checkpoints(job));

        var code = files.Code(job, attempt, rank);
        if (assignment.Spec.Code?.Archive is not { } archive)
        {
            folders.MakeOwn(code);
            return;
        }

        // Unpacked where no task can reach, given away as a whole, then moved.
        var staged = Path.Combine(layout.Staging, $"{job}-{attempt}-{rank}");
        if (Directory.Exists(staged)) Directory.Delete(staged, recursive: true);
        Directory.CreateDirectory(staged);
        try
        {
            await unpackCode(archive, staged, cancellationToken);
            folders.GiveTree(staged);
            folders.MakePassage(Path.GetDirectoryName(code)!);
            // Half of an earlier try: moved, but its order was not written.
            folders.Remove(code);
            Directory.Move(staged, code);
        }
        finally
        {
            if (Directory.Exists(staged)) Directory.Delete(staged, recursive: true);
        }
    }
}
