using Convoy.Core.Languages;
using Convoy.Core.Scheduling;
using Convoy.Store;

namespace Convoy.Server;

/// <summary>Why the platform does not do all that it would, whatever each job's own reason is.</summary>
/// <param name="Code">A stable word.</param>
public sealed record Restraint(string Code, Text Message, Text Advice);

/// <summary>What keeps the scheduler from doing all that it would: what administrators have paused, and a full disk.</summary>
/// <param name="disk">What the disk lacks now; null where there is room.</param>
public sealed class Restraints(Func<DiskShortage?>? disk = null)
{
    private IReadOnlyList<Pause> pauses = [];
    private (SchedulingPolicy From, SchedulingPolicy To)? unevicting;

    /// <summary>Replaced whole.</summary>
    public IReadOnlyList<Pause> Pauses
    {
        get => Volatile.Read(ref pauses);
        set => Volatile.Write(ref pauses, value);
    }

    /// <summary>Why nothing new may start now; null where it may.</summary>
    public Restraint? Halt => PauseOf(PausedPart.Scheduling) is { } pause ? Of(pause) : disk?.Invoke() is { } shortage ? Of(shortage) : null;

    public IReadOnlyList<Restraint> All => [.. Pauses.Select(Of), .. disk?.Invoke() is { } shortage ? [Of(shortage)] : Array.Empty<Restraint>()];

    /// <summary>The policy as it is to be followed now; the same object for the same one.</summary>
    public SchedulingPolicy Apply(SchedulingPolicy policy)
    {
        if (PauseOf(PausedPart.Evictions) is null) return policy;
        if (unevicting is not { } known || !ReferenceEquals(known.From, policy)) unevicting = known = (policy, policy with { EvictionsPaused = true });
        return known.To;
    }

    public Pause? PauseOf(PausedPart part) => Pauses.FirstOrDefault(pause => pause.Part == part);

    private static Restraint Of(Pause pause) => pause.Part == PausedPart.Scheduling
        ? new Restraint("SchedulingPaused", $"scheduling is paused by {pause.By} since {pause.At:yyyy-MM-dd HH:mm:ss} UTC{Why(pause)}: nothing new starts, and what runs goes on", "wait until an administrator runs `convoy scheduling resume`")
        : new Restraint("EvictionsPaused", $"evictions are paused by {pause.By} since {pause.At:yyyy-MM-dd HH:mm:ss} UTC{Why(pause)}: no running job makes way for another", "wait until running jobs end, or until an administrator runs `convoy scheduling resume`");

    private static Restraint Of(DiskShortage shortage) => new(
        DiskShortage.Code,
        $"the platform's disk is nearly full: {shortage.FreeText} free, and {shortage.ReservedText} kept for what runs: nothing new starts, and what runs goes on",
        "nothing to do: it starts by itself once an administrator has freed space");

    private static Text Why(Pause pause) => pause.Reason is { Length: > 0 } reason ? (Text)$" ({Text.Recalled(reason)})" : "";
}
