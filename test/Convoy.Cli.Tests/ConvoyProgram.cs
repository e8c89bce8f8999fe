using System.Diagnostics;
using System.Text;

namespace Convoy.Cli.Tests;

internal sealed record Ended(int ExitCode, byte[] OutputBytes, string Error)
{
    public string Output => Encoding.UTF8.GetString(OutputBytes);
}

/// <summary>The real program in a home of its own.</summary>
internal sealed class ConvoyProgram : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public ConvoyProgram()
    {
        Home = Directory.CreateTempSubdirectory("convoy-cli-").FullName;
        Folder = Directory.CreateDirectory(Path.Combine(Home, "work")).FullName;
    }

    public static string Program { get; } = Environment.GetEnvironmentVariable("CONVOY_CLI_PROGRAM") ?? Beside();

    public string Home { get; }

    /// <summary>Where it is started.</summary>
    public string Folder { get; }

    public string ContextFile => Path.Combine(Home, "config", "convoy", "contexts.json");

    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>With this server and a token.</summary>
    public ConvoyProgram Uses(FakeServer server, string token = "cvy_1_secret")
    {
        Variables["CONVOY_SERVER"] = server.Url;
        Variables["CONVOY_TOKEN"] = token;
        return this;
    }

    public Process Start(params string[] arguments) => Start(Program, arguments);

    public Process Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in new[] { "CONVOY_SERVER", "CONVOY_TOKEN", "VIRTUAL_ENV", "CONDA_PREFIX", "XDG_STATE_HOME", "LC_ALL", "LC_MESSAGES", "LANG" }) start.Environment.Remove(name);
        start.Environment["HOME"] = Home;
        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(Home, "config");
        foreach (var (name, value) in Variables) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    public Task<Ended> RunAsync(params string[] arguments) => RunAsync(null, arguments);

    public async Task<Ended> RunAsync(string? input, string[] arguments)
    {
        using var process = Start(arguments);
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        return await EndAsync(process);
    }

    public static async Task<Ended> EndAsync(Process process)
    {
        using var late = new CancellationTokenSource(Patience);
        var output = new MemoryStream();
        var error = process.StandardError.ReadToEndAsync(late.Token);
        try
        {
            await process.StandardOutput.BaseStream.CopyToAsync(output, late.Token);
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"still running after {Patience}; it printed: {Encoding.UTF8.GetString(output.ToArray())}");
        }

        return new Ended(process.ExitCode, output.ToArray(), await error);
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);

    /// <summary>artifacts/bin/Convoy.Cli.Tests/debug → artifacts/bin/Convoy.Cli/debug.</summary>
    private static string Beside()
    {
        var mine = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.Combine(mine.Parent!.Parent!.FullName, "Convoy.Cli", mine.Name, "convoy");
    }
}
