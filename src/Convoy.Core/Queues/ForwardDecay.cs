namespace Convoy.Core.Queues;

/// <summary>
/// The weight of an instant, 2^(time since a common epoch / half-life): usage is weighed when it happens, and never touched again to
/// let it decay. (Cormode, Shkapenyuk, Srivastava and Xu, "Forward decay: a practical time decay model for streaming systems", ICDE 2009.)
/// </summary>
public static class ForwardDecay
{
    /// <summary>The weight of the epoch is 2^44: a second of a half-life of a week is then 2·10⁷ units, a millisecond 2·10⁴.</summary>
    public const int FractionBits = 44;

    /// <summary>Fixed-point bits while computing. One product of two numbers below 2 must fit in 128 bits.</summary>
    private const int InnerBits = 62;

    /// <summary>Bits of the exponent that count. Their steps are wider than all roundings together, so that later is never lighter.</summary>
    private const int ExponentBits = 52;

    private static readonly UInt128[] Roots = RootsOfTwo();

    /// <param name="sinceEpoch">Milliseconds; may be negative.</param>
    /// <param name="halfLife">Milliseconds, above zero. At most 80 half-lives since the epoch fit in the result.</param>
    /// <returns>In units of 2^-<see cref="FractionBits"/>, rounded down. Exactly doubled by one more half-life.</returns>
    public static Int128 WeightAt(long sinceEpoch, long halfLife)
    {
        var (whole, rest) = Math.DivRem(sinceEpoch, halfLife);
        if (rest < 0) (whole, rest) = (whole - 1, rest + halfLife);
        var exponent = (ulong)(((UInt128)rest << ExponentBits) / (UInt128)halfLife);
        var mantissa = UInt128.One << InnerBits;
        for (var bit = 1; bit <= ExponentBits; bit++)
        {
            if ((exponent & (1UL << (ExponentBits - bit))) != 0) mantissa = (mantissa * Roots[bit]) >> InnerBits;
        }

        var weight = (Int128)(mantissa >> (InnerBits - FractionBits));
        return whole >= 0 ? weight << (int)whole : weight >> (int)Math.Min(-whole, 127);
    }

    /// <summary>2, √2, ∜2, …: each is the root of the one before.</summary>
    private static UInt128[] RootsOfTwo()
    {
        var roots = new UInt128[ExponentBits + 1];
        roots[0] = UInt128.One << (InnerBits + 1);
        for (var i = 1; i < roots.Length; i++) roots[i] = RootOf(roots[i - 1] << InnerBits);
        return roots;
    }

    /// <summary>The whole part of the square root, by Newton's method from above.</summary>
    private static UInt128 RootOf(UInt128 square)
    {
        for (var root = UInt128.One << 64; ;)
        {
            var next = (root + (square / root)) >> 1;
            if (next >= root) return root;
            root = next;
        }
    }
}
