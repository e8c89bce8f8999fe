using System.Text;
using Convoy.Client.Code;

namespace Convoy.Client;

/// <summary>
/// What people name of a job's outputs: a file, a folder with all below it, or a pattern of such (<c>*</c>, <c>?</c>, <c>[…]</c> within a
/// name, <c>**</c> over folders; a backslash before what is meant literally).
/// </summary>
public sealed class OutputPath
{
    private readonly string path;
    private readonly WildMatch? pattern;

    private OutputPath(string path)
    {
        this.path = path;
        var wild = path.AsSpan().IndexOfAny("*?[\\");
        IsPattern = wild >= 0;
        Prefix = wild < 0 ? path : path[..wild];
        if (IsPattern) pattern = new WildMatch(Encoding.UTF8.GetBytes(path), stopAtSlash: true);
    }

    public bool IsPattern { get; }

    /// <summary>With what every path begins that matches.</summary>
    public string Prefix { get; }

    /// <summary>Null where it names nothing that could be below a folder.</summary>
    public static OutputPath? Parse(string text)
    {
        var parts = text.Split('/').Where(part => part is not ("" or ".")).ToArray();
        return parts.Length == 0 || text.StartsWith('/') || parts.Contains("..") ? null : new OutputPath(string.Join('/', parts));
    }

    /// <summary>Whether the file, or a folder it is in, is meant.</summary>
    public bool Matches(string file)
    {
        if (pattern is null) return Names(file) || (file.Length > path.Length && file[path.Length] == '/' && file.StartsWith(path, StringComparison.Ordinal));
        for (var end = file.IndexOf('/', StringComparison.Ordinal); end >= 0; end = file.IndexOf('/', end + 1))
        {
            if (pattern.Matches(Encoding.UTF8.GetBytes(file[..end]))) return true;
        }

        return pattern.Matches(Encoding.UTF8.GetBytes(file));
    }

    /// <summary>Whether it is exactly this file, and no pattern.</summary>
    public bool Names(string file) => pattern is null && file == path;

    public override string ToString() => path;
}
