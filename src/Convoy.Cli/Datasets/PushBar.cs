using Convoy.Cli.Output;
using Convoy.Client.Datasets;

namespace Convoy.Cli.Datasets;

/// <summary>How far a push is: of a folder as a bar, of a stream, whose end nobody knows, as numbers.</summary>
/// <param name="whole">Null where it is not known.</param>
internal sealed class PushBar(Call call, FolderSize? whole)
{
    private readonly ProgressBar bar = new(call, Text.Of("pushing").Said(), whole?.Bytes ?? long.MaxValue);

    public void Show(PushProgress now) => bar.Show(now.Bytes, () => whole is null
        ? $"{Spans.Count(now.Files, "file")}, {Spans.Bytes(now.Bytes)}, sent {Spans.Bytes(now.BytesSent)}"
        : (Core.Languages.Text)$"{Spans.Bytes(now.Bytes)} of {Spans.Bytes(whole.Bytes)}, {now.Files} of {Spans.Count(whole.Files, "file")}, sent {Spans.Bytes(now.BytesSent)}");

    /// <summary>Takes the line away.</summary>
    public void Clear() => bar.Clear();
}

/// <summary>What a folder has, before it is read.</summary>
internal sealed record FolderSize(long Files, long Bytes)
{
    /// <exception cref="SourceException">Something in it cannot be published.</exception>
    public static FolderSize Of(string folder)
    {
        var size = new FolderSize(0, 0);
        foreach (var file in SourceFolder.Walk(folder)) size = new FolderSize(size.Files + 1, size.Bytes + file.Size);
        return size;
    }
}
