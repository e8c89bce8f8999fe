using System.Text;
using Convoy.Client.Code;
using Convoy.Core.Datasets;

namespace Convoy.Client.Datasets;

/// <summary>
/// All files of a folder, in the order in which a manifest has them: the same folder gives the same packs. Links are followed; what is neither
/// file nor folder is refused, as is a name that no data set can have.
/// </summary>
public static class SourceFolder
{
    /// <summary>Folders within folders: no path is so long.</summary>
    private const int Deepest = FilePath.LongestPath / 2;

    /// <exception cref="SourceException">Something in it cannot be published. Nothing behind it was looked at.</exception>
    public static IEnumerable<SourceFile> Walk(string root)
    {
        if (!Directory.Exists(root)) throw new SourceException($"there is no folder '{root}'");
        return Walk(Path.GetFullPath(root), "", []);
    }

    private static IEnumerable<SourceFile> Walk(string root, string folder, List<string> above)
    {
        var place = Path.Combine(root, folder);
        var real = RealPathOf(place);
        // A link to a folder that it lies in would never end.
        if (above.Contains(real) || above.Count > Deepest) throw new SourceException($"'{place}' is a link to a folder that it lies in; remove it");
        above.Add(real);
        foreach (var entry in EntriesOf(place))
        {
            var path = folder.Length == 0 ? entry.Name : $"{folder}/{entry.Name}";
            if (entry.IsFolder)
            {
                foreach (var file in Walk(root, path, above)) yield return file;
            }
            else
            {
                yield return new SourceFile(Encoding.UTF8.GetBytes(path), entry.Size, () => Open(entry.Place));
            }
        }

        above.RemoveAt(above.Count - 1);
    }

    private static List<Entry> EntriesOf(string place)
    {
        var entries = new List<Entry>();
        try
        {
            foreach (var found in new DirectoryInfo(place).EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false }))
            {
                var name = Encoding.UTF8.GetBytes(found.Name);
                // What is no UTF-8 comes as U+FFFD, and is not there by that name.
                if (found.Name.Contains('\uFFFD', StringComparison.Ordinal) && !found.Exists) throw new SourceException(ManifestProblems.Of(PathProblem.NotUtf8, Encoding.UTF8.GetBytes(found.FullName)));
                if (FilePath.CheckPart(name) is { } problem) throw new SourceException(ManifestProblems.Of(problem, Encoding.UTF8.GetBytes(found.FullName)));
                var target = found.LinkTarget is null ? found : found.ResolveLinkTarget(returnFinalTarget: true);
                if (target is not { Exists: true }) throw new SourceException($"'{found.FullName}' is a link to {found.LinkTarget}, which is not there; remove it, or bring what it names");
                if (target is FileInfo file && !FileKind.IsPlain(file.FullName)) throw new SourceException($"'{found.FullName}' is a pipe, socket or device; remove it");
                entries.Add(new Entry(name, found.Name, found.FullName, target is DirectoryInfo, (target as FileInfo)?.Length ?? 0));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"'{place}' cannot be read: {FileException.Why(e, place)}", e);
        }

        entries.Sort((left, right) => left.Bytes.AsSpan().SequenceCompareTo(right.Bytes));
        return entries;
    }

    private static FileStream Open(string place)
    {
        try
        {
            return new FileStream(place, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"'{place}' cannot be read: {FileException.Why(e, place)}", e);
        }
    }

    private static string RealPathOf(string place) => new DirectoryInfo(place).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(place);

    private readonly record struct Entry(byte[] Bytes, string Name, string Place, bool IsFolder, long Size);
}
