namespace Convoy.Simulation.Tests;

/// <summary>The timeline as one server sees it: its timers end with it.</summary>
internal sealed class ServerTime(Timeline timeline, ServerLife life) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => timeline.Now;

    public override long GetTimestamp() => timeline.Now.UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(timeline, life, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(Timeline timeline, ServerLife life, TimerCallback callback, object? state) : ITimer
    {
        private int setting;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            setting++;
            if (dueTime != Timeout.InfiniteTimeSpan) Set(setting, dueTime, period);
            return true;
        }

        public void Dispose() => setting++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Set(int current, TimeSpan due, TimeSpan period) => timeline.After(due, () =>
        {
            if (setting != current) return;
            life.Send(_ => callback(state), null);
            if (period > TimeSpan.Zero && setting == current) Set(current, period, period);
        });
    }
}
