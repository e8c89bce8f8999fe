using System.Diagnostics;
using System.Text;

namespace Convoy.Cli.Tests;

/// <summary>The real program on a real terminal (a pty, by script(1)), of a size one says.</summary>
internal sealed class Terminal : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly StringBuilder seen = new();
    private readonly Task reading;

    /// <param name="after">A shell command that says how the terminal was left.</param>
    public Terminal(ConvoyProgram convoy, string arguments, int columns = 120, int rows = 24, string after = "true")
        : this(convoy, columns, rows, $"{ConvoyProgram.Program} {arguments}; echo ended with $?; {after}")
    {
    }

    private Terminal(ConvoyProgram convoy, int columns, int rows, string command)
    {
        convoy.Variables.TryAdd("TERM", "xterm-256color");
        process = convoy.Start("script", ["-qfec", $"stty cols {columns} rows {rows}; {command}", "/dev/null"]);
        reading = ReadAsync();
    }

    /// <summary>Another program on it.</summary>
    public static Terminal With(ConvoyProgram convoy, string command) => new(convoy, 120, 24, command);

    /// <summary>All that came to the terminal.</summary>
    public string Seen
    {
        get
        {
            lock (seen) return seen.ToString();
        }
    }

    /// <summary>The last whole picture.</summary>
    public string Picture => Seen.Split("\e[H")[^1];

    public async Task TypeAsync(string keys)
    {
        await process.StandardInput.WriteAsync(keys);
        await process.StandardInput.FlushAsync();
    }

    public async Task<string> UntilAsync(Func<string, bool> isEnough)
    {
        for (var deadline = DateTime.UtcNow + Patience; !isEnough(Seen);)
        {
            if (DateTime.UtcNow > deadline) throw new TimeoutException($"never seen; what came: {Seen}");
            await Task.Delay(20);
        }

        return Seen;
    }

    /// <summary>Everything, once the program has ended.</summary>
    public async Task<string> EndAsync()
    {
        await UntilAsync(text => text.Contains("ended with ", StringComparison.Ordinal));
        process.StandardInput.Close();
        await reading.WaitAsync(Patience);
        return Seen;
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new char[4096];
        while (await process.StandardOutput.ReadAsync(buffer) is > 0 and var count)
        {
            lock (seen) seen.Append(buffer, 0, count);
        }
    }
}
