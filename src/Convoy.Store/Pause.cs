namespace Convoy.Store;

public enum PausedPart
{
    /// <summary>Nothing new starts, and nobody is evicted.</summary>
    Scheduling,

    /// <summary>Nobody is evicted.</summary>
    Evictions,
}

/// <summary>What an administrator wants the scheduler not to do for now.</summary>
public sealed record Pause(PausedPart Part, string By, DateTimeOffset At, string? Reason);
