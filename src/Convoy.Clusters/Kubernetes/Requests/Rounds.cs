namespace Convoy.Clusters.Kubernetes;

/// <summary>Goes round those who wait, to ask how they stand: each soon after it came, and then every few seconds, or less often where they are many.</summary>
/// <remarks>Its owner's lock is held while it is used.</remarks>
internal sealed class Rounds(TimeProvider time)
{
    private const int MostPerSecond = 20;
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, DateTimeOffset> due = new(StringComparer.Ordinal);
    private readonly SortedSet<(DateTimeOffset At, string Key)> order = [];

    public bool IsAnyDue => order.Count > 0 && order.Min.At <= time.GetUtcNow();

    /// <summary>One that waits already keeps its turn.</summary>
    public void Add(string key)
    {
        if (!due.ContainsKey(key)) Set(key, time.GetUtcNow() + First);
    }

    public void Remove(string key)
    {
        if (due.Remove(key, out var at)) order.Remove((at, key));
    }

    /// <summary>Those whose turn it is; an answer that is lost is asked for again with the next turn.</summary>
    public IReadOnlyList<string> Take(int limit)
    {
        var now = time.GetUtcNow();
        var taken = new List<string>();
        while (taken.Count < limit && order.Count > 0 && order.Min is var (at, key) && at <= now)
        {
            order.Remove((at, key));
            taken.Add(key);
            Set(key, now + (Usual > Round ? Usual : Round));
        }

        return taken;
    }

    private TimeSpan Round => TimeSpan.FromSeconds(due.Count / MostPerSecond);

    private void Set(string key, DateTimeOffset at)
    {
        due[key] = at;
        order.Add((at, key));
    }
}
