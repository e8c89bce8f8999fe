namespace Convoy.Store;

/// <summary>How much one job may report. A curve of a million points is more than any chart shows.</summary>
public static class MetricLimits
{
    /// <summary>Distinct metric names.</summary>
    public const int MaxSeriesPerJob = 1_000;

    /// <summary>Points of all series together.</summary>
    public const int MaxPointsPerJob = 1_000_000;
}
