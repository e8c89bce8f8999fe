using Convoy.Core.Languages;
using Convoy.Core.Resources;

namespace Convoy.Server;

/// <summary>
/// The room on the state's file systems that is kept for what runs already: its logs, its end, and the platform's notes of both. What would
/// begin something new is refused while less is free; what has begun may use all of it.
/// </summary>
public sealed class DiskReserve(ServerOptions options, StateFolder state)
{
    /// <summary>A twentieth; of a tiny disk what the database needs to keep going, and of a large one no more than ends need.</summary>
    private const int Part = 20, LargestPart = 4;
    private static readonly ByteSize Least = ByteSize.FromMebibytes(16), Most = ByteSize.FromMebibytes(2048);

    /// <summary>A task takes some twenty files.</summary>
    private const long MostFiles = 2_000;

    /// <summary>Each may be a file system of its own.</summary>
    private readonly string[] places = [state.Root, Path.GetDirectoryName(state.Database)!, state.Objects, state.Cluster];

    /// <summary>Null where there is room for so many more bytes.</summary>
    public DiskShortage? ShortOf(long bytes = 0)
    {
        var measured = places.Select(DiskSpace.Of).OfType<DiskSpace>().Select(space => (Space: space, Reserved: ReservedOf(space))).ToArray();
        if (measured.Length == 0) return null;
        var (fullest, kept) = measured.MinBy(place => place.Space.FreeBytes - place.Reserved);
        Instruments.DiskFree.Set(fullest.FreeBytes);
        Instruments.DiskReserved.Set(kept);
        foreach (var (space, reserved) in measured)
        {
            if (space.FreeBytes - bytes < reserved) return new DiskShortage(space.Path, space.FreeBytes, reserved, IsFiles: false);
            var files = Math.Min(MostFiles, space.TotalFiles / Part);
            if (space.TotalFiles > 0 && space.FreeFiles < files) return new DiskShortage(space.Path, space.FreeFiles, files, IsFiles: true);
        }

        return null;
    }

    private long ReservedOf(DiskSpace space) => options.DiskReserve is { } chosen
        ? chosen.Bytes
        : Math.Min(space.TotalBytes / LargestPart, Math.Clamp(space.TotalBytes / Part, Least.Bytes, Most.Bytes));
}

/// <param name="IsFiles">Numbers count files that the file system can still make, not bytes.</param>
public sealed record DiskShortage(string Path, long Free, long Reserved, bool IsFiles)
{
    public const string Code = "DiskFull";

    public Text FreeText => IsFiles ? Sentences.Count(Free, "file") : $"{new ByteSize(Free).ToRoundedText()}";

    public Text ReservedText => IsFiles ? Sentences.Count(Reserved, "file") : $"{new ByteSize(Reserved).ToRoundedText()}";
}
