using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Convoy.Core.Resources;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>Starts the task of one folder, at most once ever, and stays until no process of it is left.</summary>
internal sealed class Supervisor(string folder, TimeProvider time)
{
    /// <summary>What the main process leaves behind gets this long at most: its devices are needed.</summary>
    private const long LeftoverGraceMilliseconds = 5_000;

    private const int KillPeriodMilliseconds = 100;

    /// <summary>A program of a terminal that the stop signal does not end (interactive shells ignore SIGTERM) is hung up after this, as when its window is closed.</summary>
    private const long HangupAfterMilliseconds = 1_000;

    private readonly Wakeups _wakeups = new(folder);
    private volatile bool _signalled;
    private bool _stopping;
    private bool _mainEnded;
    private long? _killAt;
    private long? _hangupAt;
    private string? _idle;
    private bool _recorded;

    public int Run()
    {
        // 1. One supervisor at a time, one start ever. The lock ends with this process, which outlives all others of the task.
        if (!FolderLock.Take(folder)) return ExitCodes.HeldByAnother;
        if (Has(TaskFolder.Started) || Has(TaskFolder.Exit) || Has(TaskFolder.Stop)) return ExitCodes.Done;

        // 2. Nothing that happens to the one who started us may end the task, but for a request to stop.
        // A session of its own keeps Ctrl-C in the terminal of a server away from its tasks.
        _ = Libc.NewSession();
        _ = Libc.SetSignal(Signals.Hangup, Libc.IgnoreAction);
        _ = Libc.SetSignal(Signals.BrokenPipe, Libc.IgnoreAction);
        _ = Libc.SetSignal(Signals.Child, Libc.DefaultAction);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        _ = Libc.ProcessControl(Libc.SetChildSubreaper, 1, 0, 0, 0);
        CgroupHierarchy.Enter();

        try
        {
            return StartAndStay(OrderFile.Read(folder));
        }
        catch (CannotStartException e)
        {
            var exit = new ExitRecord(folder);
            exit.Set(new TaskExit(126, null, OutOfMemory: false, Stopped: _signalled || Has(TaskFolder.Stop), e.Message, time.GetUtcNow()));
            while (!exit.IsSettled) _wakeups.Sleep(exit.TryWrite());
            return exit.IsWritten ? ExitCodes.Done : ExitCodes.CannotWrite;
        }
    }

    /// <exception cref="CannotStartException">Nothing has been started.</exception>
    private int StartAndStay(TaskOrder order)
    {
        // 3. Everything that can fail before the start.
        using var ports = new HeldPorts(order.HoldPorts);
        using var log = new LogWriter(folder, order, time);
        var exit = new ExitRecord(folder);
        if (!exit.HasReserve)
        {
            Output.Error($"{folder}: there is no room to record how the task ends; it is not started");
            return ExitCodes.CannotWrite;
        }

        var datasets = OpenDatasets.Open(folder, order, IsToStop);
        var launch = Launch.Prepare(folder, order, datasets);
        using var terminal = order.Console is { } console ? new TerminalSession(folder, console, launch.Ends, log) : null;

        // 4. Limits hold from the first instruction of the program on.
        using var limits = TaskLimits.Apply(order, launch.Pid);
        foreach (var remark in limits.Missing is { } missing ? [missing, .. datasets.Unmounted] : datasets.Unmounted) Say(remark);

        // 5. The start is on the disk before it happens. Waiting for data comes after it: the task has its node, and nobody else is to start it.
        var reaper = new Reaper(launch.Pid, _wakeups.Wake);
        _recorded = TryRecordStart();
        var starts = _recorded && datasets.AwaitStart(Say, IsToStop);
        if (terminal is null) log.Follow(launch.Ends.Output);
        else terminal.Start();
        if (starts) launch.Release();
        else launch.Abandon();
        reaper.Start();

        // 6. Until nothing is left and the end is on the disk.
        while (!reaper.NoneLeft || (_recorded && !exit.IsSettled)) Step(exit, reaper, order, launch, limits, datasets, terminal);
        terminal?.Finish();
        log.Finish(IsToStop);
        return _recorded && exit.IsWritten ? ExitCodes.Done : ExitCodes.CannotWrite;

        void Say(string remark)
        {
            if (terminal is null) log.Append(Encoding.UTF8.GetBytes($"convoy: {remark}\n"));
            else terminal.Show($"convoy: {remark}");
        }
    }

    private void Step(ExitRecord exit, Reaper reaper, TaskOrder order, Launch launch, TaskLimits limits, OpenDatasets datasets, TerminalSession? terminal)
    {
        var now = Environment.TickCount64;
        if (!_stopping && !_mainEnded && IsToStop())
        {
            _stopping = true;
            Stop(order, now);
        }

        if (!_stopping && !_mainEnded && _idle is null && order.Console is { } console && terminal!.IdleFor >= console.IdleMilliseconds)
        {
            _idle = $"idle for {DurationText.Format(TimeSpan.FromMilliseconds(console.IdleMilliseconds))}: nothing was typed and nothing printed, so it was ended";
            Stop(order, now);
        }

        if (_hangupAt <= now && !_mainEnded)
        {
            _hangupAt = null;
            Descendants.Signal(Signals.Hangup);
        }

        if (!_mainEnded && reaper.MainStatus is { } status)
        {
            _mainEnded = true;
            if (_recorded) exit.Set(ExitOf(status, launch.Failure(), limits) with { Datasets = datasets.End() });
            exit.TryWrite();
            _killAt = Math.Min(_killAt ?? long.MaxValue, now + Math.Min(order.GraceMilliseconds, LeftoverGraceMilliseconds));
            if (!_stopping && _idle is null) Descendants.Signal(Signals.Terminate);
        }

        if (_killAt <= now && !reaper.NoneLeft)
        {
            Descendants.Kill();
            _killAt = now + KillPeriodMilliseconds;
        }

        var untilKill = reaper.NoneLeft ? long.MaxValue : Math.Min(_killAt ?? long.MaxValue, _mainEnded ? long.MaxValue : _hangupAt ?? long.MaxValue) - now;
        _wakeups.Sleep(Math.Min(untilKill, exit.TryWrite()));
    }

    private void Stop(TaskOrder order, long now)
    {
        _killAt = now + order.GraceMilliseconds;
        if (order.Console is { IsTerminal: true }) _hangupAt = now + Math.Min(HangupAfterMilliseconds, order.GraceMilliseconds / 2);
        Descendants.Signal(Signals.Number(order.StopSignal)!.Value);
    }

    private TaskExit ExitOf(int status, ExecutionFailure? failure, TaskLimits limits)
    {
        if (failure is not null) return new TaskExit(failure.Code, null, OutOfMemory: false, _stopping, failure.Message, time.GetUtcNow());
        // As WIFSIGNALED, WTERMSIG and WEXITSTATUS read it.
        var signal = status & 0x7f;
        int? code = signal == 0 ? (status >> 8) & 0xff : null;
        var outOfMemory = code != 0 && limits.RanOutOfMemory();
        var message = outOfMemory ? "it used more memory than its limit" : _idle;
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

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        _signalled = true;
        _wakeups.Wake();
    }

    private bool IsToStop() => _signalled || Has(TaskFolder.Stop);

    private bool Has(string name) => Libc.Exists(Path.Combine(folder, name));
}
