namespace Convoy.NodeAgent.Fuse;

/// <summary>How a version of a data set is mounted.</summary>
public sealed record FuseOptions
{
    /// <summary>What <c>mount</c> shows, such as <c>kitti@v3</c>.</summary>
    public string Source { get; init; } = "convoy";

    /// <summary>When every file and folder was last changed: at the version's publication.</summary>
    public required DateTimeOffset PublishedAt { get; init; }

    /// <summary>That wait for the kernel; each answers what it takes before it takes more. Null: one for each processor.</summary>
    public int? Threads { get; init; }

    /// <summary>That wait for bytes from elsewhere; each may have 1 MiB of memory.</summary>
    public int MostReadsAtOnce { get; init; } = 64;

    /// <summary>After so long a read that waits for bytes from elsewhere fails with EIO.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);
}
