using Convoy.Client;
using Convoy.Core.Simulation;

namespace Convoy.Cli.Simulation;

/// <summary>What is simulated: machines and the jobs that come to them.</summary>
internal sealed record Scenario(SimulatedCluster Cluster, IReadOnlyList<SimulatedJob> Jobs)
{
    private const long LargestCluster = 4 << 20;
    private const long LargestTrace = 256 << 20;

    public static async Task<Scenario> OfFilesAsync(string clusterFile, string traceFile, CancellationToken cancellationToken)
    {
        var cluster = await ReadClusterAsync(clusterFile, cancellationToken);
        var reading = TraceReader.Read(await InputFile.ReadTextAsync(traceFile, LargestTrace, "trace", cancellationToken), cluster);
        return new Scenario(cluster, reading.Jobs ?? throw new InvalidFileException(traceFile, reading.Problems, reading.ProblemCount, "simulated"));
    }

    public static async Task<SimulatedCluster> ReadClusterAsync(string file, CancellationToken cancellationToken)
    {
        var reading = ClusterFile.Read(await InputFile.ReadTextAsync(file, LargestCluster, "cluster file", cancellationToken), file);
        return reading.Cluster ?? throw new InvalidFileException(file, reading.Problems, reading.Problems.Count, "simulated");
    }
}
