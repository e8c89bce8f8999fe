using System.Diagnostics;

namespace Convoy.Client.Tests.Code;

/// <summary>A folder of files to scan, gone with the test; and git's view of it.</summary>
public sealed class CodeTree : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("convoy-code-").FullName;

    public static bool HasGit { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "git")));

    public CodeTree Add(string path, string text = "x")
    {
        var full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        return this;
    }

    /// <summary>What git would add, sorted by ordinal.</summary>
    public string[] SeenByGit()
    {
        Git("init", "-q");
        return [.. Git("ls-files", "-z", "--others", "--exclude-per-directory=.gitignore").Split('\0', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private string Git(params string[] arguments)
    {
        var start = new ProcessStartInfo("git", arguments) { WorkingDirectory = Root, RedirectStandardOutput = true };
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        using var git = Process.Start(start)!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        git.ExitCode.ShouldBe(0);
        return output;
    }
}
