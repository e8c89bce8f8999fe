using System.Globalization;
using Convoy.Core.Languages;

namespace Convoy.Client.Code;

/// <summary>A code folder's file as it was seen.</summary>
/// <param name="Path">Below the folder, with slashes.</param>
/// <param name="Bytes">0 for a link.</param>
/// <param name="Executable">Whether its owner may run it.</param>
/// <param name="LinkTarget">Of a symbolic link, as written in it; else null.</param>
public sealed record CodeFile(string Path, long Bytes, bool Executable, string? LinkTarget);

/// <summary>Something that stays behind though no pattern says so.</summary>
public sealed record SkippedFile(string Path, Text Reason);

/// <summary>The folder cannot be packed. The message names the files and what to do.</summary>
public sealed class CodeFolderException(Text explanation, Exception? inner = null) : Exception(explanation.ToString(), inner), IExplained
{
    public Text Explanation { get; } = explanation;
}

/// <summary>
/// What of a folder goes with a job: all but <c>.git</c>, what its <c>.gitignore</c> files name, and what its
/// <c>.convoyignore</c> files name (same syntax; they decide where both speak). Files above the folder and the person's own
/// git settings do not count, so that everybody packs the same. Folders without files are left out.
/// </summary>
public sealed class CodeFolder
{
    private CodeFolder(string root, IReadOnlyList<CodeFile> files, IReadOnlyList<SkippedFile> skipped)
    {
        Root = root;
        Files = files;
        Skipped = skipped;
        Bytes = files.Sum(file => file.Bytes);
    }

    public string Root { get; }

    /// <summary>In ordinal order of their paths.</summary>
    public IReadOnlyList<CodeFile> Files { get; }

    /// <summary>Pipes, sockets, devices, and links to outside the folder.</summary>
    public IReadOnlyList<SkippedFile> Skipped { get; }

    /// <summary>Of all files, unpacked.</summary>
    public long Bytes { get; }

    /// <summary>For people: <c>37 files, 1.2 MiB</c>.</summary>
    public Text Summary => $"{Text.Count(Files.Count, "file")}, {Size(Bytes)}";

    /// <exception cref="CodeFolderException">There is no such folder, or something in it cannot be read; names up to ten of these.</exception>
    public static CodeFolder Scan(string folder)
    {
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!Directory.Exists(root)) throw new CodeFolderException($"There is no folder {root}. Name another one with --workdir, or as code.workdir in the job file.");
        var walk = new FolderWalk(root);
        walk.Visit("", []);
        if (walk.Unreadable.Count > 0)
        {
            var names = string.Join(", ", walk.Unreadable.Order(StringComparer.Ordinal).Take(10)) + (walk.Unreadable.Count > 10 ? ", …" : "");
            throw new CodeFolderException($"{walk.Unreadable.Count} of {root} cannot be read: {names}. Make them readable, or name them in .convoyignore.");
        }

        return new CodeFolder(
            root,
            [.. walk.Files.OrderBy(file => file.Path, StringComparer.Ordinal)],
            [.. walk.Skipped.OrderBy(file => file.Path, StringComparer.Ordinal)]);
    }

    internal static string Size(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var unit = 0;
        var size = (double)bytes;
        for (; size >= 1024 && unit < units.Length - 1; unit++) size /= 1024;
        return size.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + units[unit];
    }
}

internal sealed class FolderWalk(string root)
{
    public List<CodeFile> Files { get; } = [];

    public List<SkippedFile> Skipped { get; } = [];

    public List<string> Unreadable { get; } = [];

    /// <param name="folder">Below the root, ending in a slash; empty for the root.</param>
    public void Visit(string folder, List<(string Folder, IgnoreFile Git, IgnoreFile Convoy)> above)
    {
        FileSystemInfo[] entries;
        try
        {
            above = [.. above, (folder, Read(folder + ".gitignore"), Read(folder + ".convoyignore"))];
            entries = new DirectoryInfo($"{root}/{folder}").GetFileSystemInfos();
        }
        catch (Exception closed) when (closed is UnauthorizedAccessException or IOException)
        {
            Unreadable.Add(folder.Length == 0 ? root : folder);
            return;
        }

        foreach (var entry in entries)
        {
            if (entry.Name == ".git") continue;
            var path = folder + entry.Name;
            var link = entry.LinkTarget;
            var isFolder = link is null && entry is DirectoryInfo;
            if (Ignored(path, isFolder, above)) continue;
            if (isFolder) Visit(path + "/", above);
            else if (link is not null) AddLink(path, link);
            else AddFile(path, (FileInfo)entry);
        }
    }

    private static bool Ignored(string path, bool isFolder, List<(string Folder, IgnoreFile Git, IgnoreFile Convoy)> files)
    {
        for (var i = files.Count - 1; i >= 0; i--)
        {
            if (files[i].Convoy.Ignores(path[files[i].Folder.Length..], isFolder) is { } said) return said;
        }

        for (var i = files.Count - 1; i >= 0; i--)
        {
            if (files[i].Git.Ignores(path[files[i].Folder.Length..], isFolder) is { } said) return said;
        }

        return false;
    }

    private IgnoreFile Read(string path)
    {
        var file = new FileInfo($"{root}/{path}");
        return new IgnoreFile(file.Exists && file.LinkTarget is null && FileKind.IsPlain(file.FullName) ? File.ReadAllBytes(file.FullName) : []);
    }

    private void AddFile(string path, FileInfo file)
    {
        if (!FileKind.IsPlain(file.FullName))
        {
            Skipped.Add(new SkippedFile(path, "is a pipe, socket or device"));
            return;
        }

        try
        {
            using var handle = File.OpenHandle(file.FullName);
            var executable = !OperatingSystem.IsWindows() && (File.GetUnixFileMode(handle) & UnixFileMode.UserExecute) != 0;
            Files.Add(new CodeFile(path, RandomAccess.GetLength(handle), executable, null));
        }
        catch (Exception closed) when (closed is UnauthorizedAccessException or IOException)
        {
            Unreadable.Add(path);
        }
    }

    private void AddLink(string path, string target)
    {
        if (ClimbsAgain(target)) Skipped.Add(new SkippedFile(path, $"links to {target}; '..' is taken only at a link's beginning"));
        else if (LeadsOutside(path, target)) Skipped.Add(new SkippedFile(path, $"links to {target}, outside the folder"));
        else Files.Add(new CodeFile(path, 0, false, target));
    }

    /// <summary>Unpacking takes no such link: going down may walk through another one, and up from there is anywhere.</summary>
    private static bool ClimbsAgain(string target) => target.Split('/').SkipWhile(part => part is "" or "." or "..").Contains("..");

    /// <summary>As unpacking sees it: step by step through other links; an absolute target is outside even where it leads back.</summary>
    private bool LeadsOutside(string path, string target)
    {
        if (Path.IsPathRooted(target)) return true;
        var at = path.Split('/')[..^1].ToList();
        var ahead = new Stack<string>(target.Split('/').Reverse());
        var hops = 0;
        while (ahead.TryPop(out var part))
        {
            if (part is "" or ".") continue;
            if (part == "..")
            {
                if (at.Count == 0) return true;
                at.RemoveAt(at.Count - 1);
                continue;
            }

            at.Add(part);
            if (new FileInfo($"{root}/{string.Join('/', at)}").LinkTarget is not { } next) continue;
            if (++hops > 40 || Path.IsPathRooted(next)) return true;
            at.RemoveAt(at.Count - 1);
            foreach (var step in next.Split('/').Reverse()) ahead.Push(step);
        }

        return false;
    }
}
