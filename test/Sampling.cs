using CsCheck;

namespace Convoy;

/// <summary>
/// Draws the same samples in every run, so that a change is judged by what it changed and not by luck. <c>CONVOY_EXPLORE=1</c>
/// draws others each time, which is how new failures are looked for; <c>CsCheck_Iter</c> says how many. A sample that fails is handed
/// to CsCheck, which shrinks it and prints the seed to reproduce it by (<c>CsCheck_Seed</c>).
/// </summary>
/// <remarks>Being in a namespace around those of the tests, these come before CsCheck's own methods of the same name.</remarks>
internal static class Sampling
{
    private static readonly ulong Start = Environment.GetEnvironmentVariable("CONVOY_EXPLORE") is { Length: > 0 }
        ? (ulong)System.Random.Shared.NextInt64()
        : 20_261_125;

    private static readonly bool IsReproducing = Environment.GetEnvironmentVariable("CsCheck_Seed") is { Length: > 0 };

    private static readonly long? Count =
        long.TryParse(Environment.GetEnvironmentVariable("CsCheck_Iter"), out var count) ? count : null;

    /// <summary>Whether as many samples are drawn as a property asks for, so that what is rare must be among them.</summary>
    public static bool DrawsAll => Count is null;

    public static void Sample<T>(this Gen<T> gen, Func<T, bool> holds, long iter = 100, int threads = -1)
    {
        if (IsReproducing)
        {
            Check.Sample(gen, holds, iter: iter, threads: threads);
            return;
        }

        if (FirstFailing(gen, holds, Count ?? iter, threads) is { } seed)
        {
            Check.Sample(gen, holds, seed: seed, iter: Math.Min(Count ?? iter, 1000), threads: threads);
            throw new InvalidOperationException($"The sample of seed {seed} failed once and held when it was tried again.");
        }
    }

    public static void Sample<T>(this Gen<T> gen, Action<T> assert, long iter = 100, int threads = -1) => gen.Sample(
        value =>
        {
            assert(value);
            return true;
        },
        iter,
        threads);

    public static void Sample<T1, T2>(this Gen<(T1, T2)> gen, Func<T1, T2, bool> holds, long iter = 100, int threads = -1) =>
        gen.Sample(t => holds(t.Item1, t.Item2), iter, threads);

    public static void Sample<T1, T2>(this Gen<(T1, T2)> gen, Action<T1, T2> assert, long iter = 100, int threads = -1) =>
        gen.Sample(t => assert(t.Item1, t.Item2), iter, threads);

    public static void Sample<T1, T2, T3>(this Gen<(T1, T2, T3)> gen, Func<T1, T2, T3, bool> holds, long iter = 100, int threads = -1) =>
        gen.Sample(t => holds(t.Item1, t.Item2, t.Item3), iter, threads);

    public static void Sample<T1, T2, T3>(this Gen<(T1, T2, T3)> gen, Action<T1, T2, T3> assert, long iter = 100, int threads = -1) =>
        gen.Sample(t => assert(t.Item1, t.Item2, t.Item3), iter, threads);

    public static void Sample<T1, T2, T3, T4>(
        this Gen<(T1, T2, T3, T4)> gen, Func<T1, T2, T3, T4, bool> holds, long iter = 100, int threads = -1) =>
        gen.Sample(t => holds(t.Item1, t.Item2, t.Item3, t.Item4), iter, threads);

    public static void Sample<T1, T2, T3, T4>(
        this Gen<(T1, T2, T3, T4)> gen, Action<T1, T2, T3, T4> assert, long iter = 100, int threads = -1) =>
        gen.Sample(t => assert(t.Item1, t.Item2, t.Item3, t.Item4), iter, threads);

    private static string? FirstFailing<T>(Gen<T> gen, Func<T, bool> holds, long count, int threads)
    {
        var failed = long.MaxValue;
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount }, (index, loop) =>
        {
            var holdsHere = false;
            try
            {
                holdsHere = holds(gen.Generate(Random(index), null!, out _));
            }
#pragma warning disable CA1031 // whatever it is, CsCheck meets it again and reports it
            catch (Exception)
#pragma warning restore CA1031
            {
                // holdsHere stays false.
            }

            if (!holdsHere)
            {
                loop.Break();
                var seen = Volatile.Read(ref failed);
                while (index < seen && Interlocked.CompareExchange(ref failed, index, seen) != seen)
                {
                    seen = Volatile.Read(ref failed);
                }
            }
        });
        if (failed == long.MaxValue)
        {
            return null;
        }

        var again = Random(failed);
        return again.ToString(again.State);
    }

    // Neighbouring streams or states of one generator resemble each other; SplitMix64 scatters them.
    private static PCG Random(long index)
    {
        var z = Start + ((ulong)index * 0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return new PCG(0, z ^ (z >> 31));
    }
}
