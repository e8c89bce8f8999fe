using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Simulation.Tests;

/// <summary>One task as its machine knows it.</summary>
internal sealed class SimulatedTask(Assignment wanted, TaskPlacement place)
{
    public JobId Job => wanted.JobId;

    public int Attempt => wanted.Attempt;

    public TaskPlacement Place => place;

    public ResourceVector Needs { get; } = RoleDemand.AllOf(wanted.Spec).Single(role => role.Role == place.Role).Each;

    /// <summary>A job without a limit that hangs would never end, and rightly so.</summary>
    public bool MayHang => wanted.Spec.Limits.MaxDuration is not null;

    public bool HasStarted { get; private set; }

    /// <summary>Takes room on its node.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Its end has been noticed.</summary>
    public bool HasEnded { get; private set; }

    public TaskOutcome? Outcome { get; private set; }

    public static string Text(Assignment wanted) =>
        $"{wanted.Wanted} attempt {wanted.Attempt} on {string.Join(' ', wanted.Tasks.Select(task => $"{task.Rank}:{task.Node}[{string.Join(',', task.Devices)}]"))}{(wanted.Released.Count > 0 ? $" without {string.Join(' ', wanted.Released)}" : "")}";

    public void Run() => (HasStarted, IsRunning) = (true, true);

    public void Vanish() => IsRunning = false;

    public void End(TaskState state, TaskOutcome? outcome) => (IsRunning, HasEnded, Outcome) = (false, true, state == TaskState.Lost ? null : outcome);

    public override string ToString() => $"{Job}/{Attempt}/{place.Rank} on {place.Node}[{string.Join(',', place.Devices)}]";
}
