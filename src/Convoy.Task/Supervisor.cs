using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>Starts the task of one folder, at most once ever, and stays until no process of it is left.</summary>
internal sealed class Supervisor(string folder, TimeProvider time)
{
    /// <summary>What the main process leaves behind gets this long at most: its devices are needed.</summary>
    private const long LeftoverGraceMilliseconds = 5_000;

    private const int KillPeriodMilliseconds = 100;
    private const int ExitAttempts = 300;

    private readonly Wakeups _wakeups = new(folder);
    private volatile bool _signalled;
    private bool _stopping;
    private bool _mainEnded;
    private long? _killAt;

    public int Run()
    {
        // 1. One supervisor at a time, one start ever. The lock ends with this process, which outlives all others of the task.
        if (!FolderLock.Take(folder)) return ExitCodes.HeldByAnother;
        if (Has(TaskFolder.Started) || Has(TaskFolder.Exit) || Has(TaskFolder.Stop)) return ExitCodes.Done;

        // 2. Nothing that happens to the one who started us may end the task, but for a request to stop.
        _ = Libc.SetSignal(Signals.Hangup, Libc.IgnoreAction);
        _ = Libc.SetSignal(Signals.BrokenPipe, Libc.IgnoreAction);
        _ = Libc.SetSignal(Signals.Child, Libc.DefaultAction);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        _ = Libc.ProcessControl(Libc.SetChildSubreaper, 1, 0, 0, 0);

        try
        {
            return StartAndStay(OrderFile.Read(folder));
        }
        catch (CannotStartException e)
        {
            WriteExit(new TaskExit(126, null, OutOfMemory: false, Stopped: false, e.Message, time.GetUtcNow()));
            return ExitCodes.Done;
        }
    }

    /// <exception cref="CannotStartException">Nothing has been started.</exception>
    private int StartAndStay(TaskOrder order)
    {
        // 3. Everything that can fail before the start.
        using var ports = new HeldPorts(order.HoldPorts);
        using var log = new LogWriter(folder, order, time);
        var launch = Launch.Prepare(folder);

        // 4. Limits hold from the first instruction of the program on.
        using var limits = TaskLimits.Apply(order, launch.Pid);
        if (limits.Missing is { } missing) log.Append(Encoding.UTF8.GetBytes($"convoy: {missing}\n"));
        log.Follow(launch.Output);

        // 5. The start is on the disk before it happens.
        var reaper = new Reaper(launch.Pid, _wakeups.Wake);
        var recorded = TryRecordStart();
        if (recorded) launch.Release();
        else launch.Abandon();
        reaper.Start();

        // 6. Until nothing is left. The last step is for a main process that was the last.
        while (!reaper.NoneLeft) Step(reaper, order, launch, limits, recorded);
        Step(reaper, order, launch, limits, recorded);
        log.Finish();
        return recorded ? ExitCodes.Done : ExitCodes.CannotWrite;
    }

    private void Step(Reaper reaper, TaskOrder order, Launch launch, TaskLimits limits, bool recorded)
    {
        var now = Environment.TickCount64;
        if (!_stopping && !_mainEnded && (_signalled || Has(TaskFolder.Stop)))
        {
            _stopping = true;
            _killAt = now + order.GraceMilliseconds;
            Descendants.Signal(Signals.Number(order.StopSignal)!.Value);
        }

        if (!_mainEnded && reaper.MainStatus is { } status)
        {
            if (recorded) WriteExit(ExitOf(status, launch.Failure(), limits));
            _mainEnded = true;
            var leftoverUntil = now + Math.Min(order.GraceMilliseconds, LeftoverGraceMilliseconds);
            _killAt = Math.Min(_killAt ?? long.MaxValue, leftoverUntil);
            if (!_stopping) Descendants.Signal(Signals.Terminate);
        }

        if (reaper.NoneLeft) return;
        if (_killAt <= now)
        {
            Descendants.Kill();
            _killAt = now + KillPeriodMilliseconds;
        }

        _wakeups.Sleep((_killAt ?? long.MaxValue) - now);
    }

    private TaskExit ExitOf(int status, ExecutionFailure? failure, TaskLimits limits)
    {
        if (failure is not null) return new TaskExit(failure.Code, null, OutOfMemory: false, _stopping, failure.Message, time.GetUtcNow());
        // As WIFSIGNALED, WTERMSIG and WEXITSTATUS read it.
        var signal = status & 0x7f;
        int? code = signal == 0 ? (status >> 8) & 0xff : null;
        var outOfMemory = code != 0 && limits.RanOutOfMemory();
        var message = outOfMemory ? "it used more memory than its limit" : null;
        return new TaskExit(code, signal == 0 ? null : signal, outOfMemory, _stopping, message, time.GetUtcNow());
    }

    private bool TryRecordStart()
    {
        try
        {
            var bootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
            var pid = Libc.Pid();
            var start = new TaskStart(bootId, pid, ProcessStat.Of(pid)!.StartTicks, time.GetUtcNow());
            DurableFile.Write(folder, TaskFolder.Started, JsonSerializer.SerializeToUtf8Bytes(start, TaskJson.Default.TaskStart));
            return true;
        }
        catch (IOException e)
        {
            Output.Error(e.Message);
            // It may have been renamed and only the flush failed: then it has "started", and is over.
            return false;
        }
    }

    /// <summary>A full disk may have room again soon, and nobody else knows how the task ended.</summary>
    private void WriteExit(TaskExit exit)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                DurableFile.Write(folder, TaskFolder.Exit, JsonSerializer.SerializeToUtf8Bytes(exit, TaskJson.Default.TaskExit));
                return;
            }
            catch (IOException e)
            {
                if (attempt == 1) Output.Error(e.Message);
                if (attempt == ExitAttempts) return;
                Thread.Sleep(1_000);
            }
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        _signalled = true;
        _wakeups.Wake();
    }

    private bool Has(string name) => Libc.Exists(Path.Combine(folder, name));
}
