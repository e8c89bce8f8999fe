using System.Collections;
using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Convoy.Core.Tasks;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>Starts supervisors that outlive this process, and tells whether one lives.</summary>
internal static unsafe class Supervisor
{
    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSession = 0x80;
    private const int ReadWrite = 2, Create = 0x40, Append = 0x400;
    private const uint OwnerOnly = 0b110_000_000;

    // Larger than glibc's and musl's own structures (336, 80 and 128 bytes).
    private const int StructureBytes = 1024;

    private static readonly string BootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>
    /// In a session of its own, with no file of ours open, so that neither our end nor our terminal's reaches it.
    /// Process.Start can do neither.
    /// </summary>
    /// <param name="output">Where what it prints is appended.</param>
    public static int Start(string program, IReadOnlyList<string> arguments, string output = "/dev/null")
    {
        var attributes = stackalloc byte[StructureBytes];
        var actions = stackalloc byte[StructureBytes];
        var signals = stackalloc byte[StructureBytes];
        _ = Native.InitAttributes(attributes);
        _ = Native.InitFileActions(actions);
        try
        {
            _ = Native.AddOpen(actions, 0, "/dev/null", ReadWrite, 0);
            for (var descriptor = 1; descriptor <= 2; descriptor++) _ = Native.AddOpen(actions, descriptor, output, ReadWrite | Create | Append, OwnerOnly);
            // The runtime ignores SIGPIPE, and what is ignored would be inherited.
            _ = Native.FillSignals(signals);
            _ = Native.SetDefaultSignals(attributes, signals);
            _ = Native.EmptySignals(signals);
            _ = Native.SetSignalMask(attributes, signals);
            _ = Native.SetFlags(attributes, SetSession | SetSignalDefaults | SetSignalMask);
            using var words = new TextArray([program, .. arguments]);
            using var environment = new TextArray(Surroundings());
            var error = Native.Spawn(out var pid, program, actions, attributes, words.Pointer, environment.Pointer);
            return error == 0 ? pid : throw new IOException($"cannot start {program}: {new Win32Exception(error).Message}");
        }
        finally
        {
            _ = Native.DestroyFileActions(actions);
            _ = Native.DestroyAttributes(attributes);
        }
    }

    /// <summary>True once a supervisor started by this process has ended; it is reaped then.</summary>
    public static bool HasEnded(int pid) => HasEnded(pid, out _);

    /// <param name="wasOrderly">It ended by itself and had nothing to complain of (see <see cref="TaskFolder"/>).</param>
    public static bool HasEnded(int pid, out bool wasOrderly)
    {
        var reaped = Native.WaitPid(pid, out var status, Native.NoHang);
        wasOrderly = reaped == pid && status == 0;
        return reaped != 0;
    }

    /// <summary>Whether that very process lives: a pid alone may be somebody else's by now.</summary>
    public static bool IsAlive(TaskStart start)
    {
        if (!IsOfThisBoot(start) || ProcessState.Read(start.SupervisorPid) is not { } state || state.StartTicks != start.SupervisorStartTicks) return false;
        // A child of ours from an earlier life of the cluster in this process; where it is somebody else's, this does nothing.
        if (!state.IsRunning) HasEnded(start.SupervisorPid);
        return state.IsRunning;
    }

    public static bool IsOfThisBoot(TaskStart start) => start.BootId == BootId;

    /// <summary>No secret of ours reaches a supervisor, but what a .NET program needs to be found, and where it is to make groups.</summary>
    private static string[] Surroundings() => [.. Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Select(entry => (Name: (string)entry.Key, Value: (string?)entry.Value))
        .Where(entry => entry.Name is "PATH" or "HOME" or "TMPDIR" or "LANG" or "CONVOY_TASKS_CGROUP" || entry.Name.StartsWith("DOTNET_", StringComparison.Ordinal))
        .Select(entry => $"{entry.Name}={entry.Value}")
        // A supervisor that is not compiled ahead of time would leave its diagnostic sockets in TMPDIR when it becomes the task's program.
        .Append("DOTNET_EnableDiagnostics=0")];

    private readonly ref struct TextArray : IDisposable
    {
        private readonly int count;

        public TextArray(string[] texts)
        {
            count = texts.Length;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < count; i++)
            {
                var bytes = Encoding.UTF8.GetBytes(texts[i]);
                Pointer[i] = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
                bytes.CopyTo(new Span<byte>(Pointer[i], bytes.Length));
            }
        }

        public byte** Pointer { get; }

        public void Dispose()
        {
            for (var i = 0; i < count; i++) NativeMemory.Free(Pointer[i]);
            NativeMemory.Free(Pointer);
        }
    }
}

/// <summary>Of <c>/proc/PID/stat</c>.</summary>
internal readonly record struct ProcessState(char State, long StartTicks)
{
    private const int StateField = 3;
    private const int StartTicksField = 22;
    private const int AfterName = 3;

    /// <summary>False for a zombie: it holds no file and runs nothing.</summary>
    public bool IsRunning => State is not ('Z' or 'X' or 'x');

    /// <summary>Null where there is no such process.</summary>
    public static ProcessState? Read(int pid) => Fields(pid) is { } field ? new ProcessState(field(StateField)[0], long.Parse(field(StartTicksField), CultureInfo.InvariantCulture)) : null;

    /// <summary>Any field behind the name, by its number in proc(5), counted from 1.</summary>
    public static Func<int, string>? Fields(int pid)
    {
        try
        {
            // The name, field 2, may hold spaces and brackets: fields are counted from behind its last one.
            var text = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            if (text.Length == 0) return null;
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return number => fields[number - AfterName];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
