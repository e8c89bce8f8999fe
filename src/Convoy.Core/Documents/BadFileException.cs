using Convoy.Core.Languages;

namespace Convoy.Core.Documents;

/// <summary>What is in a file cannot be used: it is damaged, or another kind of file, or tells of more than can be calculated.</summary>
public sealed class BadFileException(Text explanation, Exception? inner = null) : Exception(explanation.ToString(), inner), IExplained
{
    public Text Explanation { get; } = explanation;
}
