namespace Convoy.Core.Queues;

/// <summary>
/// Least attained service in bands, for clusters full of short experiments whose duration nobody knows: who has had little goes
/// before who has had much, and within a band who came first. Service is the time on machines times the square of the devices, so
/// that among jobs of one age the small go first. Multilevel feedback after Tiresias (Gu et al., NSDI'19), discretized so that
/// two jobs change places once in a band and not all the time.
/// </summary>
public static class AttainedBands
{
    /// <summary>Where the first band ends: six minutes of one device.</summary>
    private static readonly Int128 FirstBand = 6 * TimeSpan.TicksPerMinute;

    /// <summary>Each band is so many times as long as the one before.</summary>
    private const int Ratio = 4;

    /// <summary>A job's band: 0 is served first. It only grows while the job runs.</summary>
    /// <param name="served">Time on machines in all attempts.</param>
    public static int Band(TimeSpan served, int devices)
    {
        var service = Weighted(served, devices);
        var band = 0;
        for (var end = FirstBand; service >= end; end *= Ratio) band++;
        return band;
    }

    /// <summary>How much longer the job runs before it comes into the next band.</summary>
    public static TimeSpan UntilNextBand(TimeSpan served, int devices)
    {
        var service = Weighted(served, devices);
        var end = FirstBand;
        while (service >= end) end *= Ratio;
        var weight = (Int128)Math.Max(1, devices) * Math.Max(1, devices);
        return TimeSpan.FromTicks((long)((end - service + weight - 1) / weight));
    }

    private static Int128 Weighted(TimeSpan served, int devices) => (Int128)served.Ticks * Math.Max(1, devices) * Math.Max(1, devices);
}
