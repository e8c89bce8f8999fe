namespace Convoy.Client.Tests.Http;

/// <summary>Short pauses are over at once and count in full; limits on silence stay as long as they are.</summary>
internal sealed class HastyTime : TimeProvider
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private long passed;

    public override long GetTimestamp() => Interlocked.Read(ref passed);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime < TimeSpan.Zero || dueTime > LongestPause) return System.CreateTimer(callback, state, dueTime, period);
        Interlocked.Add(ref passed, dueTime.Ticks);
        return System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
