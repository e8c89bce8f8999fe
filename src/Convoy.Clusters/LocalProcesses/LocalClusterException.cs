using Convoy.Core.Languages;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>The machine, or the folder given, cannot hold a local cluster; the message says what to do.</summary>
public sealed class LocalClusterException(Text explanation) : Exception(explanation.ToString()), IExplained
{
    public Text Explanation { get; } = explanation;
}
