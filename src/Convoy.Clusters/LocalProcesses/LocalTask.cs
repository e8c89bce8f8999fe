using System.Text;
using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Core.Tasks;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>One task as its folder and its processes tell.</summary>
internal sealed class LocalTask(JobId job, int attempt, int rank, string folder, TimeProvider time)
{
    private TaskStart? start;
    private int? child;
    private bool childEnded;
    private bool childWasOrderly;
    private bool stopMade;

    /// <summary>Exited or Lost; nothing changes any more.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>By anybody, at any time.</summary>
    public bool WasStarted => start is not null || File.Exists(Path.Combine(folder, TaskFolder.Started));

    /// <summary>What a supervisor needs is there.</summary>
    public bool IsPrepared => File.Exists(Path.Combine(folder, TaskFolder.Order));

    /// <summary>Whether to start a supervisor. One that refuses because another works already does no harm.</summary>
    public bool WantsSupervisor => !HasEnded && start is null && child is null && !stopMade;

    public void Start(string program) => child = Supervisor.Start(program, ["run", folder]);

    public bool IsRunning => start is not null && !HasEnded;

    public int Rank => rank;

    /// <summary>When it was last seen to do something: to print, or to touch that file. Null where it never was.</summary>
    public DateTime? LastProgress(string heartbeat)
    {
        DateTime? last = File.Exists(heartbeat) ? File.GetLastWriteTimeUtc(heartbeat) : null;
        var log = new DirectoryInfo(Path.Combine(folder, TaskFolder.Log));
        foreach (var file in log.Exists ? log.EnumerateFiles() : [])
        {
            if (file.Length > 0 && (last is null || file.LastWriteTimeUtc > last)) last = file.LastWriteTimeUtc;
        }

        return last;
    }

    /// <summary>Durable: whoever takes the task's lock from now on never starts it, and who runs it stops it.</summary>
    /// <param name="hung">Why it is taken for hung; null where it is not.</param>
    public void Stop(string? hung = null)
    {
        if (stopMade || HasEnded) return;
        Directory.CreateDirectory(folder);
        var stop = Path.Combine(folder, TaskFolder.Stop);
        if (!File.Exists(stop)) DurableFile.Write(stop, Encoding.UTF8.GetBytes(hung ?? ""));
        stopMade = true;
    }

    /// <summary>It never started and never will.</summary>
    public TaskObservation Fail(FailedPreparation failed)
    {
        HasEnded = true;
        return Seen(TaskState.Exited, failed.At, new TaskOutcome(126, Message: failed.Message));
    }

    /// <summary>What is new.</summary>
    public IEnumerable<TaskObservation> Look(Func<ProcessTable> processes)
    {
        if (start is null && ReadStart() is { } started)
        {
            start = started;
            yield return Seen(TaskState.Running, started.At);
        }

        if (SupervisorHasEnded() && (start is null || !Supervisor.IsOfThisBoot(start) || !Supervisor.IsAlive(start)) && TryEnd(processes) is { } ended)
        {
            HasEnded = true;
            yield return ended;
        }
    }

    private bool SupervisorHasEnded() => child is not { } pid || childEnded || (childEnded = Supervisor.HasEnded(pid, out childWasOrderly));

    /// <summary>A supervisor that ended in order stayed until no process was left; looking through the whole machine is spared then.</summary>
    private bool LeftNothing(TaskStart started) => childWasOrderly && started.SupervisorPid == child;

    /// <summary>No supervisor that we know of lives. Null where the task has not ended for all that.</summary>
    private TaskObservation? TryEnd(Func<ProcessTable> processes)
    {
        if (start is { } started)
        {
            if (!Supervisor.IsOfThisBoot(started)) return End();
            // What its supervisor could not stop any more holds devices still.
            if (!LeftNothing(started) && ReadOrder() is { } order && !processes().Sweep(new SweptTask(order, Path.Combine(folder, TaskFolder.Lock)))) return null;
            return TaskLock.IsFree(folder) ? End() : null;
        }

        if (!stopMade && !childEnded) return null;
        // Ours gave up: perhaps because an earlier life's works already.
        if (!TaskLock.IsFree(folder)) return null;
        // From here on none can start it; what is seen then is final.
        Stop();
        return TaskLock.IsFree(folder) && ReadStart() is null ? End() : null;
    }

    private TaskObservation End() => DurableFile.Read(Path.Combine(folder, TaskFolder.Exit)) is { } bytes && JsonSerializer.Deserialize(bytes, TaskJson.Default.TaskExit) is { } exit
        ? Seen(TaskState.Exited, exit.At, Outcome(exit))
        : Seen(TaskState.Lost, time.GetUtcNow());

    private TaskOutcome Outcome(TaskExit exit)
    {
        var hung = exit.Stopped && DurableFile.Read(Path.Combine(folder, TaskFolder.Stop)) is { Length: > 0 } text ? Encoding.UTF8.GetString(text) : null;
        return new TaskOutcome(exit.Code, exit.Signal, exit.OutOfMemory, exit.Stopped, Message: hung ?? exit.Message) { Hung = hung is not null, Datasets = exit.Datasets };
    }

    private TaskStart? ReadStart() => DurableFile.Read(Path.Combine(folder, TaskFolder.Started)) is { } bytes ? JsonSerializer.Deserialize(bytes, TaskJson.Default.TaskStart) : null;

    private TaskOrder? ReadOrder() => DurableFile.Read(Path.Combine(folder, TaskFolder.Order)) is { } bytes ? JsonSerializer.Deserialize(bytes, TaskJson.Default.TaskOrder) : null;

    private TaskObservation Seen(TaskState state, DateTimeOffset at, TaskOutcome? outcome = null) => new(job, attempt, rank, state, at, outcome);
}
