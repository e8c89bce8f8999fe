using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Convoy.EndToEnd.Tests;

/// <summary>The programs of this build, packed by eng/package.sh as a release is: a tar, a Debian package and a newer one.</summary>
public sealed class MadePackages : IAsyncLifetime
{
    public const string Old = "0.1.0", New = "0.1.1~test";

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("convoy-packages-");

    public string Folder => Path.Combine(root.FullName, "made");

    public string Tar => Directory.GetFiles(Folder, $"convoy-{Old}-*.tar.gz").Single();

    public string Deb(string version) => Directory.GetFiles(Folder, $"convoy_{version}_*.deb").Single();

    /// <summary>As it is unpacked from the tar.</summary>
    public string Tree => Path.Combine(root.FullName, $"convoy-{Old}");

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists("/usr/bin/dpkg-deb")) return;
        var programs = root.CreateSubdirectory("programs").FullName;
        string[] built = [.. new[] { BuiltPrograms.Cli, BuiltPrograms.Agent, BuiltPrograms.Node, BuiltPrograms.Server, BuiltPrograms.Task }.Select(program => $"{Path.GetDirectoryName(program)}/.")];
        await RunAsync("cp", ["-R", .. built, programs]);
        // A release is built for one kind of machine.
        foreach (var foreign in Directory.GetDirectories(Path.Combine(programs, "runtimes")).Where(folder => Path.GetFileName(folder) != RuntimeInformation.RuntimeIdentifier)) Directory.Delete(foreign, recursive: true);
        await Task.WhenAll(PackAsync(programs, Old, "tar", "deb"), PackAsync(programs, New, "deb"));
        await RunAsync("tar", "-xzf", Tar, "-C", root.FullName);
    }

    /// <summary>What it printed; it has to succeed.</summary>
    internal static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (exitCode, output, error) = await TryAsync(program, arguments);
        exitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}\n{output}{error}");
        return output;
    }

    internal static async Task<EndedCommand> TryAsync(string program, params string[] arguments)
    {
        // Nobody compresses a test's package well, and it speaks English.
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["DPKG_DEB_COMPRESSOR_LEVEL"] = "0", ["LC_ALL"] = "C.UTF-8" } };
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Eventually.Patience);
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            return new EndedCommand(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"still running: {program} {string.Join(' ', arguments)}");
        }
    }

    public ValueTask DisposeAsync()
    {
        root.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private Task<string> PackAsync(string programs, string version, params string[] kinds) =>
        RunAsync(Path.Combine(BuiltPrograms.Samples, "../eng/package.sh"), ["--programs", programs, "--version", version, "--output", Folder, .. kinds]);
}
