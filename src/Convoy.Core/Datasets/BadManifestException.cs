using Convoy.Core.Languages;

namespace Convoy.Core.Datasets;

/// <summary>A manifest cannot be made, or is none.</summary>
public sealed class BadManifestException(Text explanation) : Exception(explanation.ToString()), IExplained
{
    public Text Explanation { get; } = explanation;
}
