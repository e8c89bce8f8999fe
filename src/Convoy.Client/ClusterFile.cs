using Convoy.Core.Simulation;

namespace Convoy.Client;

/// <summary>The file of a cluster to simulate, in the same YAML as a job file.</summary>
public static class ClusterFile
{
    /// <summary>The cluster, or all of the file's problems with line and column.</summary>
    /// <param name="fileName">For the message of a file that is no YAML.</param>
    public static SimulatedClusterReading Read(string text, string fileName)
    {
        var document = YamlDocument.Read(text);
        return document.Root is { } root
            ? SimulatedClusterReader.Read(root)
            : new SimulatedClusterReading(null, [document.Problem! with { Path = fileName }]);
    }
}
