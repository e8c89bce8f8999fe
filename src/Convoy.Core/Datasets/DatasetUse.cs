using System.Text.Json.Serialization;

namespace Convoy.Core.Datasets;

/// <summary>What of a version lies on a node, and what came there from the store, while a task had it open. Bytes are those of files.</summary>
/// <param name="Bytes">Of all its files: what an epoch reads.</param>
/// <param name="WantedBytes">Of these, what is to lie on the node.</param>
/// <param name="HeldBytes">Of these, what does.</param>
/// <param name="FilledBytes">That came from the store to stay.</param>
/// <param name="MissedBytes">That came because somebody read them and they do not stay. Others on the node who have the version open count, too.</param>
public sealed record DatasetUse(string Name, string Version, long Bytes, long WantedBytes, long HeldBytes, long FilledBytes, long MissedBytes)
{
    private const int All = 100;

    /// <summary>Bytes a second that came to stay, of late; null while none come.</summary>
    public long? FillRate { get; init; }

    /// <summary>The task waits until so much of what is to lie on the node does, in percent; null where it does not wait.</summary>
    public int? WaitsFor { get; init; }

    /// <summary>Why not all that is wanted is held; null where nothing is wrong.</summary>
    public string? Problem { get; init; }

    /// <summary>Whole percents of what is to lie on the node.</summary>
    [JsonIgnore]
    public int HeldPercent => WantedBytes == 0 ? All : (int)(HeldBytes * All / WantedBytes);

    /// <summary>Until what the task waits for lies there; null where it waits for nothing, or nothing comes.</summary>
    [JsonIgnore]
    public TimeSpan? WaitsAbout => WaitsFor is { } percent && FillRate is > 0 and { } rate ? TimeSpan.FromSeconds(Math.Max(0, (double)WantedBytes * percent / All - HeldBytes) / rate) : null;
}
