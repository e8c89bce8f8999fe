using Convoy.Client.Wire;

namespace Convoy.Client;

public enum WatchStep
{
    /// <summary>What is known is to be forgotten: the list comes anew.</summary>
    Reset,

    /// <summary>A job, as it is now.</summary>
    Job,

    /// <summary>The list has come whole; from here on there are changes.</summary>
    Synced,
}

/// <param name="Job">Null but for <see cref="WatchStep.Job"/>.</param>
public readonly record struct WatchedJob(WatchStep Step, JobView? Job);
