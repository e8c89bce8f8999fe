namespace Convoy.Core.Tasks;

/// <summary>
/// What somebody asks of the node agent: a JSON object on one line of a Unix socket, exactly one of it set. What was opened stays open until the
/// connection ends, however it does.
/// </summary>
public sealed record NodeRequest(OpenDataset? Open = null)
{
    /// <summary>Of the agent's own user or root.</summary>
    public bool? Status { get; init; }
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
public sealed record NodeAnswer(OpenedDataset? Opened = null, NodeRefusal? Error = null, IReadOnlyList<HeldVersion>? Versions = null);

/// <param name="Path">Where its files are; null where they were not wanted in a folder.</param>
/// <param name="Bytes">Of all its files.</param>
/// <param name="WantedBytes">Of these, what an epoch is to find on the node.</param>
/// <param name="HeldBytes">Of packs, that are there already.</param>
public sealed record OpenedDataset(string Dataset, string Version, string? Path, long Files = 0, long Bytes = 0, long WantedBytes = 0, long HeldBytes = 0);

/// <param name="Code">A stable word such as <c>FuseUnavailable</c>.</param>
public sealed record NodeRefusal(string Code, string Message)
{
    public const string NoMounts = "FuseUnavailable";
}

/// <summary>A version of a data set on the node.</summary>
/// <param name="Holders">Connections that have it open.</param>
/// <param name="Hits">Reads of pieces that were held, since the agent started.</param>
/// <param name="Misses">Pieces that were brought because somebody read them.</param>
/// <param name="MissedBytes">Of these, from the store.</param>
/// <param name="FilledBytes">From the store, to be held.</param>
/// <param name="Damaged">Pieces that were held and had other bytes than were published.</param>
/// <param name="Problem">Why not all that is wanted is held; null where nothing is wrong.</param>
public sealed record HeldVersion(
    string Dataset, string Version, int Holders, long Bytes, long WantedBytes, long HeldBytes, long Hits, long Misses, long MissedBytes, long FilledBytes, long Damaged, string? Path, string? Problem);
