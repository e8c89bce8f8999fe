using System.Text;
using Convoy.Core.Languages;

namespace Convoy.Client.Datasets;

/// <summary>A file that becomes part of a data set.</summary>
/// <param name="Path">UTF-8, below the data set's root.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Open">Its content from the first byte, as often as it is asked for.</param>
public sealed record SourceFile(byte[] Path, long Size, Func<Stream> Open)
{
    public string Name => Encoding.UTF8.GetString(Path);
}

/// <summary>What was to be published cannot be read as it is.</summary>
public sealed class SourceException(Text explanation, Exception? inner = null) : Exception(explanation.ToString(), inner), IExplained
{
    public Text Explanation { get; } = explanation;
}
