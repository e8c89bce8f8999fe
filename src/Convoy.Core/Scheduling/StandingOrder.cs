using Convoy.Core.Queues;

namespace Convoy.Core.Scheduling;

/// <summary>
/// Who goes first: level rank, then priority, then in queues by attained service the band of what the job has had, then submit
/// sequence, then id. A total order.
/// </summary>
internal sealed class StandingOrder(SchedulingPolicy policy)
{
    private readonly Dictionary<string, int> ranks = policy.Levels.ToDictionary(level => level.Name, level => level.Rank);
    private readonly QueueTree queues = QueueTree.Of(policy.Queues).Tree ?? QueueTree.Default;

    public Turn Of(PendingJob job) => new(RankOf(job.Standing), BandOf(job.Standing, job.Standing.Served, job.MinDevices), job.Standing);

    public Turn Of(RunningJob job, DateTimeOffset now) => new(RankOf(job.Standing), BandOf(job.Standing, job.Standing.Served + (now - job.StartedAt), job.Devices), job.Standing);

    /// <summary>Whether both stand in one line: in one queue, or below one queue that orders all below it.</summary>
    public bool InOneLine(Standing one, Standing other) => one.Queue == other.Queue || (LineOf(one) is { } line && line == LineOf(other));

    private int? LineOf(Standing standing)
    {
        int? line = null;
        for (var queue = queues.IdOf(standing.Queue); queue >= 0; queue = queues.ParentOf(queue)) line = queues.OrderingOf(queue) == QueueOrdering.Fair ? line : queue;
        return line;
    }

    private int RankOf(Standing standing) => ranks.GetValueOrDefault(standing.Level, int.MinValue);

    public bool IsByService(Standing standing) => queues.OrderingOf(queues.IdOf(standing.Queue)) == QueueOrdering.Las;

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
