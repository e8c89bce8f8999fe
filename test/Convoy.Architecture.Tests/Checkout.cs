using System.Xml.Linq;

namespace Convoy.Architecture.Tests;

/// <summary>The files of this checkout, without what was built or downloaded.</summary>
internal static class Checkout
{
    private static readonly string[] NotOurs = ["artifacts", "bin", "obj", "node_modules", ".git", ".venv", "__pycache__", "TestResults"];

    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Paths relative to the root, with forward slashes.</summary>
    public static IEnumerable<string> Files(string folder, params string[] extensions)
    {
        var start = Path.Combine(Root, folder);
        return Directory.Exists(start) ? Walk(start).Where(path => extensions.Contains(Path.GetExtension(path))).Select(path => Path.GetRelativePath(Root, path)).Order(StringComparer.Ordinal) : [];
    }

    public static XDocument Project(string path) => XDocument.Parse(Read(path));

    public static IEnumerable<string> Items(this XDocument project, string kind) =>
        project.Descendants(kind).Select(item => (string?)item.Attribute("Include")).OfType<string>();

    private static IEnumerable<string> Walk(string folder) => Directory.EnumerateFiles(folder)
        .Concat(Directory.EnumerateDirectories(folder).Where(inner => !NotOurs.Contains(Path.GetFileName(inner)) && new DirectoryInfo(inner).LinkTarget is null).SelectMany(Walk));

    private static string FindRoot(string folder) => File.Exists(Path.Combine(folder, "Convoy.slnx")) ? folder : FindRoot(Path.GetDirectoryName(folder)!);
}
