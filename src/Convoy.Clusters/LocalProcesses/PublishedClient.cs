using System.Security.Cryptography;
using System.Text;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>
/// The Python client where every person's tasks can read it: the checkout it comes from often lies in a home that they cannot pass.
/// Named by its content, so that running tasks keep theirs when the platform is renewed.
/// </summary>
internal static class PublishedClient
{
    private const UnixFileMode ReadableFile = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode ReadableFolder = ReadableFile | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <returns>What to put on PYTHONPATH.</returns>
    public static string Publish(string client, StateLayout layout)
    {
        // Nothing but the package: what lies beside it, its tests say, would hide a script's own modules.
        var sources = Directory.GetFiles(Path.Combine(client, "convoy"), "*.py", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path => (Name: Path.GetRelativePath(client, path), Content: File.ReadAllBytes(path))).ToArray();
        var target = Path.Combine(layout.Python, HashOf(sources));
        if (Directory.Exists(target)) return target;
        var staged = Directory.CreateDirectory(Path.Combine(layout.Staging, "python")).FullName;
        foreach (var (name, content) in sources)
        {
            var copy = Path.Combine(staged, name);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.WriteAllBytes(copy, content);
            File.SetUnixFileMode(copy, ReadableFile);
        }

        foreach (var folder in Directory.GetDirectories(staged, "*", SearchOption.AllDirectories).Append(staged)) File.SetUnixFileMode(folder, ReadableFolder);
        Directory.CreateDirectory(layout.Python);
        File.SetUnixFileMode(layout.Python, ReadableFolder);
        Directory.Move(staged, target);
        return target;
    }

    private static string HashOf(IEnumerable<(string Name, byte[] Content)> sources)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, content) in sources)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\0{content.Length}\0"));
            hash.AppendData(content);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
