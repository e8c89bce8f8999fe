namespace Convoy.Core.Queues;

/// <summary>
/// How much of each resource every account has held of late: the average of what it held over all time, the past weighing half as much
/// with every half-life. Who holds 8 devices for ever has used 8; a half-life after letting go, 4.
/// </summary>
/// <remarks>
/// With g(t) the weight of an instant (<see cref="ForwardDecay"/>), holding n from t₁ to t₂ adds n·(g(t₂) − g(t₁)), and the average at t
/// is the sum / g(t). An account therefore keeps a constant and what it holds now: usage(t) = constant + held·g(t). A touch is O(1),
/// nothing happens between touches, two accounts are compared at any instant without scaling either, and since sums commute, the same
/// history in any order gives the same numbers: after a restart they are made again from stored events.
/// After every 16 half-lives the epoch moves and all constants are divided by 2¹⁶, which costs less than one unit each.
/// </remarks>
public sealed class DecayedUsage
{
    /// <summary>Weights stay below 2^(44+17), and amounts below 2^63 times that within 128 bits.</summary>
    private const int HalfLivesPerEpoch = 16;
    private readonly int resources;
    private readonly long halfLife;
    private DateTimeOffset epoch;
    private Int128[] constants = [];
    private long[] held = [];

    /// <param name="resources">How many resources an account has; each is known by its index.</param>
    /// <param name="halfLife">A minute to a hundred years, in whole milliseconds.</param>
    /// <param name="epoch">About when the history begins that is told here. What is earlier loses precision, and nothing else.</param>
    public DecayedUsage(int resources, TimeSpan halfLife, DateTimeOffset epoch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(halfLife, TimeSpan.FromMinutes(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(halfLife, TimeSpan.FromDays(36_500));
        this.resources = resources;
        this.halfLife = halfLife.Ticks / TimeSpan.TicksPerMillisecond;
        this.epoch = epoch;
    }

    public int Accounts { get; private set; }

    /// <summary>A new account, which has used nothing. Ids count from 0.</summary>
    public int Open()
    {
        if ((Accounts + 1) * resources > held.Length)
        {
            var size = Math.Max(16, Accounts * 2) * resources;
            Array.Resize(ref constants, size);
            Array.Resize(ref held, size);
        }

        return Accounts++;
    }

    /// <summary>From <paramref name="at"/> on the account holds so much more; a negative amount gives back.</summary>
    public void Hold(int account, int resource, long amount, DateTimeOffset at)
    {
        Advance(at);
        var cell = (account * resources) + resource;
        constants[cell] -= amount * WeightAt(at);
        held[cell] += amount;
    }

    /// <summary>
    /// The largest of the account's usages, each divided by its capacity (Ghodsi et al., "Dominant resource fairness", NSDI 2011). The
    /// unit is <see cref="WholeAt"/> of the same instant, which stands for all there is, held for ever.
    /// </summary>
    /// <param name="capacity">By resource. Of what there is nothing, nothing counts.</param>
    public Int128 DominantShare(int account, ReadOnlySpan<long> capacity, DateTimeOffset now)
    {
        var share = Int128.Zero;
        var weight = WholeAt(now);
        for (var resource = 0; resource < resources; resource++)
        {
            var cell = (account * resources) + resource;
            if (capacity[resource] > 0) share = Int128.Max(share, (constants[cell] + (held[cell] * weight)) / capacity[resource]);
        }

        return share;
    }

    /// <summary>What a share is a part of. It grows with time; only shares of one instant can be compared.</summary>
    public Int128 WholeAt(DateTimeOffset now)
    {
        Advance(now);
        return WeightAt(now);
    }

    private Int128 WeightAt(DateTimeOffset at) => ForwardDecay.WeightAt(SinceEpoch(at), halfLife);

    private long SinceEpoch(DateTimeOffset at) => (at - epoch).Ticks / TimeSpan.TicksPerMillisecond;

    private void Advance(DateTimeOffset at)
    {
        var epochs = SinceEpoch(at) / halfLife / HalfLivesPerEpoch;
        if (epochs <= 0) return;
        epoch += TimeSpan.FromMilliseconds(halfLife * HalfLivesPerEpoch * epochs);
        for (var cell = 0; cell < constants.Length; cell++) constants[cell] >>= (int)Math.Min(127, HalfLivesPerEpoch * epochs);
    }
}
