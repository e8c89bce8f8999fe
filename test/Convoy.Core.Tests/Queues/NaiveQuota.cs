using Convoy.Core.Queues;

namespace Convoy.Core.Tests.Queues;

/// <summary>The arithmetic of quotas again, from scratch for every question: recursion over names, no state but the jobs.</summary>
internal sealed class NaiveQuota(QueueSpec[] queues, string type, long capacity, IReadOnlyList<(string Queue, long Devices)> jobs)
{
    private const long Infinite = 1L << 50;
    private readonly QueueSpec[] all = queues.Any(queue => queue.Name == "default") ? queues : [.. queues, new QueueSpec("default")];

    public IEnumerable<string> Pools => all.Where(HasOwn).Select(queue => queue.Name);

    public string PoolOf(string queue) => Spec(queue) is not { } spec ? "default" : HasOwn(spec) ? queue : PoolOf(spec.Parent ?? "default");

    public long Right(string pool) => Math.Max(0, Nominal(pool) - Below(pool).Sum(Nominal));

    public long Used(string pool) => jobs.Where(job => PoolOf(job.Queue) == pool).Sum(job => job.Devices);

    /// <summary>Whether all limits hold as things are.</summary>
    public bool Holds => Pools.All(pool => Passing(pool) <= Shared(pool) + BorrowLimit(pool));

    /// <summary>Whether one more gang keeps every limit that holds, and takes nothing through a queue that is beyond its own.</summary>
    public bool MayAdd(string queue, long devices)
    {
        var after = new NaiveQuota(queues, type, capacity, [.. jobs, (queue, devices)]);
        return Pools.All(pool => after.Passing(pool) <= Math.Max(Math.Max(Shared(pool) + BorrowLimit(pool), Passing(pool)), pool == "default" ? 0 : Kept(pool)));
    }

    public NaiveQuota WhereNothingRuns => new(queues, type, capacity, []);

    private long Shared(string pool) => Right(pool) + Below(pool).Sum(child => Math.Min(Shared(child), LendLimit(child)));

    private long Kept(string pool) => Math.Max(0, Shared(pool) - LendLimit(pool));

    private long Passing(string pool) => Used(pool) + Below(pool).Sum(child => Math.Max(0, Passing(child) - Kept(child)));

    private IEnumerable<string> Below(string pool) => Pools.Where(each => each != "default" && PoolOf(Spec(each)!.Parent ?? "default") == pool);

    private QueueSpec? Spec(string queue) => all.FirstOrDefault(each => each.Name == queue);

    private bool HasOwn(QueueSpec queue) => queue.Name == "default" || queue.Quotas.GetValueOrDefault(type)?.Nominal is not null;

    private long Nominal(string pool) => Spec(pool)!.Quotas.GetValueOrDefault(type)?.Nominal ?? capacity;

    private long BorrowLimit(string pool) => pool == "default" ? 0 : Spec(pool)!.Quotas[type].BorrowLimit ?? Infinite;

    private long LendLimit(string pool) => Spec(pool)!.Quotas[type].LendLimit ?? Infinite;
}
