using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Core.Simulation;

namespace Convoy.Cli.Simulation;

/// <summary>What is simulated: machines and the jobs that come to them.</summary>
internal sealed record Scenario(SimulatedCluster Cluster, IReadOnlyList<SimulatedJob> Jobs)
{
    private const long LargestCluster = 4 << 20;
    private const long LargestTrace = 256 << 20;
    private const int LargestPage = 1000;

    public static async Task<Scenario> OfFilesAsync(string clusterFile, string traceFile, CancellationToken cancellationToken)
    {
        var cluster = await ReadClusterAsync(clusterFile, cancellationToken);
        var reading = TraceReader.Read(await InputFile.ReadTextAsync(traceFile, LargestTrace, "trace", cancellationToken), cluster);
        return new Scenario(cluster, reading.Jobs ?? throw new InvalidFileException(InputFile.NameOf(traceFile), reading.Problems, reading.ProblemCount, "simulated"));
    }

    /// <summary>What everybody's jobs did on a platform, on the machines, queues and levels that it has now, or on others.</summary>
    /// <param name="clusterFile">Null means the platform's own.</param>
    public static async Task<Scenario> OfHistoryAsync(ConvoyClient client, DateTimeOffset since, string? clusterFile, CancellationToken cancellationToken)
    {
        var cluster = clusterFile is null ? null : await ReadClusterAsync(clusterFile, cancellationToken);
        if (cluster is null)
        {
            var planning = await client.SnapshotAsync(cancellationToken);
            cluster = SimulatedCluster.Of(planning.Snapshot, planning.Policy);
            if (cluster.Nodes.Count == 0) throw new CommandException(ExitCodes.Invalid, "NoNodes", "the platform has no nodes; give some with --cluster FILE");
        }

        var jobs = new Dictionary<string, SimulatedJob>();
        string? next = null;
        do
        {
            var page = await client.HistoryAsync(since, next, LargestPage, cancellationToken);

            // One that ended meanwhile comes again, with its end.
            foreach (var job in page.Items) jobs[job.Id] = job.ToTrace();
            next = page.Next;
        }
        while (next is not null && jobs.Count <= TraceReader.MaxJobs);
        if (jobs.Count == 0) throw new CommandException(ExitCodes.Invalid, "NoHistory", $"no job has run since {Spans.Time(since)}; look further back with --history");
        return new Scenario(cluster, [.. jobs.Values.OrderBy(job => job.Submit).ThenBy(job => job.Id, StringComparer.Ordinal)]);
    }

    public static async Task<SimulatedCluster> ReadClusterAsync(string file, CancellationToken cancellationToken)
    {
        var reading = ClusterFile.Read(await InputFile.ReadTextAsync(file, LargestCluster, "cluster file", cancellationToken));
        return reading.Cluster ?? throw new InvalidFileException(InputFile.NameOf(file), reading.Problems, reading.Problems.Count, "simulated");
    }
}
