namespace Convoy.Core.Datasets;

/// <summary>The directories that paths go through, in breadth-first order, and the files in the order of their directories.</summary>
internal sealed class DirectoryTree
{
    private DirectoryTree(IReadOnlyList<Directory> directories, int[] files) => (Directories, Files) = (directories, files);

    /// <summary>The first is the root, which has no name.</summary>
    public IReadOnlyList<Directory> Directories { get; }

    /// <summary>The numbers of the files as they were given.</summary>
    public int[] Files { get; }

    /// <param name="order">Of the files, by <see cref="PathOrder"/>.</param>
    public static DirectoryTree Of(int[] order, Func<int, byte[]> pathOf)
    {
        var root = new Found([], null);
        var at = root;
        byte[] atPath = [];
        foreach (var file in order)
        {
            var path = pathOf(file);
            var directory = path.AsSpan(0, Math.Max(0, path.AsSpan().LastIndexOf((byte)'/')));
            if (!directory.SequenceEqual(atPath))
            {
                at = Enter(root, directory);
                atPath = directory.ToArray();
            }

            at.Files.Add(file);
        }

        return Number(root, order.Length);
    }

    /// <summary>In path order a directory that is left does not come again, so only the newest of each can be the one.</summary>
    private static Found Enter(Found root, ReadOnlySpan<byte> path)
    {
        var at = root;
        if (path.IsEmpty) return at;
        foreach (var part in path.Split((byte)'/'))
        {
            var name = path[part];
            if (at.Directories.Count == 0 || !name.SequenceEqual(at.Directories[^1].Name)) at.Directories.Add(new Found(name.ToArray(), at));
            at = at.Directories[^1];
        }

        return at;
    }

    private static DirectoryTree Number(Found root, int fileCount)
    {
        var found = new List<Found> { root };
        for (var i = 0; i < found.Count; i++)
        {
            found[i].Number = i;
            found[i].FirstDirectory = found.Count;
            found.AddRange(found[i].Directories);
        }

        var files = new int[fileCount];
        var directories = new List<Directory>(found.Count);
        var file = 0;
        foreach (var directory in found)
        {
            directories.Add(new Directory(directory.Name, directory.Parent?.Number ?? 0, directory.FirstDirectory, directory.Directories.Count, file, directory.Files.Count));
            directory.Files.CopyTo(files, file);
            file += directory.Files.Count;
        }

        return new DirectoryTree(directories, files);
    }

    /// <param name="Name">Within its parent.</param>
    public sealed record Directory(byte[] Name, int Parent, int FirstDirectory, int Directories, int FirstFile, int Files);

    private sealed class Found(byte[] name, Found? parent)
    {
        public byte[] Name => name;

        public Found? Parent => parent;

        public List<Found> Directories { get; } = [];

        public List<int> Files { get; } = [];

        public int Number { get; set; }

        public int FirstDirectory { get; set; }
    }
}
