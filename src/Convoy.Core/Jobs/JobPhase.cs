namespace Convoy.Core.Jobs;

/// <summary>Where a job stands. Preempted and restarting are causes, not phases.</summary>
public enum JobPhase
{
    /// <summary>Waits for its gang's machines; holds nothing.</summary>
    Pending,

    /// <summary>Has its machines; not every task has started yet.</summary>
    Starting,

    /// <summary>Every task has started.</summary>
    Running,

    /// <summary>Told to stop; still holds its devices until the last task has ended.</summary>
    Stopping,

    /// <summary>Set aside by its owner; holds nothing until resumed.</summary>
    Suspended,

    Succeeded,
    Failed,
    Cancelled,
}

/// <summary>Why an attempt was told to stop.</summary>
public enum StopCause
{
    /// <summary>A task failed by itself.</summary>
    TaskFailed,

    /// <summary>A node, or the supervisor of a task, is gone.</summary>
    NodeLost,

    /// <summary>A node refused a task, or the gang did not run whole within the bind timeout.</summary>
    NotBound,

    /// <summary>Evicted for another job.</summary>
    Preempted,

    /// <summary>An administrator empties a node it runs on.</summary>
    Drained,

    /// <summary>Ran longer than its <c>limits.maxDuration</c>.</summary>
    MaxDuration,

    Suspended,
    Cancelled,
}

/// <summary>Whose fault a failure is; it decides whether to start again and who should look.</summary>
public enum FailureClass
{
    /// <summary>Code or configuration.</summary>
    User,

    /// <summary>Out of memory.</summary>
    Resource,

    /// <summary>Node, network or preemption.</summary>
    Platform,

    /// <summary>A broken device.</summary>
    Infrastructure,
}

public static class JobPhases
{
    public static bool IsFinished(this JobPhase phase) => phase is JobPhase.Succeeded or JobPhase.Failed or JobPhase.Cancelled;

    /// <summary>True while tasks may exist and devices are held.</summary>
    public static bool HoldsDevices(this JobPhase phase) => phase is JobPhase.Starting or JobPhase.Running or JobPhase.Stopping;
}
