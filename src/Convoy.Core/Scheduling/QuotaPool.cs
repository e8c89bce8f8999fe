using Convoy.Core.Jobs;
using Convoy.Core.Queues;

namespace Convoy.Core.Scheduling;

/// <summary>A job that holds devices of one type and stays.</summary>
/// <param name="Milli">Thousandths of devices.</param>
/// <param name="Min">What it keeps of that whoever takes its surplus.</param>
internal sealed record QuotaMember(JobId Id, int Queue, int Type, long Milli, long Min, bool MayBorrow, StandingOrder.Turn Turn) : IComparable<QuotaMember>
{
    /// <summary>What of its pool's right it takes before others.</summary>
    public long Charged => MayBorrow ? Min : Milli;

    public int CompareTo(QuotaMember? other) => other is null ? 1 : Turn.CompareTo(other.Turn);
}

/// <summary>The jobs that are charged to one nominal for one type, in the order in which they are.</summary>
internal sealed class QuotaPool
{
    private readonly SortedSet<QuotaMember> members = [];

    /// <summary>Sums, so that nobody has to be looked at while nobody borrows; by rank of those that may be preempted, and of all others.</summary>
    private readonly Dictionary<int, long> ofRank = [];
    private long ofFixed;

    // Known until somebody comes or goes.
    private readonly Dictionary<int, long> before = [];
    private HashSet<JobId>? borrowers;

    public void Enter(QuotaMember member) => Change(member, members.Add(member) ? 1 : 0);

    public void Erase(QuotaMember member) => Change(member, members.Remove(member) ? -1 : 0);

    /// <summary>The pool's right is another.</summary>
    public void Forget()
    {
        before.Clear();
        borrowers = null;
    }

    /// <summary>What is taken of the right before a waiting job of this rank: by who may not be preempted, and by who runs of its own and higher ranks.</summary>
    public long ChargedBefore(int rank, long right, bool isAnythingBorrowed)
    {
        if (before.TryGetValue(rank, out var milli)) return milli;
        if (!isAnythingBorrowed)
        {
            milli = ofFixed;
            foreach (var (other, sum) in ofRank) milli += other >= rank ? sum : 0;
        }
        else
        {
            var ahead = members.Where(member => !member.MayBorrow || member.Turn.Rank >= rank).Select(member => new PoolGang(member.Charged, member.MayBorrow)).ToArray();
            milli = NominalOrder.Mark(right, ahead, new bool[ahead.Length]);
        }

        return before[rank] = milli;
    }

    /// <summary>Who holds what it has no right to.</summary>
    public HashSet<JobId> Borrowers(long right)
    {
        if (borrowers is not null) return borrowers;
        var inside = new bool[members.Count];
        NominalOrder.Mark(right, members.Select(member => new PoolGang(member.Charged, member.MayBorrow)).ToArray(), inside);
        return borrowers = [.. members.Zip(inside).Where(pair => !pair.Second).Select(pair => pair.First.Id)];
    }

    private void Change(QuotaMember member, int times)
    {
        if (!member.MayBorrow) ofFixed += times * member.Charged;
        else ofRank[member.Turn.Rank] = ofRank.GetValueOrDefault(member.Turn.Rank) + (times * member.Charged);
        Forget();
    }
}
