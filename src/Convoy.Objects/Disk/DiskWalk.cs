using System.IO.Enumeration;

namespace Convoy.Objects.Disk;

/// <summary>
/// The files of a <see cref="DiskBucket"/> in ordinal order of the whole names. One folder's entries are held at a time for each level, and
/// folders in which nothing can be asked for are not opened.
/// </summary>
internal sealed class DiskWalk(string root, string prefix, string after) : IAsyncEnumerable<(string Name, string Path)>
{
    private static readonly EnumerationOptions All = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };

    public async IAsyncEnumerator<(string Name, string Path)> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        // All that starts with a/b lies in the folder a/.
        var start = prefix[..(prefix.LastIndexOf('/') + 1)];
        var open = new Stack<(string Key, IEnumerator<string> Entries)>();
        open.Push((start, await EntriesAsync(start, cancellationToken)));
        while (open.TryPeek(out var folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!folder.Entries.MoveNext())
            {
                open.Pop();
                continue;
            }

            var key = folder.Key + folder.Entries.Current;
            if (key.EndsWith('/')) open.Push((key, await EntriesAsync(key, cancellationToken)));
            else yield return (key, PathOf(key));
        }
    }

    /// <summary>
    /// In order. A folder stands where its slash puts it: <c>a-b</c>, <c>a.b</c>, then all of <c>a/</c>, then <c>a0</c>.
    /// </summary>
    private Task<IEnumerator<string>> EntriesAsync(string folder, CancellationToken cancellationToken) => Task.Run<IEnumerator<string>>(
        () =>
        {
            var entries = new List<string>();
            try
            {
                // The kind comes with the name; asking for each would cost a call for each.
                var found = new FileSystemEnumerable<string?>(PathOf(folder), (ref FileSystemEntry entry) => Key(ref entry), All);
                foreach (var key in found)
                {
                    if (key is not null && IsWanted(folder + key)) entries.Add(key);
                }
            }
            catch (DirectoryNotFoundException)
            {
                // It was removed with the last that was in it, or nothing was ever put there.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw DiskBucket.Failed(e);
            }

            entries.Sort(string.CompareOrdinal);
            return entries.GetEnumerator();
        },
        cancellationToken);

    /// <summary>Null for what no bucket made.</summary>
    private static string? Key(ref FileSystemEntry entry)
    {
        var name = entry.FileName;
        if (!entry.IsDirectory) return ObjectName.IsValid(name) ? name.ToString() : null;
        return name.EndsWith('+') && ObjectName.IsValid(name[..^1]) ? $"{name[..^1]}/" : null;
    }

    private bool IsWanted(string key) => key.EndsWith('/')
        ? (key.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith(key, StringComparison.Ordinal))
            && (string.CompareOrdinal(key, after) > 0 || after.StartsWith(key, StringComparison.Ordinal))
        : key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(key, after) > 0;

    private string PathOf(string key) => Path.Combine(root, key.Replace("/", "+/", StringComparison.Ordinal));
}
