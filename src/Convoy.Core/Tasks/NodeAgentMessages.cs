namespace Convoy.Core.Tasks;

/// <summary>
/// What somebody asks of the node agent: a JSON object on one line of a Unix socket, exactly one of it set. What was opened stays open until the
/// connection ends, however it does.
/// </summary>
public sealed record NodeRequest(OpenDataset? Open = null)
{
    /// <summary>Of the agent's own user or root.</summary>
    public bool? Status { get; init; }

    /// <summary>The same of the data sets that the connection has open.</summary>
    public bool? Held { get; init; }

    public ListFiles? List { get; init; }

    public ReadFile? Read { get; init; }

    public MapFiles? Map { get; init; }
}

/// <summary>
/// Files of a data set that the connection has open, to be mapped. Their descriptors, for reading alone, come with the answer (SCM_RIGHTS), in this order:
/// where no pack is named, the manifest and the table of what is held, else the packs.
/// </summary>
/// <param name="Packs">By their numbers in the manifest, at most <see cref="Most"/>.</param>
public sealed record MapFiles(string Dataset, IReadOnlyList<int> Packs)
{
    public const int Most = 64;
}

/// <summary>Files of a data set that the connection has open, in the order of their numbers.</summary>
/// <param name="From">The number of the first; an answer has some of those that follow.</param>
public sealed record ListFiles(string Dataset, int From);

/// <summary>Bytes of a file of a data set that the connection has open. They follow behind the line of the answer.</summary>
/// <param name="File">Its number; null where it is named by its path.</param>
/// <param name="Offset">Of the first byte.</param>
/// <param name="Length">At most <see cref="Most"/>; fewer come only where the file ends.</param>
public sealed record ReadFile(string Dataset, int? File, string? Path, long Offset, int Length)
{
    public const int Most = 8 << 20;
}

/// <param name="Token">Of a person or a task that may read the data set; every holder's is looked at.</param>
/// <param name="Version">A version or a tag.</param>
/// <param name="Mount">Whether its files are wanted in a folder.</param>
/// <param name="Share">Millionths of it that are to be held on the node, as far as there is room; null means all.</param>
public sealed record OpenDataset(string Token, string Dataset, string Version, bool Mount, int? Share = null)
{
    /// <summary>Without the token.</summary>
    public override string ToString() => $"{Dataset}@{Version}";
}

/// <summary>Its answer, on one line. Exactly one is set.</summary>
public sealed record NodeAnswer(OpenedDataset? Opened = null, NodeRefusal? Error = null, IReadOnlyList<HeldVersion>? Versions = null)
{
    public IReadOnlyList<ListedFile>? Files { get; init; }

    /// <summary>How many descriptors come with it.</summary>
    public int? Mapped { get; init; }

    /// <summary>How many bytes follow.</summary>
    public int? Length { get; init; }

    /// <summary>Of the whole file.</summary>
    public long? Size { get; init; }
}

public sealed record ListedFile(string Path, long Size);

/// <param name="Path">Where its files are; null where they were not wanted in a folder.</param>
/// <param name="Bytes">Of all its files.</param>
/// <param name="WantedBytes">Of these, what an epoch is to find on the node.</param>
/// <param name="HeldBytes">Of packs, that are there already.</param>
/// <param name="FilledBytes">As of <see cref="HeldVersion"/>, so far.</param>
/// <param name="MissedBytes">As of <see cref="HeldVersion"/>, so far.</param>
public sealed record OpenedDataset(string Dataset, string Version, string? Path, long Files = 0, long Bytes = 0, long WantedBytes = 0, long HeldBytes = 0, long FilledBytes = 0, long MissedBytes = 0);

/// <param name="Code">A stable word such as <c>FuseUnavailable</c>.</param>
public sealed record NodeRefusal(string Code, string Message)
{
    public const string NoMounts = "FuseUnavailable";
}

/// <summary>A version of a data set on the node.</summary>
/// <param name="Holders">Connections that have it open.</param>
/// <param name="Hits">Reads of pieces that were held, since the agent started; those of who has packs mapped are not seen.</param>
/// <param name="Misses">Pieces that were brought because somebody read them.</param>
/// <param name="MissedBytes">Of these, from the store.</param>
/// <param name="FilledBytes">From the store, to be held.</param>
/// <param name="Damaged">Pieces, or segments, that were held and had other bytes than were published.</param>
/// <param name="Problem">Why not all that is wanted is held; null where nothing is wrong.</param>
public sealed record HeldVersion(
    string Dataset, string Version, int Holders, long Bytes, long WantedBytes, long HeldBytes, long Hits, long Misses, long MissedBytes, long FilledBytes, long Damaged, string? Path, string? Problem)
{
    /// <summary>That are held and were compared with their hashes since the agent started, without being asked for.</summary>
    public long ScrubbedBytes { get; init; }

    /// <summary>Of the bytes that are wanted, what is held; all of them when all is, whatever files share. Null from an agent that does not tell.</summary>
    public long? KeptBytes { get; init; }
}
