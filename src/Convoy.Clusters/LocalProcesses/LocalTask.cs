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

    /// <summary>Whether to start a supervisor. One that refuses because another works already does no harm.</summary>
    public bool WantsSupervisor => !HasEnded && start is null && child is null && !stopMade;

    public void Start(string program) => child = Supervisor.Start(program, folder);

    /// <summary>Durable: whoever takes the task's lock from now on never starts it, and who runs it stops it.</summary>
    public void Stop()
    {
        if (stopMade || HasEnded) return;
        Directory.CreateDirectory(folder);
        var stop = Path.Combine(folder, TaskFolder.Stop);
        if (!File.Exists(stop)) DurableFile.Write(stop, []);
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
        ? Seen(TaskState.Exited, exit.At, new TaskOutcome(exit.Code, exit.Signal, exit.OutOfMemory, exit.Stopped, Message: exit.Message))
        : Seen(TaskState.Lost, time.GetUtcNow());

    private TaskStart? ReadStart() => DurableFile.Read(Path.Combine(folder, TaskFolder.Started)) is { } bytes ? JsonSerializer.Deserialize(bytes, TaskJson.Default.TaskStart) : null;

    private TaskOrder? ReadOrder() => DurableFile.Read(Path.Combine(folder, TaskFolder.Order)) is { } bytes ? JsonSerializer.Deserialize(bytes, TaskJson.Default.TaskOrder) : null;

    private TaskObservation Seen(TaskState state, DateTimeOffset at, TaskOutcome? outcome = null) => new(job, attempt, rank, state, at, outcome);
}
