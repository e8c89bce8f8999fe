using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Objects.Outputs;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>Outputs of a <see cref="LocalCluster"/>: what is kept, and what still lies in people's folders.</summary>
internal sealed class LocalOutputs(StateLayout layout, OutputStore store, Func<int, int?> uidOf) : ITaskOutputs
{
    public Task<IReadOnlyList<TaskOutput>> ListAsync(JobId job, CancellationToken cancellationToken)
    {
        // Looked for first: what is taken in meanwhile is then found as kept.
        var found = Owner(job) is { } owner ? layout.Person(owner).Outputs(job).ToArray() : [];
        var kept = store.List(job).ToHashSet();
        return Task.FromResult<IReadOnlyList<TaskOutput>>([.. kept.Union(found).Order().Select(task => new TaskOutput(task.Attempt, task.Rank, kept.Contains(task)))]);
    }

    public Task<OutputSummary?> SummaryAsync(JobId job, int attempt, int rank, CancellationToken cancellationToken) => Task.FromResult(store.Summary(job, attempt, rank));

    public Task<OutputPage?> ReadAsync(JobId job, int attempt, int rank, string prefix, long? from, int limit, CancellationToken cancellationToken) =>
        Task.FromResult(store.Read(job, attempt, rank, prefix, from, limit));

    public Task<OutputEntry?> FindAsync(JobId job, int attempt, int rank, string path, CancellationToken cancellationToken) => Task.FromResult(store.Find(job, attempt, rank, path));

    public Task<Stream?> OpenAsync(JobId job, string sha256, CancellationToken cancellationToken) => Task.FromResult(store.Open(job, sha256));

    /// <summary>On a thread of its own: there may be millions of files.</summary>
    public Task DeleteAsync(JobId job, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            // First the folders: what is not there is not taken in again.
            if (Owner(job) is { } owner)
            {
                var files = layout.Person(owner);
                foreach (var (attempt, rank) in files.Outputs(job)) new PersonFolders(uidOf(owner)).Remove(files.Output(job, attempt, rank));
            }

            store.Delete(job);
        },
        cancellationToken);

    private int? Owner(JobId job) => DurableFile.Read(layout.Wish(job)) is { } bytes ? JsonSerializer.Deserialize(bytes, LocalJson.Default.ClusterAssignment)!.OwnerNumber : null;
}
