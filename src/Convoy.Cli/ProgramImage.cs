using System.Runtime.InteropServices;

namespace Convoy.Cli;

/// <summary>execve(2).</summary>
internal static partial class ProgramImage
{
    private const int SetMask = 2;
    private const int SignalSetBytes = 128;

    /// <summary>Returns only where it failed, with the reason.</summary>
    public static string Replace(string program, IReadOnlyList<string> arguments)
    {
        // Handlers fall back to their defaults at exec, but a mask would be inherited.
        _ = SetSignalMask(SetMask, new byte[SignalSetBytes], 0);
        string?[] argv = [.. arguments, null];
        var environment = new List<string?>();
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables()) environment.Add($"{variable.Key}={variable.Value}");
        environment.Add(null);
        _ = Execute(program, argv, [.. environment]);
        return Marshal.GetLastPInvokeErrorMessage();
    }

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string program, [In] string?[] arguments, [In] string?[] environment);

    [LibraryImport("libc", EntryPoint = "sigprocmask")]
    private static partial int SetSignalMask(int how, [In] byte[] signals, nint old);
}
