using Convoy.Objects.Outputs;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>
/// Takes in what a task left. The folder is the person's and so hostile: nothing is reached through a link, no pipe is waited for,
/// nobody else's file is read, and however much there is, it ends.
/// </summary>
/// <param name="owner">Whose files they have to be; null where tasks run as the platform does.</param>
internal sealed class OutputWalk(OutputTaking taking, OutputLimits limits, uint? owner, CancellationToken cancellationToken)
{
    /// <summary>So many folders are held open at once.</summary>
    private const int Deepest = 100;

    /// <summary>Of Linux.</summary>
    private const int LongestPath = 4096;

    private (uint, uint) device;
    private long files;
    private long bytes;
    private long left;
    private bool folderStays;
    private bool isCut;

    /// <summary>Null where there was nothing.</summary>
    public OutputSummary? Run(OpenFolder folder)
    {
        device = NativeFiles.Status(folder).Device;
        Visit(folder, "", 1);
        return files + left == 0 ? null : new OutputSummary(files, bytes, left, folderStays);
    }

    private void Visit(OpenFolder folder, string path, int depth)
    {
        foreach (var name in folder.Names())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (isCut) return;
            var at = path + OpenFolder.Text(name);
            if (NativeFiles.Status(folder, name) is not { } status)
            {
                // Where it is gone, another of the person's tasks is about.
                if (NativeFiles.LastErrorNumber != NativeFiles.NoSuchFile) Leave(at, default, LeftBehind.Unreadable);
                continue;
            }

            if (!status.IsFolder && files + left >= limits.Files)
            {
                isCut = true;
                Leave(at, status, LeftBehind.OverFiles);
            }
            else if (status.IsFolder) Enter(folder, name, at, status, depth);
            else if (status.IsLink) Leave(at, status, LeftBehind.Link, OpenFolder.Text(NativeFiles.ReadLink(folder, name)));
            else if (status.IsFile) Take(folder, name, at, status);
            else Leave(at, status, LeftBehind.Special);
        }
    }

    private void Enter(OpenFolder folder, byte[] name, string path, FileStatus status, int depth)
    {
        if (status.Device != device)
        {
            Leave(path, status, LeftBehind.OtherFileSystem);
            return;
        }

        if (depth == Deepest || path.Length >= LongestPath)
        {
            Leave(path, status, LeftBehind.TooDeep);
            return;
        }

        using var child = folder.OpenChild(name);
        if (child.IsInvalid) Leave(path, status, LeftBehind.Unreadable);
        else Visit(child, path + "/", depth + 1);
    }

    private void Take(OpenFolder folder, byte[] name, string path, FileStatus seen)
    {
        using var file = NativeFiles.OpenFile(folder, name);
        // What was opened counts, not what the name meant before.
        if (file.IsInvalid || NativeFiles.Status(file) is not { IsFile: true } status) Leave(path, seen, LeftBehind.Unreadable);
        else if (owner is not null && status.Uid != owner) Leave(path, status, LeftBehind.NotTheirs);
        else if (status.Size > limits.Bytes - bytes) Leave(path, status, LeftBehind.OverBytes);
        else
        {
            try
            {
                var (sha256, size) = taking.Store(file, status.Size, status.BytesOnDisk, cancellationToken);
                files++;
                bytes += size;
                taking.Add(new OutputEntry(path, size, status.ModifiedAt, status.Mode, sha256));
            }
            catch (OutputUnreadableException)
            {
                Leave(path, status, LeftBehind.Unreadable);
            }
        }
    }

    private void Leave(string path, FileStatus status, LeftBehind why, string? target = null)
    {
        left++;
        folderStays |= why is LeftBehind.Unreadable or LeftBehind.NotTheirs or LeftBehind.TooDeep or LeftBehind.OverBytes or LeftBehind.OverFiles;
        taking.Add(new OutputEntry(path, status.Size, status.ModifiedAt, status.Mode, null, why, target));
    }
}
