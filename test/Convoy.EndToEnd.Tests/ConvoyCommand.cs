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

    /// <summary>What its shell has exported.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>Where commands are started.</summary>
    public string Folder { get; }

    /// <summary>What commands find on standard input.</summary>
    public byte[] Input { get; set; } = [];

    public Task<EndedCommand> RunAsync(params string[] arguments) => RunAsync(null, arguments);

    /// <param name="speaks">Told when the command has printed its first characters: it has reached the server then.</param>
    public async Task<EndedCommand> RunAsync(TaskCompletionSource? speaks, params string[] arguments)
    {
        var start = Start(BuiltPrograms.Cli, arguments);
        start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        var typing = TypeAsync(process.StandardInput, Input);
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            var first = new char[1];
            var count = await process.StandardOutput.ReadAsync(first.AsMemory(), limit.Token);
            speaks?.TrySetResult();
            var rest = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            await typing;
            return new EndedCommand(process.ExitCode, new string(first, 0, count) + rest, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"still running: convoy {string.Join(' ', arguments)}");
        }
    }

    /// <summary>How this person starts a program: in their folder, signed in.</summary>
    public ProcessStartInfo Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CONVOY_", StringComparison.Ordinal) || name is "VIRTUAL_ENV" or "CONDA_PREFIX" or "LANG" or "LC_ALL" or "LC_MESSAGES").ToArray()) start.Environment.Remove(name);
        start.Environment["HOME"] = Home;
        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(Home, "config");
        start.Environment["CONVOY_SERVER"] = server.ToString();
        start.Environment["CONVOY_TOKEN"] = token;
        foreach (var (name, value) in Variables) start.Environment[name] = value;
        return start;
    }

    private static async Task TypeAsync(StreamWriter keyboard, byte[] input)
    {
        try
        {
            await keyboard.BaseStream.WriteAsync(input);
            keyboard.Close();
        }
        catch (IOException)
        {
            // It has ended without reading all of it.
        }
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);
}
