namespace Convoy.Objects.Outputs;

/// <summary>Something that lay in a task's output folder when it was taken in.</summary>
/// <param name="Path">
/// Below the folder, with slashes. Bytes that are no UTF-8 stand as <c>%XX</c>, so two entries may have the same path where somebody wants it so.
/// </param>
/// <param name="Size">Bytes as kept; of what was left behind, as it was found.</param>
/// <param name="Mode">Permission bits.</param>
/// <param name="Sha256">Of its content; null where it was left behind.</param>
/// <param name="LeftBehind">Why its content is not kept; null where it is.</param>
/// <param name="Target">Of a symbolic link, as written in it.</param>
public sealed record OutputEntry(string Path, long Size, DateTimeOffset ModifiedAt, int Mode, string? Sha256, LeftBehind? LeftBehind = null, string? Target = null);

/// <summary>Why something in an output folder is not kept.</summary>
public enum LeftBehind
{
    /// <summary>A symbolic link: what it names may be anybody's.</summary>
    Link,

    /// <summary>A pipe, socket or device.</summary>
    Special,

    /// <summary>A file that belongs to another person: a hard link.</summary>
    NotTheirs,

    /// <summary>Another file system is mounted there.</summary>
    OtherFileSystem,

    Unreadable,

    TooDeep,

    /// <summary>The task left more bytes than are kept.</summary>
    OverBytes,

    /// <summary>The task left more files than are kept; this is the first of those not looked at.</summary>
    OverFiles,
}

/// <summary>A task's output as a whole.</summary>
/// <param name="Files">Kept files.</param>
/// <param name="Bytes">Of the kept files.</param>
/// <param name="LeftBehind">Entries whose content is not kept.</param>
/// <param name="FolderStays">Something that is somebody's work was left behind, so the task's folder is not removed before the job's outputs are.</param>
public sealed record OutputSummary(long Files, long Bytes, long LeftBehind, bool FolderStays);

/// <param name="Entries">In ordinal order of their paths.</param>
/// <param name="Next">Where to read on; null at the end.</param>
public sealed record OutputPage(IReadOnlyList<OutputEntry> Entries, long? Next);

/// <summary>What is kept of one task at most.</summary>
public sealed record OutputLimits(long Files, long Bytes)
{
    public static OutputLimits Default { get; } = new(10_000_000, 1L << 40);
}
