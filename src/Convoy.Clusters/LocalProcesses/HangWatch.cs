using Convoy.Core.Resources;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>
/// Whether a running gang goes on. It is judged as a whole: in most programs rank 0 alone prints, and the others are silent for good.
/// Time is counted while it watches, so neither a clock that is set nor a machine that sleeps makes a task look hung; a platform that
/// starts again counts anew.
/// </summary>
/// <param name="heartbeat">The file that a rank's reports touch.</param>
internal sealed class HangWatch(TimeSpan timeout, Func<int, string> heartbeat, TimeProvider time)
{
    /// <summary>Often enough that a hang is noticed soon after its time, and seldom enough to cost nothing.</summary>
    private readonly TimeSpan period = TimeSpan.FromTicks(Math.Clamp(timeout.Ticks / 10, TimeSpan.TicksPerMillisecond * 100, TimeSpan.TicksPerSecond * 10));

    private readonly Dictionary<int, DateTime?> seen = [];
    private long lookedAt = long.MinValue;
    private long movedAt;
    private bool isOver;

    public string Reason => $"no output and no report for {DurationText.Format(timeout)}";

    /// <summary>
    /// The task to blame, once nothing has moved for the timeout: the one that was the first to fall silent of those that ever did something.
    /// The others are stopped because of it, as after any failure.
    /// </summary>
    public LocalTask? Look(IReadOnlyList<LocalTask> tasks)
    {
        var now = time.GetTimestamp();
        if (isOver || (lookedAt != long.MinValue && time.GetElapsedTime(lookedAt, now) < period)) return null;
        var isFirst = lookedAt == long.MinValue;
        lookedAt = now;
        var running = tasks.Where(task => task.IsRunning).ToArray();

        // Some have yet to start: a gang that waits for its last task does not hang.
        if (isFirst || running.Length == 0 || tasks.Any(task => !task.IsRunning && !task.HasEnded)) movedAt = now;
        foreach (var task in running)
        {
            var progress = task.LastProgress(heartbeat(task.Rank));
            if (seen.GetValueOrDefault(task.Rank) != progress) movedAt = now;
            seen[task.Rank] = progress;
        }

        if (time.GetElapsedTime(movedAt, now) < timeout) return null;
        isOver = true;
        return running.OrderBy(task => seen[task.Rank] ?? DateTime.MaxValue).ThenBy(task => task.Rank).First();
    }
}
