using Convoy.Core.Jobs;
using Convoy.Core.Queues;

namespace Convoy.Core.Scheduling.Checking;

/// <summary>
/// The quotas of one accelerator type, in thousandths of devices: the arithmetic that <see cref="QuotaUsage"/> explains, written again
/// as recursion over names, from scratch for every question.
/// </summary>
internal sealed class CheckedQuota
{
    private const long Milli = 1000;
    private const long Unlimited = long.MaxValue / 4;
    private readonly CheckedWorld world;
    private readonly string type;
    private readonly long capacity;
    private readonly Dictionary<string, string> pools = [];
    private readonly ILookup<string, string> below;
    private readonly Dictionary<string, long> shared = [];
    private Dictionary<string, long>? crowded;

    public CheckedQuota(CheckedWorld world, string type)
    {
        (this.world, this.type) = (world, type);
        capacity = world.Nodes.Where(node => node.Node.Accelerator == type).Sum(node => node.Node.Devices.Count * Milli);
        below = world.Policy.Queues.Select(queue => queue.Name).Distinct().Where(queue => queue != QueueTree.RootName && PoolOf(queue) == queue)
            .ToLookup(pool => PoolOf(world.QueueOf(pool)?.Parent ?? QueueTree.RootName));
        Running = Sum(world.RunningOn(type).Select(job => (job.Standing.Queue, CheckedWorld.MilliDevicesNow(job))));
        PassingNow = Passing(Running);
    }

    /// <summary>What runs as the plan finds it, by pool.</summary>
    public IReadOnlyDictionary<string, long> Running { get; }

    /// <summary>What runs and is not stopping, as if nobody left, and on top what each of the plan's gangs adds to its pool.</summary>
    public IReadOnlyDictionary<string, long> Crowded => crowded ??= Sum([
        .. world.RunningOn(type).Where(job => !job.IsStopping).Select(job => (job.Standing.Queue, CheckedWorld.MilliDevicesStaying(job))),
        .. world.Gangs.Concat(world.Claims).Where(gang => gang.Planned.Accelerator == type).Select(gang => (gang.Job.Standing.Queue, Adds(gang)))]);

    private Dictionary<string, long> PassingNow { get; }

    /// <summary>The nearest queue above or at this one that has a nominal of its own.</summary>
    public string PoolOf(string queue)
    {
        if (!pools.TryGetValue(queue, out var pool)) pools[queue] = pool = world.PathOf(queue).First(at => at == QueueTree.RootName || QuotaOf(at)?.Nominal is not null);
        return pool;
    }

    /// <summary>What jobs charged at the pool itself have a right to.</summary>
    public long RightOf(string pool) => Math.Max(0, Nominal(pool) - below[pool].Sum(Nominal));

    /// <summary>What a gang takes more than others leave for it in its own pool.</summary>
    /// <param name="apart">What is left for this one too does not count.</param>
    public long Adds(CheckedGang gang, JobId? apart = null)
    {
        var pool = PoolOf(gang.Job.Standing.Queue);
        return Math.Max(0, gang.MilliDevices - LeftFor(gang, apart).Where(left => PoolOf(left.Job.Standing.Queue) == pool).Sum(left => left.Milli));
    }

    /// <summary>Who leaves the gang how much: its victims all they have, elastic jobs some places.</summary>
    public IEnumerable<(RunningJob Job, long Milli)> LeftFor(CheckedGang gang, JobId? apart = null)
    {
        var victims = world.VictimsOf(gang.Id).Select(victim => (Job: victim, Milli: CheckedWorld.MilliDevicesStaying(victim)));
        var shrinking = world.ShrinkingFor(gang.Id).Where(resize => apart is null || !resize.Planned.For.Contains(apart.Value))
            .Select(resize => (resize.Job, Milli: resize.Dropped.Where(place => !place.IsLeaving).Sum(place => place.Taken.MilliDevices)));
        return victims.Concat(shrinking).Where(left => !left.Job.IsStopping && world.AcceleratorOf(left.Job) == type);
    }

    public Dictionary<string, long> Sum(IEnumerable<(string Queue, long Milli)> jobs)
    {
        var charges = new Dictionary<string, long>();
        foreach (var (queue, milli) in jobs) Add(charges, queue, milli);
        return charges;
    }

    public void Add(Dictionary<string, long> charges, string queue, long milli) => charges[PoolOf(queue)] = charges.GetValueOrDefault(PoolOf(queue)) + milli;

    /// <summary>Pools whose limit is broken, and that are not as they were before the plan or better.</summary>
    public IEnumerable<string> Broken(IReadOnlyDictionary<string, long> charges) =>
        Passing(charges).Where(passing => passing.Value > Math.Max(LimitOf(passing.Key), PassingNow[passing.Key])).Select(passing => passing.Key);

    /// <summary>Pools whose limit is broken by what the second charges have more than the first.</summary>
    public IEnumerable<string> BrokenBy(IReadOnlyDictionary<string, long> without, IReadOnlyDictionary<string, long> with)
    {
        var passing = (Without: Passing(without), With: Passing(with));
        return Broken(with).Where(pool => passing.With[pool] > passing.Without[pool]);
    }

    /// <summary>Whether a gang would break a limit even if nothing ran.</summary>
    public bool IsNeverAllowed(string queue, long milli, bool mayBorrow) =>
        Passing(Sum([(queue, milli)])).Any(passing => passing.Value > LimitOf(passing.Key)) || (!mayBorrow && milli > RightOf(PoolOf(queue)));

    private long LimitOf(string pool) => Shared(pool) + (pool == QueueTree.RootName ? 0 : QuotaOf(pool)?.BorrowLimit * Milli ?? Unlimited);

    /// <summary>y of every pool.</summary>
    private Dictionary<string, long> Passing(IReadOnlyDictionary<string, long> charges)
    {
        var passing = new Dictionary<string, long>();
        Of(QueueTree.RootName);
        return passing;

        long Of(string pool) => passing[pool] = charges.GetValueOrDefault(pool) + below[pool].Sum(child => Math.Max(0, Of(child) - Kept(child)));
    }

    /// <summary>Q of a pool.</summary>
    private long Shared(string pool)
    {
        if (!shared.TryGetValue(pool, out var quota)) shared[pool] = quota = RightOf(pool) + below[pool].Sum(child => Math.Min(Shared(child), Lends(child)));
        return quota;
    }

    /// <summary>G of a pool.</summary>
    private long Kept(string pool) => Math.Max(0, Shared(pool) - Lends(pool));

    private long Lends(string pool) => QuotaOf(pool)?.LendLimit * Milli ?? Unlimited;

    private long Nominal(string pool) => QuotaOf(pool)?.Nominal * Milli ?? capacity;

    private Quota? QuotaOf(string queue) => world.QueueOf(queue)?.Quotas.GetValueOrDefault(type);
}
