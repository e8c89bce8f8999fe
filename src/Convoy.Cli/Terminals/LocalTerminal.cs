using System.Runtime.InteropServices;
using Convoy.Core.Tasks;

namespace Convoy.Cli.Terminals;

/// <summary>
/// The terminal that we run in, as a plain wire: every key is a byte for the program elsewhere, Ctrl-C too. It is as it was before
/// once this is disposed of.
/// </summary>
internal sealed unsafe partial class LocalTerminal : IDisposable
{
    private const int Input = 0, Output = 1, Error = 2;
    private const int AtOnce = 0;
    private const nuint GetSize = 0x5413;

    // Larger than any C library's struct termios.
    private const int ModesBytes = 256;

    private readonly Lock gate = new();
    private readonly byte[] before = new byte[ModesBytes];
    private bool isRaw;
    private bool isOver;

    private LocalTerminal()
    {
    }

    /// <summary>Whether a person sits at both ends.</summary>
    public static bool IsThere => IsTerminal(Input) == 1 && IsTerminal(Output) == 1;

    /// <summary>Of the window; null where nobody knows.</summary>
    public static TerminalSize? Size => SizeOf(Output);

    /// <summary>Of the window behind standard error.</summary>
    public static TerminalSize? ErrorSize => SizeOf(Error);

    public static LocalTerminal Open()
    {
        var terminal = new LocalTerminal();
        fixed (byte* modes = terminal.before)
        {
            if (GetModes(Input, modes) != 0) throw new IOException($"the terminal does not say how it is set: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        terminal.Enter();
        return terminal;
    }

    /// <summary>Also after something else has set the terminal, as a shell does when it takes it back and gives it again.</summary>
    public void Enter()
    {
        lock (gate)
        {
            if (isOver) return;
            var modes = stackalloc byte[ModesBytes];
            before.CopyTo(new Span<byte>(modes, ModesBytes));
            MakeRaw(modes);
            _ = SetModes(Input, AtOnce, modes);
            isRaw = true;
        }
    }

    /// <summary>Does what prints lines of our own, for which the terminal has to be as it was.</summary>
    public void Aside(Action act)
    {
        Leave();
        act();
        Enter();
    }

    public void Dispose()
    {
        lock (gate) isOver = true;
        Leave();
    }

    private void Leave()
    {
        lock (gate)
        {
            if (!isRaw) return;
            fixed (byte* modes = before) _ = SetModes(Input, AtOnce, modes);
            isRaw = false;
        }
    }

    private static TerminalSize? SizeOf(int descriptor)
    {
        var window = stackalloc ushort[4];
        return DeviceControl(descriptor, GetSize, window) == 0 && window[0] > 0 && window[1] > 0 ? new TerminalSize(window[0], window[1]) : null;
    }

    [LibraryImport("libc", EntryPoint = "isatty")]
    private static partial int IsTerminal(int descriptor);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int GetModes(int descriptor, byte* modes);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetModes(int descriptor, int when, byte* modes);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte* modes);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int DeviceControl(int descriptor, nuint request, void* argument);
}
