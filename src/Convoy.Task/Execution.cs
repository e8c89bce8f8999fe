using System.Globalization;
using System.Text;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>
/// The second stage: a process that makes itself what the order asks for, waits for the word, and becomes the program.
/// Nothing after the change of user may need a file that only the supervisor's user can read.
/// </summary>
internal static unsafe class Execution
{
    public const int Go = 3, Failure = 4;

    /// <summary>A pipe takes this much without waiting for its reader.</summary>
    public const int LongestFailure = 4096;

    private const int SetMask = 2;
    private const uint NothingForOthers = 0x7; // 007: the group is the person's own, or a folder's that was made for sharing.

    public static int Run(string folder, int supervisor, string[] datasets)
    {
        var order = OrderFile.Read(folder);
        var arguments = CString.Array(order.Command);
        var paths = datasets.Select(path => path.Split('=', 2)).ToDictionary(path => path[0], path => path[1]);
        var found = order.Datasets.Where(dataset => paths.ContainsKey(dataset.Name)).Select(dataset => $"{dataset.Variable}={dataset.Mount ?? paths[dataset.Name]}");
        var environment = CString.Array(order.Environment.Select(pair => $"{pair.Key}={pair.Value}").Concat(found));

        KeepDescriptorsFromTheTask();
        ResetSignals();
        _ = Libc.NewSession();
        // Its own session has no terminal yet: this one becomes it, with job control, Ctrl-C and a hangup at the end.
        if (order.Console is { IsTerminal: true } && !Pty.TakeAsControlling(0)) return Report(new ExecutionFailure(126, $"its terminal cannot be made its own: {Libc.Explain(Libc.LastError)}"));
        if (PrivateMounts.Make(order, paths) is { } unmounted) return Report(unmounted);
        if (order.Uid is { } uid && Become((uint)uid) is { } refused) return Report(refused);
        // After the change of user, which clears it. The supervisor may have died before it was set.
        _ = Libc.ProcessControl(Libc.SetParentDeathSignal, Signals.Kill, 0, 0, 0);
        if (Libc.ParentPid() != supervisor || !ToldToGo()) return ExitCodes.CannotWrite;

        if (Libc.ChangeFolder(order.WorkingDirectory) < 0)
            return Report(new ExecutionFailure(126, $"working directory {order.WorkingDirectory}: {WhyNot(order.WorkingDirectory, Libc.LastError)}"));
        return Report(Execute(order, arguments, environment));
    }

    /// <summary>Only those that are ignored would outlive the exec; a handler taken away now could be missed by the runtime.</summary>
    private static void ResetSignals()
    {
        var action = stackalloc nint[64];
        for (var signal = 1; signal <= Signals.Highest; signal++)
        {
            if (Libc.SignalAction(signal, null, action) == 0 && action[0] == Libc.IgnoreAction) _ = Libc.SetSignal(signal, Libc.DefaultAction);
        }

        var none = stackalloc byte[128];
        new Span<byte>(none, 128).Clear();
        _ = Libc.SignalMask(SetMask, none, null);
    }

    private static void KeepDescriptorsFromTheTask()
    {
        foreach (var path in Directory.GetFileSystemEntries("/proc/self/fd"))
        {
            var descriptor = int.Parse(Path.GetFileName(path.AsSpan()), CultureInfo.InvariantCulture);
            if (descriptor > 2) _ = Libc.Control(descriptor, Libc.FileSetDescriptorFlags, Libc.DescriptorCloseOnExec);
        }
    }

    private static ExecutionFailure? Become(uint uid)
    {
        if (Libc.SetGroups(0, null) < 0 || Libc.SetGid(uid, uid, uid) < 0 || Libc.SetUid(uid, uid, uid) < 0)
            return new ExecutionFailure(126, $"the supervisor may not become uid {Text(uid)}: {Libc.Explain(Libc.LastError)}");
        _ = Libc.SetCreationMask(NothingForOthers);
        // People are kept apart by their uids alone: no set-uid program may lead back out of one.
        if (Libc.ProcessControl(Libc.SetNoNewPrivileges, 1, 0, 0, 0) < 0) return new ExecutionFailure(126, $"privileges cannot be given up for good: {Libc.Explain(Libc.LastError)}");
        return null;
    }

    private static bool ToldToGo()
    {
        byte word;
        nint count;
        do count = Libc.Read(Go, &word, 1);
        while (count < 0 && Libc.LastError == Libc.ErrorInterrupted);
        return count == 1;
    }

    /// <summary>Returns only where it failed. Searches as execvp does, in the order's PATH, and does not try a shell.</summary>
    private static ExecutionFailure Execute(TaskOrder order, byte** arguments, byte** environment)
    {
        var program = order.Command[0];
        if (program.Contains('/', StringComparison.Ordinal))
        {
            _ = Libc.Execute(CString.Of(program), arguments, environment);
            return CannotExecute(program, Libc.LastError);
        }

        var folders = order.Environment.TryGetValue("PATH", out var path) ? path : "/usr/local/bin:/usr/bin:/bin";
        ExecutionFailure? closest = null;
        foreach (var folder in folders.Split(':'))
        {
            var candidate = folder.Length == 0 ? $"./{program}" : $"{folder}/{program}";
            _ = Libc.Execute(CString.Of(candidate), arguments, environment);
            var error = Libc.LastError;
            if (error is Libc.ErrorNotFolder || (error is Libc.ErrorNotFound && !Libc.Exists(candidate))) continue;
            closest ??= CannotExecute(candidate, error);
            if (error is not Libc.ErrorAccess) break;
        }

        return closest ?? new ExecutionFailure(127, $"{program}: not found in PATH ({folders})");
    }

    private static ExecutionFailure CannotExecute(string program, int error) => error switch
    {
        Libc.ErrorNotFound when Libc.Exists(program) => new(126, $"{program}: the interpreter that it names in its first line does not exist"),
        Libc.ErrorNotFound or Libc.ErrorNotFolder => new(127, $"{program}: not found"),
        Libc.ErrorNotExecutable => new(126, $"{program}: neither a program for this machine nor a script with a #! line"),
        Libc.ErrorArgumentsTooLong => new(126, $"{program}: arguments and environment are too long"),
        _ => new(126, $"{program}: {WhyNot(program, error)}"),
    };

    /// <summary>Where access is denied, the folder on the way that denies it.</summary>
    private static string WhyNot(string path, int error)
    {
        if (error != Libc.ErrorAccess) return Libc.Explain(error);
        var uid = Text(Libc.EffectiveUid());
        for (var end = path.IndexOf('/', 1); end > 0; end = path.IndexOf('/', end + 1))
        {
            var folder = path[..end];
            if (Libc.Access(folder, Libc.AccessExecute) < 0 && Libc.LastError == Libc.ErrorAccess) return $"{folder} is closed to uid {uid}";
        }

        return Directory.Exists(path) ? $"it is a folder, or closed to uid {uid}" : $"uid {uid} may not execute it";
    }

    private static int Report(ExecutionFailure failure)
    {
        var message = Encoding.UTF8.GetBytes(failure.Message);
        var text = new byte[Math.Min(message.Length + 1, LongestFailure)];
        text[0] = (byte)failure.Code;
        message.AsSpan(0, text.Length - 1).CopyTo(text.AsSpan(1));
        _ = Libc.WriteAll(Failure, text, out _);
        return failure.Code;
    }

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
