using System.Globalization;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>
/// A pseudo-terminal by the kernel's own requests: what the C library adds (grantpt, ptsname) is a set-uid program of old
/// times and a buffer. The numbers are those of Linux on x86-64 and arm64.
/// </summary>
/// <param name="Master">The supervisor's end.</param>
/// <param name="Slave">
/// The program's. To be closed here once the program has it: with another holder left the kernel hangs it up when the
/// program ends, and throws away what was printed last.
/// </param>
internal readonly unsafe record struct Pty(int Master, int Slave)
{
    private const nuint GetNumber = 0x80045430, SetLock = 0x40045431, SetControlling = 0x540E, SetSize = 0x5414, GetForegroundGroup = 0x540F;
    private const nuint GetModes = 0x5401, SetModes = 0x5402;
    private const uint InputIsUtf8 = 0x4000; // IUTF8: Backspace takes a whole character.
    private const uint OwnerOnly = 0x180; // 0600
    private const int ModesBytes = 64; // struct termios of the kernel has 36.
    private const int Flags = Libc.OpenReadWrite | Libc.OpenNotControlling | Libc.CloseOnExec;

    /// <summary>The character that ends the input of a terminal whose modes were left alone: Ctrl-D.</summary>
    public const byte EndOfInput = 4;

    /// <param name="owner">Uid and gid whose terminal it is to be; null: the supervisor's own.</param>
    /// <exception cref="CannotStartException">There is none to be had.</exception>
    public static Pty Open(int? owner, TerminalSize size)
    {
        var master = Libc.Open("/dev/ptmx", Flags);
        if (master < 0) throw Failed("/dev/ptmx");
        int number, unlocked = 0;
        if (Libc.DeviceControl(master, SetLock, &unlocked) < 0 || Libc.DeviceControl(master, GetNumber, &number) < 0) throw Failed("/dev/ptmx");
        var path = $"/dev/pts/{number.ToString(CultureInfo.InvariantCulture)}";
        var slave = Libc.Open(path, Flags);
        if (slave < 0) throw Failed(path);
        // Whoever else could open it could type into it.
        if (owner is { } uid && Libc.ChangeOwner(slave, (uint)uid, (uint)uid) < 0) throw Failed(path);
        if (Libc.ChangeMode(slave, OwnerOnly) < 0) throw Failed(path);
        var modes = stackalloc byte[ModesBytes];
        if (Libc.DeviceControl(slave, GetModes, modes) == 0)
        {
            *(uint*)modes |= InputIsUtf8;
            _ = Libc.DeviceControl(slave, SetModes, modes);
        }

        Resize(master, size);
        return new Pty(Pipe.Raise(master), Pipe.Raise(slave));
    }

    /// <summary>Of the calling session's leader, which has none.</summary>
    public static bool TakeAsControlling(int slave) => Libc.DeviceControl(slave, SetControlling, null) == 0;

    /// <summary>The kernel tells the foreground programs where it changes.</summary>
    public static void Resize(int master, TerminalSize size)
    {
        var window = stackalloc ushort[4] { (ushort)size.Rows, (ushort)size.Columns, 0, 0 };
        _ = Libc.DeviceControl(master, SetSize, window);
    }

    /// <summary>Has the foreground program draw its screen, as after a change of size: whoever attaches saw none of it.</summary>
    public static void Redraw(int master)
    {
        int group;
        if (Libc.DeviceControl(master, GetForegroundGroup, &group) == 0 && group > 1) _ = Libc.Kill(-group, Signals.WindowChange);
    }

    private static CannotStartException Failed(string path) => new($"no terminal can be made: {path}: {Libc.Explain(Libc.LastError)}");
}
