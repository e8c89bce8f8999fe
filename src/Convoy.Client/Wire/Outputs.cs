namespace Convoy.Client.Wire;

/// <summary>A file that a task left in <c>CONVOY_OUTPUT_DIR</c>, or something that lay there and is not kept.</summary>
/// <param name="Path">Below that folder, with slashes. Bytes that are no UTF-8 stand as <c>%XX</c>.</param>
/// <param name="Sha256">Of its content; null where it was left behind.</param>
/// <param name="LeftBehind">One stable word: why its content is not kept.</param>
/// <param name="Target">Of a symbolic link, as written in it.</param>
public sealed record OutputFileView(
    int Attempt, string Role, int Rank, string Path, long Size, DateTimeOffset ModifiedAt, bool Executable, string? Sha256, string? LeftBehind, string? Target);

/// <param name="Next">Give it as <c>after</c> to read on; null at the end.</param>
public sealed record OutputListView(IReadOnlyList<OutputFileView> Items, string? Next, int SchemaVersion = 1) : IListView<OutputFileView>
{
    /// <summary>Whose files these are; null where they are of all attempts, or there are none.</summary>
    public int? Attempt { get; init; }

    /// <summary>Of all tasks that were asked for, whatever their files are called. Only on the first page.</summary>
    public OutputTotalsView? Totals { get; init; }

    /// <summary>Tasks that have ended and whose files are still to be taken in.</summary>
    public int Waiting { get; init; }

    /// <summary>Tasks that still run: what they leave is listed once they have ended.</summary>
    public int Running { get; init; }
}

/// <param name="LeftBehind">Links, pipes, and what was over a limit or could not be read.</param>
public sealed record OutputTotalsView(long Files, long Bytes, long LeftBehind);
