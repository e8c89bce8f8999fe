namespace Convoy.Store.Sqlite;

/// <summary>Instants as counts of 100 ns since 1970 UTC: exact, short and ordered. The offset they were written with is not kept.</summary>
internal static class StoredTime
{
    public static long Of(DateTimeOffset time) => time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;

    public static long? Of(DateTimeOffset? time) => time is { } t ? Of(t) : null;

    public static DateTimeOffset At(long stored) => DateTimeOffset.UnixEpoch.AddTicks(stored);

    public static DateTimeOffset? At(long? stored) => stored is { } s ? At(s) : null;
}
