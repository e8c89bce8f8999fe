using Convoy.Core.People;
using Convoy.Core.Queues;

namespace Convoy.Core.Scheduling;

/// <summary>
/// Who goes first among those of one line: level rank, then priority, then in queues by attained service the band of what the job has
/// had, then submit sequence, then id. A total order. How fair queues merge their lines is <see cref="FairLine"/>'s.
/// </summary>
internal sealed class StandingOrder(SchedulingPolicy policy, QueueTree queues)
{
    private readonly Dictionary<string, Level> levels = policy.Levels.ToDictionary(level => level.Name, StringComparer.Ordinal);

    public Turn Of(PendingJob job) => new(RankOf(job.Standing), BandOf(job.Standing, job.Standing.Served, job.MinDevices), job.Standing);

    public Turn Of(RunningJob job, DateTimeOffset now) => new(RankOf(job.Standing), BandOf(job.Standing, job.Standing.Served + (now - job.StartedAt), job.Devices), job.Standing);

    /// <summary>Whatever service the job has had.</summary>
    public Turn Of(Standing standing) => new(RankOf(standing), 0, standing);

    public Level LevelOf(Standing standing) => LevelOf(standing.Level);

    public Level LevelOf(string name) => levels.TryGetValue(name, out var level) ? level : new Level(name, int.MinValue);

    public int RankOf(Standing standing) => RankOf(standing.Level);

    public int RankOf(string name) => levels.TryGetValue(name, out var level) ? level.Rank : int.MinValue;

    /// <summary>Who may not be evicted, for the job's sake or its level's, never borrows either.</summary>
    public bool MayBeEvicted(Standing standing, bool isPreemptible) => isPreemptible && LevelOf(standing).Preemptible;

    /// <summary>Whether both stand in one line: in one queue, or below one queue that orders all below it.</summary>
    public bool InOneLine(Standing one, Standing other) => one.Queue == other.Queue || (LineOf(one) is { } line && line == LineOf(other));

    public bool IsByService(Standing standing) => queues.OrderingOf(queues.IdOf(standing.Queue)) == QueueOrdering.Las;

    private int? LineOf(Standing standing)
    {
        int? line = null;
        for (var queue = queues.IdOf(standing.Queue); queue >= 0; queue = queues.ParentOf(queue)) line = queues.OrderingOf(queue) == QueueOrdering.Fair ? line : queue;
        return line;
    }

    private int BandOf(Standing standing, TimeSpan served, int devices) => IsByService(standing) ? AttainedBands.Band(served, devices) : 0;

    /// <summary>A job's turn: the smaller goes first.</summary>
    internal readonly record struct Turn(int Rank, int Band, Standing Standing) : IComparable<Turn>
    {
        public int CompareTo(Turn other)
        {
            var order = other.Rank.CompareTo(Rank);
            if (order == 0) order = other.Standing.Priority.CompareTo(Standing.Priority);
            if (order == 0) order = Band.CompareTo(other.Band);
            if (order == 0) order = Standing.SubmitSequence.CompareTo(other.Standing.SubmitSequence);
            return order == 0 ? string.CompareOrdinal(Standing.Id.Value, other.Standing.Id.Value) : order;
        }
    }
}
