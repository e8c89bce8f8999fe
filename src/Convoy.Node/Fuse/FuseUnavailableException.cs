using Convoy.Core.Languages;

namespace Convoy.NodeAgent.Fuse;

/// <summary>No file system can be mounted here. Tasks can read the data set by Python all the same.</summary>
public sealed class FuseUnavailableException(Text explanation) : Exception(explanation.ToString()), IExplained
{
    public Text Explanation { get; } = explanation;
}
