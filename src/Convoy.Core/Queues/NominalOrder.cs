namespace Convoy.Core.Queues;

/// <summary>One job's devices in a pool.</summary>
/// <param name="MayBorrow">False for a job that may not be preempted.</param>
public readonly record struct PoolGang(long Devices, bool MayBorrow = true);

/// <summary>Which jobs of a pool are inside its nominal, and which borrow.</summary>
public static class NominalOrder
{
    /// <summary>
    /// Charges a pool's jobs to its right in their order. A gang is inside only if wholly inside: one that does not fit in what is left
    /// borrows, and a smaller one after it may still be inside. Jobs that may not be preempted are charged before all others and are
    /// inside always, lest they borrow when somebody of higher standing comes after them.
    /// </summary>
    /// <param name="right">Devices, see <see cref="QuotaUsage.RightOf"/>.</param>
    /// <param name="gangs">Running jobs, and perhaps the one in question, in the order of their standing.</param>
    /// <param name="inside">As long as <paramref name="gangs"/>; is set for each.</param>
    /// <returns>
    /// Devices inside: at most <paramref name="right"/>, unless those that may not be preempted have more alone (a nominal lowered under them).
    /// </returns>
    /// <remarks>
    /// One step per gang. Only a pool with <see cref="QuotaUsage.BorrowedBy"/> above zero needs it at all: in the others everybody is
    /// inside.
    /// </remarks>
    public static long Mark(long right, ReadOnlySpan<PoolGang> gangs, Span<bool> inside)
    {
        var taken = 0L;
        for (var i = 0; i < gangs.Length; i++)
        {
            inside[i] = !gangs[i].MayBorrow;
            if (inside[i]) taken += gangs[i].Devices;
        }

        for (var i = 0; i < gangs.Length; i++)
        {
            if (inside[i] || gangs[i].Devices > right - taken) continue;
            inside[i] = true;
            taken += gangs[i].Devices;
        }

        return taken;
    }
}
