using Convoy.Client;

namespace Convoy.Cli;

/// <summary>A file that a flag names, to be read or written.</summary>
internal readonly record struct NamedFile(string Flag, string File);

/// <summary>Files that people name to be written. They are checked before anything is calculated: who has waited for a result must not lose it.</summary>
internal static class OutputFile
{
    /// <summary>As many links as Linux follows.</summary>
    private const int MaxLinks = 40;

    /// <summary>Throws where the folder of the file is not there.</summary>
    public static void CheckPlace(NamedFile output)
    {
        if (Directory.Exists(output.File)) throw CommandException.Usage($"{output.Flag} takes a file to write, and {output.File} is a folder");
        var folder = Path.GetDirectoryName(Path.GetFullPath(output.File));
        if (!Directory.Exists(folder)) throw new CommandException(ExitCodes.Invalid, "FileError", $"{output.Flag} cannot write to {output.File}: there is no folder {folder}; make it, or name another file");
    }

    /// <summary>Throws where a folder to write to is not there and cannot be made.</summary>
    public static void CheckFolder(NamedFile output)
    {
        for (var path = Path.GetFullPath(output.File); path is not null && !Directory.Exists(path); path = Path.GetDirectoryName(path))
        {
            if (File.Exists(path)) throw new CommandException(ExitCodes.Invalid, "FileError", $"{output.Flag} cannot write to {output.File}; {path} is a file and no folder; name a folder that is there or can be made");
        }
    }

    /// <summary>Throws where writing one would destroy what is read or what another flag writes, by whatever name.</summary>
    public static void CheckApart(IEnumerable<NamedFile> inputs, IEnumerable<NamedFile> outputs)
    {
        var read = inputs.ToLookup(input => RealPath(input.File), input => input.Flag);
        var written = new Dictionary<string, string>();
        foreach (var output in outputs)
        {
            var path = RealPath(output.File);
            if (read[path].FirstOrDefault() is { } reader) throw CommandException.Usage($"{output.Flag} would write over {output.File}, which {reader} reads; choose another place");
            if (!written.TryAdd(path, output.Flag)) throw CommandException.Usage($"{written[path]} and {output.Flag} would both write to {output.File}; choose another place for one of them");
        }
    }

    /// <summary>Throws where the file is there and says something else.</summary>
    public static void CheckSame(string flag, string file, string text)
    {
        if (!File.Exists(file)) return;
        try
        {
            if (File.ReadAllText(file) == text) return;
        }
        catch (Exception e) when (FileException.Explains(e))
        {
            throw FileException.Reading(Text.Verbatim(file), file, e);
        }

        throw new CommandException(ExitCodes.Invalid, "FileError", $"{flag} would replace {file}, which is there and differs; choose another folder, or remove the file");
    }

    public static void MakeFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (FileException.Explains(e))
        {
            throw FileException.Writing(Text.Verbatim(folder), folder, e);
        }
    }

    public static void Write(Call call, string file, Action<TextWriter> write)
    {
        try
        {
            using var writer = new StreamWriter(file);
            write(writer);
        }
        catch (Exception e) when (FileException.Explains(e))
        {
            throw FileException.Writing(Text.Verbatim(file), file, e);
        }

        call.Say($"wrote {file}");
    }

    /// <summary>The path with no link in it, whether or not there is such a file yet.</summary>
    private static string RealPath(string path, int links = 0)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } folder) return full;
        var real = Path.Combine(RealPath(folder, links), Path.GetFileName(full));
        return links < MaxLinks && new FileInfo(real).LinkTarget is { } target ? RealPath(Path.Combine(Path.GetDirectoryName(real)!, target), links + 1) : real;
    }
}
