namespace Convoy.Core.Datasets;

/// <summary>What differs between two versions: files that only one has, and those whose bytes changed.</summary>
public static class ManifestDiff
{
    /// <summary>Directory by directory, the names of one in order. It holds back nothing: take as many as you want.</summary>
    public static IEnumerable<FileChange> Between(Manifest before, Manifest after)
    {
        // Pairs of directories; -1 where one side has none.
        var open = new Stack<(int Before, int After)>();
        open.Push((0, 0));
        while (open.TryPop(out var pair))
        {
            foreach (var (old, now) in Pairs(FilesOf(before, pair.Before), FilesOf(after, pair.After)))
            {
                if (old is { } gone && now is { } come && before.FileHash(gone) == after.FileHash(come)) continue;
                yield return new FileChange(old is { } o ? before.PathOf(o) : after.PathOf(now!.Value), old, now);
            }

            foreach (var (old, now) in Pairs(DirectoriesOf(before, pair.Before), DirectoriesOf(after, pair.After)).AsEnumerable().Reverse()) open.Push((old ?? -1, now ?? -1));
        }
    }

    private static List<(byte[] Name, int Number)> FilesOf(Manifest manifest, int directory)
    {
        if (directory < 0) return [];
        var entry = manifest.DirectoryAt(directory);
        return Read(manifest.FileNamesFrom(entry.FirstFile), entry.FirstFile, entry.Files);
    }

    private static List<(byte[] Name, int Number)> DirectoriesOf(Manifest manifest, int directory)
    {
        if (directory < 0) return [];
        var entry = manifest.DirectoryAt(directory);
        return Read(manifest.DirectoryNamesFrom(entry.FirstDirectory), entry.FirstDirectory, entry.Directories);
    }

    private static List<(byte[] Name, int Number)> Read(NameReader names, int first, int count)
    {
        var read = new List<(byte[], int)>(count);
        for (var i = 0; i < count && names.MoveNext(); i++) read.Add((names.Current.ToArray(), first + i));
        return read;
    }

    /// <summary>Both are in order, so one walk through both pairs what has the same name.</summary>
    private static List<(int? Before, int? After)> Pairs(List<(byte[] Name, int Number)> before, List<(byte[] Name, int Number)> after)
    {
        var pairs = new List<(int?, int?)>(Math.Max(before.Count, after.Count));
        for (var (i, j) = (0, 0); i < before.Count || j < after.Count;)
        {
            var order = i == before.Count ? 1 : j == after.Count ? -1 : before[i].Name.AsSpan().SequenceCompareTo(after[j].Name);
            pairs.Add((order <= 0 ? before[i].Number : null, order >= 0 ? after[j].Number : null));
            if (order <= 0) i++;
            if (order >= 0) j++;
        }

        return pairs;
    }
}

/// <summary>A file that is not the same in both versions.</summary>
/// <param name="Before">Its number in the older one; null where it is new.</param>
/// <param name="After">Its number in the newer one; null where it is gone.</param>
public sealed record FileChange(byte[] Path, int? Before, int? After);
