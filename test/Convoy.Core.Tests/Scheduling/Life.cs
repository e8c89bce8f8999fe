using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>One job of a <see cref="History"/>. With half of its tasks it takes twice as long.</summary>
/// <param name="work">With all the tasks that it wants; null goes on for ever.</param>
/// <param name="saves">How often it saves its work; null: never, and it begins again after every stop.</param>
internal sealed class Life(PendingJob wish, TimeSpan? work, TimeSpan? saves)
{
    private readonly int wantedTasks = wish.Roles.Sum(role => role.Max);

    /// <summary>Work left when the attempt began, in time with all tasks.</summary>
    private TimeSpan? left = work;

    /// <summary>When it was told to stop or to give something up.</summary>
    private DateTimeOffset? toldAt;

    /// <summary>Kept from attempt to attempt.</summary>
    private DateTimeOffset? movedAt;

    public JobId Id => Wish.Standing.Id;

    public PendingJob Wish { get; private set; } = wish;

    /// <summary>Null while it has no machines.</summary>
    public RunningJob? Running { get; private set; }

    /// <summary>When it has stopped, or given up what it is to; null where it is told nothing.</summary>
    public DateTimeOffset? StopsAt { get; private set; }

    public Fate Fate { get; private set; }

    public bool MayGrow => Running is { IsStopping: false } running && running.Places.Count < wantedTasks;

    /// <summary>The end of its work or of its grace.</summary>
    public DateTimeOffset? NextInstant => Running is null ? null : StopsAt ?? (left is { } rest ? Running.StartedAt + (rest * wantedTasks / Running.Places.Count) : null);

    public DateTimeOffset? CheckpointedAt(DateTimeOffset now)
    {
        if (saves is not { } period || Running is not { } running) return null;
        var saved = ((toldAt ?? now) - running.StartedAt).Ticks / period.Ticks * period.Ticks;
        return saved == 0 ? null : running.StartedAt + TimeSpan.FromTicks(saved);
    }

    public void Promise(PlannedReservation? promise) => Wish = Wish with { Promised = promise };

    public void Start(string cluster, string? accelerator, HeldPlace[] places, DateTimeOffset now, long revision)
    {
        Running = new RunningJob(Wish.Standing, cluster, places)
        {
            Revision = revision,
            Accelerator = accelerator,
            Preemptible = Wish.Preemptible,
            StartedAt = now,
            MaxDuration = Wish.MaxDuration,
            Roles = Wish.Roles,
            Topology = Wish.Topology,
            MovedAt = movedAt,
        };
        Wish = Wish with { Revision = revision, Promised = null, IsRepair = false };
        (StopsAt, toldAt, Fate) = (null, null, Fate.Waits);
    }

    public void Stop(Fate fate, PlannedEviction? eviction, DateTimeOffset now, TimeSpan grace, long revision)
    {
        if (fate > Fate) Fate = fate;
        if (Running!.IsStopping) return;
        Running = Running with { IsStopping = true, StoppingFor = eviction?.For, Revision = revision };
        Wish = Wish with { WasEvicted = eviction is { Cause: EvictionCause.Level or EvictionCause.Reclaim } };
        (StopsAt, toldAt) = (now + grace, toldAt ?? now);
    }

    public void GiveUp(HeldPlace[] places, DateTimeOffset now, TimeSpan grace, long revision)
    {
        Running = Running! with { IsResizing = true, Places = places, Revision = revision };
        (StopsAt, toldAt) = (now + grace, now);
    }

    /// <summary>It goes on elsewhere once it has left its places.</summary>
    public void Move(HeldPlace[] to, DateTimeOffset now, TimeSpan grace, long revision)
    {
        movedAt = now;
        GiveUp([.. Running!.Places.Select(place => place with { IsLeaving = true }), .. to.Select(place => place with { IsComing = true })], now, grace, revision);
    }

    /// <summary>It has no machines any more, and is where its last checkpoint was.</summary>
    public void Stopped(DateTimeOffset now, long revision)
    {
        var running = Running!;
        if (left is { } rest && CheckpointedAt(now) is { } saved) left = rest - ((saved - running.StartedAt) * running.Places.Count(place => !place.IsComing) / wantedTasks);
        Wish = Wish with
        {
            Revision = revision,
            IsRepair = Fate == Fate.IsRepaired,
            Standing = Wish.Standing with { Served = Wish.Standing.Served + (now - running.StartedAt) },
        };
        (Running, StopsAt, toldAt) = (null, null, null);
    }
}
