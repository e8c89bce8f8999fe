using System.Diagnostics;

namespace Convoy.EndToEnd.Tests;

internal sealed record EndedCommand(int ExitCode, string Output, string Error);

/// <summary>The command line of one person, in a home of its own.</summary>
internal sealed class ConvoyCommand : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly Uri server;
    private readonly string token;

    /// <summary>The administrator's.</summary>
    public ConvoyCommand(RunningPlatform platform)
        : this(platform.Url, platform.AdministratorToken)
    {
    }

    public ConvoyCommand(Uri server, string token)
    {
        this.server = server;
        this.token = token;
        Home = Directory.CreateTempSubdirectory("convoy-e2e-").FullName;
        Folder = Directory.CreateDirectory(Path.Combine(Home, "work")).FullName;
    }

    public string Home { get; }

    /// <summary>Where commands are started.</summary>
    public string Folder { get; }

    public async Task<EndedCommand> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(BuiltPrograms.Cli, arguments) { WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CONVOY_", StringComparison.Ordinal) || name is "VIRTUAL_ENV" or "CONDA_PREFIX" or "LANG" or "LC_ALL").ToArray()) start.Environment.Remove(name);
        start.Environment["HOME"] = Home;
        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(Home, "config");
        start.Environment["CONVOY_SERVER"] = server.ToString();
        start.Environment["CONVOY_TOKEN"] = token;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            return new EndedCommand(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"still running: convoy {string.Join(' ', arguments)}");
        }
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);
}
