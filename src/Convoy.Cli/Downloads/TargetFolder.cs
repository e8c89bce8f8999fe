using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;

namespace Convoy.Cli.Downloads;

/// <summary>Where downloads go: below one folder, whatever the server calls them and whatever links lie there.</summary>
/// <param name="byRank">A folder for each rank.</param>
internal sealed class TargetFolder(string root, bool byRank)
{
    private string? checkedFolder;

    public string Root { get; } = Path.GetFullPath(root);

    /// <exception cref="CommandException">The path is none of a file below a folder.</exception>
    public string PlaceOf(OutputFileView file)
    {
        var parts = file.Path.Split('/');
        if (parts.Any(part => part is "" or "." or ".." || part.Contains('\0', StringComparison.Ordinal) || (OperatingSystem.IsWindows() && part.AsSpan().ContainsAny("\\:"))))
        {
            throw new CommandException(ExitCodes.Invalid, "UnsafePath", $"the server names a file '{Printable.Of(file.Path)}', which cannot be put below {Root}; nothing was downloaded");
        }

        return Path.Combine([Root, .. byRank ? [$"rank-{file.Rank}"] : Array.Empty<string>(), .. parts]);
    }

    /// <summary>Makes the folders on the way. None of them may be a link: it could lead anywhere.</summary>
    public void MakeFolderOf(string place)
    {
        var folder = Path.GetDirectoryName(place)!;
        if (folder == checkedFolder) return;
        for (var on = folder; on.Length > Root.Length; on = Path.GetDirectoryName(on)!)
        {
            if (new DirectoryInfo(on).LinkTarget is not null) throw new CommandException(ExitCodes.Invalid, "UnsafePath", $"{on} is a link, and what is downloaded has to stay below {Root}; remove it, or give another --to");
        }

        OutputFile.MakeFolder(folder);
        checkedFolder = folder;
    }
}
