using System.Globalization;
using System.Text;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>
/// The second stage, started and waiting: a process of this same program that becomes the task's when it is told to go.
/// It is spawned from the main thread, since the kernel takes the death of the spawning thread for the parent's.
/// </summary>
internal sealed unsafe class Launch
{
    private readonly int _go;
    private readonly int _failure;

    private Launch(int pid, int go, int failure, ProgramEnds ends)
    {
        Pid = pid;
        _go = go;
        _failure = failure;
        Ends = ends;
    }

    public int Pid { get; }

    /// <summary>The other ends of the program's standard streams.</summary>
    public ProgramEnds Ends { get; }

    /// <exception cref="CannotStartException">No process could be made.</exception>
    public static Launch Prepare(string folder, TaskOrder order, OpenDatasets datasets)
    {
        var streams = ProgramStreams.Make(order);
        var go = Pipe.Make();
        var failure = Pipe.Make();
        // Both C libraries in use need less than 400 bytes for it.
        var actions = stackalloc byte[512];
        _ = Libc.InitFileActions(actions);
        if (streams.Input is { } input) _ = Libc.AddDuplicate(actions, input, 0);
        else _ = Libc.AddOpen(actions, 0, "/dev/null", Libc.OpenRead, 0);
        _ = Libc.AddDuplicate(actions, streams.Output, 1);
        _ = Libc.AddDuplicate(actions, streams.Output, 2);
        _ = Libc.AddDuplicate(actions, go.ReadEnd, Execution.Go);
        _ = Libc.AddDuplicate(actions, failure.WriteEnd, Execution.Failure);

        var self = Environment.ProcessPath!;
        var arguments = CString.Array([self, "exec", folder, Libc.Pid().ToString(CultureInfo.InvariantCulture), .. datasets.Paths]);
        var environment = CString.Array(Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().Select(e => $"{e.Key}={e.Value}"));
        int pid;
        // Not by its path: an upgrade may just have put another program there.
        var error = Libc.Spawn(&pid, CString.Of("/proc/self/exe"), actions, null, arguments, environment);
        _ = Libc.DestroyFileActions(actions);
        streams.Close();
        _ = Libc.Close(go.ReadEnd);
        _ = Libc.Close(failure.WriteEnd);
        if (error != 0) throw new CannotStartException($"no process could be started: {Libc.Explain(error)}");
        return new Launch(pid, go.WriteEnd, failure.ReadEnd, streams.Ends);
    }

    public void Release()
    {
        _ = Libc.WriteAll(_go, "g"u8, out _);
        _ = Libc.Close(_go);
    }

    /// <summary>The second stage ends without having executed anything.</summary>
    public void Abandon() => _ = Libc.Close(_go);

    /// <summary>Why the program could not be executed; null where it was. To be asked when the process has ended.</summary>
    public ExecutionFailure? Failure()
    {
        var text = new byte[Execution.LongestFailure];
        var length = 0;
        fixed (byte* start = text)
        {
            while (length < text.Length)
            {
                var count = Libc.Read(_failure, start + length, text.Length - length);
                if (count > 0) length += (int)count;
                else if (count == 0 || Libc.LastError != Libc.ErrorInterrupted) break;
            }
        }

        return length == 0 ? null : new ExecutionFailure(text[0], Encoding.UTF8.GetString(text, 1, length - 1));
    }
}

/// <param name="Code">As a shell's: 127 not found, 126 found and not executable.</param>
internal sealed record ExecutionFailure(int Code, string Message);
