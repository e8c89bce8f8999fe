using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>Puts data sets where the job wants them, for this process and those that it starts alone: other tasks have others there.</summary>
internal static class PrivateMounts
{
    private const int NewMounts = 0x20000;
    private const nuint Bind = 0x1000, Recursive = 0x4000, Follows = 0x80000;
    private const uint OpenToAll = 0b111_101_101;

    /// <summary>Null where all are there.</summary>
    /// <param name="paths">Where each is, by its name.</param>
    public static ExecutionFailure? Make(TaskOrder order, IReadOnlyDictionary<string, string> paths)
    {
        var wanted = order.Datasets.Where(dataset => dataset.Mount is not null).ToArray();
        if (wanted.Length == 0) return null;
        // What the node agent mounts later is seen here, too; what is mounted here is not seen there.
        if (Libc.Unshare(NewMounts) < 0 || Libc.Mount("none", "/", null, Recursive | Follows, null) < 0) return Failure(wanted[0], Libc.LastError);
        foreach (var dataset in wanted)
        {
            MakeFolders(dataset.Mount!);
            if (!TryMount(paths[dataset.Name], dataset.Mount!)) return Failure(dataset, Libc.LastError);
        }

        return null;
    }

    /// <summary>
    /// In three layers: the folder of all mounts as it is without them, of it the data set's empty folder, and on that what is mounted there now. When an agent that
    /// starts again mounts on its own folder of that name, the kernel does the same on this one.
    /// </summary>
    private static bool TryMount(string path, string target) =>
        Libc.Mount(Path.GetDirectoryName(path)!, target, null, Bind, null) == 0
        && Libc.Mount(Path.Combine(target, Path.GetFileName(path)), target, null, Bind, null) == 0
        && Libc.Mount(path, target, null, Bind, null) == 0;

    private static void MakeFolders(string path)
    {
        for (var end = path.IndexOf('/', 1); end > 0; end = path.IndexOf('/', end + 1)) _ = Libc.MakeFolder(path[..end], OpenToAll);
        _ = Libc.MakeFolder(path, OpenToAll);
    }

    private static ExecutionFailure Failure(TaskDataset dataset, int error) => new(126, error == Libc.ErrorNotPermitted
        ? $"data set {dataset.Name} cannot be mounted at {dataset.Mount}: only a platform that runs as root may do that; leave mount out of the job file, and read the folder that ${dataset.Variable} names, or convoy.dataset(\"{dataset.Name}\") in Python"
        : $"data set {dataset.Name} cannot be mounted at {dataset.Mount}: {Libc.Explain(error)}");
}
