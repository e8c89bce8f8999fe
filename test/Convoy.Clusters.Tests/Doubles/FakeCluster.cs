using Convoy.Core.Jobs;

namespace Convoy.Clusters.Tests.Doubles;

/// <summary>A cluster that only writes objects and watches, and remembers nothing itself.</summary>
public sealed class FakeCluster : ICluster
{
    private readonly FakeApiServer server;
    private readonly ObservationJournal journal = new();

    public FakeCluster(FakeApiServer server)
    {
        this.server = server;
        foreach (var seen in server.Watch(journal.Add)) journal.Add(seen);
        journal.SetNodes(server.Nodes);
    }

    public string Name => "fake";

    public Task<IReadOnlyList<Refusal>> ApplyAsync(IReadOnlyList<ClusterAssignment> assignments, CancellationToken cancellationToken)
    {
        var refusals = new List<Refusal>();
        foreach (var wish in assignments)
        {
            if (server.Write(wish) is { } refused) refusals.Add(new Refusal(wish.Assignment.JobId, wish.Assignment.Generation, refused.Reason, refused.Permanent));
        }

        return Task.FromResult<IReadOnlyList<Refusal>>(refusals);
    }

    public Task<bool> ForgetAsync(JobId job, int ownerNumber, CancellationToken cancellationToken)
    {
        if (server.Remove(job) is not { } tasks) return Task.FromResult(false);
        journal.Forget(job, tasks);
        return Task.FromResult(true);
    }

    public Task<ClusterReport> ObserveAsync(ReportCursor? since, CancellationToken cancellationToken) => Task.FromResult(journal.Since(since));

    public Task WaitForChangeAsync(ReportCursor since, CancellationToken cancellationToken) => journal.WaitAsync(since, cancellationToken);

    public ValueTask DisposeAsync()
    {
        server.Unwatch(journal.Add);
        return ValueTask.CompletedTask;
    }
}
