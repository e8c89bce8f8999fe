using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Convoy.EndToEnd.Tests;

/// <summary>The command line in a terminal of its own, with somebody who types there, looks, and pulls at the window.</summary>
internal sealed class PersonAtTerminal : IAsyncDisposable
{
    /// <summary>A pty needs a session that it controls, which .NET gives no child. Orders come on standard input, what is on the screen goes to standard output.</summary>
    private const string Driver = """
        import fcntl, os, pty, select, signal, struct, subprocess, sys, termios

        master, slave = pty.openpty()
        def resize(rows, columns): fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        resize(30, 100)
        def own():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        before = termios.tcgetattr(slave)
        child = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=slave, stderr=slave, preexec_fn=own)
        orders = b""
        open_input = True
        while True:
            ready, _, _ = select.select([master] + ([0] if open_input else []), [], [], 0.05)
            if master in ready: os.write(1, os.read(master, 65536))
            elif child.poll() is not None: break
            if 0 in ready:
                some = os.read(0, 65536)
                open_input = bool(some)
                orders += some
                while b"\n" in orders:
                    line, orders = orders.split(b"\n", 1)
                    word, *rest = line.decode().split()
                    if word == "type": os.write(master, bytes.fromhex(rest[0]))
                    if word == "size": resize(int(rest[0]), int(rest[1]))
                    if word == "kill": child.send_signal(int(rest[0]))
        same = termios.tcgetattr(slave) == before
        print(f"\n[exit {child.returncode}, {'as before' if same else 'NOT as before'}]", flush=True)
        """;

    private readonly Process process;
    private readonly StringBuilder screen = new();
    private readonly Task reading;

    public PersonAtTerminal(ConvoyCommand command, params string[] arguments)
    {
        var start = command.Start("/usr/bin/python3", ["-c", Driver, BuiltPrograms.Cli, .. arguments]);
        start.Environment["TERM"] = "xterm";
        start.Environment["LANG"] = "C.UTF-8";
        start.StandardInputEncoding = start.StandardOutputEncoding = Encoding.Latin1;
        process = Process.Start(start)!;
        reading = ReadAsync();
    }

    /// <summary>All that was on the screen so far.</summary>
    public string Screen
    {
        get
        {
            lock (screen) return screen.ToString();
        }
    }

    public Task TypeAsync(string text) => OrderAsync($"type {Convert.ToHexString(Encoding.UTF8.GetBytes(text))}");

    public Task ResizeAsync(int rows, int columns) => OrderAsync(string.Create(CultureInfo.InvariantCulture, $"size {rows} {columns}"));

    public Task SignalAsync(int signal) => OrderAsync(string.Create(CultureInfo.InvariantCulture, $"kill {signal}"));

    public async Task SeesAsync(string text)
    {
        try
        {
            await Eventually.HoldsAsync($"'{text}' is on the screen", () => Screen.Contains(text, StringComparison.Ordinal));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; there is:\n{Screen}", e);
        }
    }

    /// <summary>The exit code; the terminal must be as it was before.</summary>
    public async Task<int> EndAsync()
    {
        await SeesAsync("\n[exit ");
        await process.WaitForExitAsync();
        await reading;
        var end = Screen[(Screen.LastIndexOf("\n[exit ", StringComparison.Ordinal) + 7)..].Split(", ");
        end[1].ShouldStartWith("as before", customMessage: Screen);
        return int.Parse(end[0], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        await reading;
        process.Dispose();
    }

    private async Task OrderAsync(string order)
    {
        await process.StandardInput.WriteLineAsync(order);
        await process.StandardInput.FlushAsync();
    }

    private async Task ReadAsync()
    {
        var buffer = new char[4096];
        while (await process.StandardOutput.ReadAsync(buffer) is > 0 and var count)
        {
            lock (screen) screen.Append(buffer, 0, count);
        }
    }
}
