using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Queues;

/// <summary>Shares of what there is, in units of 2^-<see cref="UsageAccounts.ShareBits"/> of everything held for ever. Who is not in it has used nothing.</summary>
/// <param name="Queues">Of each queue of the tree together with all below it, the organisation apart.</param>
/// <param name="Users">Of each person in all queues.</param>
public sealed record UsageShares(IReadOnlyDictionary<string, long> Queues, IReadOnlyDictionary<string, long> Users);

/// <summary>
/// How much every queue and every person has held of late (<see cref="DecayedUsage"/>), by name. The accounts know no tree, so that
/// another tree, or a type of accelerator that comes later, finds what was used before.
/// </summary>
/// <param name="halfLife">See <see cref="FairShare.DefaultHalfLife"/>.</param>
/// <param name="epoch">See <see cref="DecayedUsage"/>.</param>
public sealed class UsageAccounts(TimeSpan halfLife, DateTimeOffset epoch)
{
    public const int ShareBits = 40;

    /// <summary>What is older weighs less than a 256th, and is forgotten.</summary>
    public const int HalfLivesRemembered = 8;

    /// <summary>So that the capacity of a thousand petabytes leaves a weight its precision.</summary>
    private const int MemoryUnitBits = 20;
    private const string Cpu = "cpu";
    private const string Memory = "memory";

    private readonly Dictionary<string, int> queues = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> users = new(StringComparer.Ordinal);

    /// <summary>Of one resource each: accelerator types come when they are first held, and no name of one is told apart from these two by accident.</summary>
    private readonly Dictionary<(bool IsAccelerator, string Name), DecayedUsage> resources = [];
    private int accounts;

    /// <summary>An attempt from its beginning to its end, or to now where it goes on.</summary>
    public void Charge(AttemptUsage usage)
    {
        Hold(usage, 1, usage.From);
        if (usage.Until is { } until) Hold(usage, -1, until);
    }

    /// <summary>An attempt that was charged while it went on has ended.</summary>
    public void End(AttemptUsage ended) => Hold(ended, -1, ended.Until ?? throw new ArgumentException("the attempt goes on", nameof(ended)));

    /// <summary>Charges what has become of a job's attempts since <paramref name="before"/>.</summary>
    /// <param name="before">Null where the job is new here: attempts of it that have ended were charged by whoever remembers them.</param>
    public void Charge(Job? before, Job after)
    {
        if (before?.Current is { } held) GoOn(AttemptUsage.AllOf(before, held), AttemptUsage.AllOf(after, after.Attempts[held.Number - 1]));
        foreach (var usage in after.Attempts.Skip(before?.Attempts.Count ?? after.Attempts.Count - (after.Current is null ? 0 : 1)).SelectMany(attempt => AttemptUsage.AllOf(after, attempt))) Charge(usage);
    }

    /// <summary>What was charged last went on; since then it has ended, or moved to another queue, or neither.</summary>
    private void GoOn(IReadOnlyList<AttemptUsage> before, IReadOnlyList<AttemptUsage> after)
    {
        var open = before[^1];
        var isSame = after.Count >= before.Count && after[before.Count - 1] with { Until = null } == open;

        // One that moved on at the very instant at which it came was never there.
        if (!isSame) Hold(open, -1, open.From);
        else if (after[before.Count - 1].Until is { } until) Hold(open, -1, until);
        foreach (var usage in after.Skip(isSame ? before.Count : before.Count - 1)) Charge(usage);
    }

    public UsageShares Shares(QueueTree tree, IReadOnlyList<Node> nodes, DateTimeOffset now)
    {
        var (byQueue, byUser) = (new SortedDictionary<string, long>(StringComparer.Ordinal), new SortedDictionary<string, long>(StringComparer.Ordinal));
        var capacities = CapacitiesOf(nodes);
        foreach (var ((isAccelerator, name), usage) in resources)
        {
            long[] capacity = [capacities.GetValueOrDefault((isAccelerator, name))];
            var whole = usage.WholeAt(now);
            var sums = new Int128[tree.Count];
            foreach (var (queue, account) in queues)
            {
                var share = ShareOf(account);
                for (var above = tree.IdOf(queue); above != QueueTree.Root; above = tree.ParentOf(above)) sums[above] += share;
            }

            for (var queue = 0; queue < sums.Length; queue++) Raise(byQueue, tree[queue].Name, sums[queue], whole);
            foreach (var (user, account) in users) Raise(byUser, user, ShareOf(account), whole);

            Int128 ShareOf(int account) => account < usage.Accounts ? usage.DominantShare(account, capacity, now) : 0;
        }

        return new UsageShares(byQueue, byUser);
    }

    private static Dictionary<(bool IsAccelerator, string Name), long> CapacitiesOf(IReadOnlyList<Node> nodes)
    {
        var capacities = new Dictionary<(bool, string), long>();
        foreach (var node in nodes)
        {
            Add((false, Cpu), node.CpuMillicores);
            Add((false, Memory), node.MemoryBytes >> MemoryUnitBits);
            if (node.Accelerator is { } type) Add((true, type), node.Capacity.MilliDevices);
        }

        return capacities;

        void Add((bool, string) resource, long amount) => capacities[resource] = capacities.GetValueOrDefault(resource) + amount;
    }

    /// <summary>The dominant share is the largest of all resources'.</summary>
    private static void Raise(SortedDictionary<string, long> shares, string name, Int128 share, Int128 whole)
    {
        var part = (long)Int128.Min((share << ShareBits) / whole, long.MaxValue);
        if (part > shares.GetValueOrDefault(name)) shares[name] = part;
    }

    private void Hold(AttemptUsage usage, int sign, DateTimeOffset at)
    {
        var (queue, user) = (AccountOf(queues, usage.Queue), AccountOf(users, usage.Owner));
        Add((false, Cpu), usage.CpuMillicores);
        Add((false, Memory), usage.MemoryBytes >> MemoryUnitBits);
        if (usage.Accelerator is { } type) Add((true, type), usage.MilliDevices);

        void Add((bool, string) resource, long amount)
        {
            if (amount == 0) return;
            if (!resources.TryGetValue(resource, out var account)) resources.Add(resource, account = new DecayedUsage(1, halfLife, epoch));
            while (account.Accounts < accounts) account.Open();
            account.Hold(queue, 0, sign * amount, at);
            account.Hold(user, 0, sign * amount, at);
        }
    }

    private int AccountOf(Dictionary<string, int> names, string name)
    {
        if (!names.TryGetValue(name, out var account)) names.Add(name, account = accounts++);
        return account;
    }
}
