using Convoy.Core.Languages;

namespace Convoy.Client;

/// <summary>A file or folder that cannot be used. The message says which, why, and what to do, in words for whoever named it.</summary>
public sealed class FileException : IOException, IExplained
{
    private const int NotAFolder = 20;
    private const int DiskFull = 28;
    private const int ReadOnly = 30;

    private FileException(Text explanation, Exception inner)
        : base(explanation.ToString(), inner) => Explanation = explanation;

    public Text Explanation { get; }

    /// <summary>Whether this is what the framework says of files.</summary>
    public static bool Explains(Exception exception) => exception is (IOException and not FileException) or UnauthorizedAccessException;

    /// <param name="what">The file as people know it, its name included.</param>
    public static FileException Reading(Text what, string path, Exception exception) => new($"{what} cannot be read: {exception switch
    {
        _ when Directory.Exists(path) => (Text)"it is a folder; name a file",
        FileNotFoundException => $"there is no file {Path.GetFullPath(path)}; check the name",
        _ => $"{Why(exception, path)}; name another file",
    }}", exception);

    /// <inheritdoc cref="Reading"/>
    public static FileException Writing(Text what, string path, Exception exception) => new($"{what} cannot be written: {exception switch
    {
        _ when Directory.Exists(path) => (Text)"it is a folder; name a file",
        _ => $"{Why(exception, path)}; choose another place",
    }}", exception);

    /// <summary>The reason alone.</summary>
    public static Text Why(Exception exception, string path) => exception switch
    {
        UnauthorizedAccessException => "permission is denied",
        PathTooLongException => "the name is too long",
        FileNotFoundException or DirectoryNotFoundException or { HResult: NotAFolder } => WhyNotThere(path),
        { HResult: DiskFull } => "the disk is full",
        { HResult: ReadOnly } => "the file system is read-only",
        _ => Text.Verbatim(Plain(exception.Message)),
    };

    /// <summary>Of the folders on the way, the outermost that is none.</summary>
    private static Text WhyNotThere(string path)
    {
        var missing = Path.GetFullPath(path);
        for (var folder = Path.GetDirectoryName(missing); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(folder)) return $"{folder} is a file and no folder";
            if (Directory.Exists(folder)) return missing == Path.GetFullPath(path) ? (Text)$"the folder {folder} takes no such file" : $"there is no folder {missing}";
            missing = folder;
        }

        return $"there is no folder {missing}";
    }

    /// <summary>What the system says, without the framework's mention of the path.</summary>
    private static string Plain(string message)
    {
        var end = message.IndexOf(" : '", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).TrimEnd('.', ' ');
    }
}
