using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;

namespace Convoy.Cli.Completion;

/// <summary>Names that only the server knows (or the saved contexts), by what the help calls them.</summary>
internal static class ServerNames
{
    private const int Most = 200;

    public static IReadOnlySet<string> Kinds { get; } = new HashSet<string> { "JOB", "NODE", "QUEUE", "USER", "LEVEL", "CLUSTER", "DATASET", "CONTEXT", "URL" };

    /// <param name="client">Opened only where a server has to be asked.</param>
    /// <param name="typed">What they begin with.</param>
    public static async Task<IReadOnlyList<Candidate>> OfAsync(string kind, Func<ConvoyClient> client, string typed, CancellationToken cancellationToken) => kind switch
    {
        "JOB" => Jobs((await client().ListJobsAsync(new JobQuery { Limit = Most }, cancellationToken)).Items, typed),
        "NODE" => [.. (await client().ListNodesAsync(null, Most, cancellationToken)).Items.Select(node => new Candidate(node.Name, $"{node.Health}, {node.GpusFree}/{node.Gpus}"))],
        "QUEUE" => [.. (await client().ListQueuesAsync(cancellationToken)).Items.Where(queue => queue.MayUse).Select(queue => new Candidate(queue.Name))],
        "USER" => [.. (await client().ListUsersAsync(null, Most, cancellationToken)).Items.Select(user => new Candidate(user.Name, user.Level))],
        "LEVEL" => [.. (await client().ListLevelsAsync(cancellationToken)).Items.Select(level => new Candidate(level.Name))],
        "CLUSTER" => [.. (await client().ListClustersAsync(null, Most, cancellationToken)).Items.Select(cluster => new Candidate(cluster.Name, cluster.State))],
        "DATASET" => [.. (await client().Datasets.ListAsync(null, Most, cancellationToken)).Items.Select(dataset => new Candidate(dataset.Name, dataset.Latest?.Version))],
        "CONTEXT" => [.. Contexts.Read(Contexts.DefaultFile()).Items.Select(context => new Candidate(context.Name, context.Server))],
        _ => [.. Contexts.Read(Contexts.DefaultFile()).Items.Select(context => new Candidate(context.Server, context.Name))],
    };

    /// <summary>The newest of each name; ids too, once one is being typed.</summary>
    private static Candidate[] Jobs(IReadOnlyList<JobView> jobs, string typed) =>
    [
        .. jobs.DistinctBy(job => job.Name).Select(job => new Candidate(job.Name, $"{job.Phase}, {job.Id}")),
        .. typed.Length == 0 ? [] : jobs.Where(job => job.Id.StartsWith(typed, StringComparison.Ordinal)).Select(job => new Candidate(job.Id, $"{job.Phase}, {job.Name}")),
    ];
}
