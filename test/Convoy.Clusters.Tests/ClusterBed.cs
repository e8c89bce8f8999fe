using Convoy.Core.Jobs;

namespace Convoy.Clusters.Tests;

/// <summary>A kind of cluster under test, and the world it lives in, which outlasts each <see cref="ICluster"/> opened on it.</summary>
public interface IClusterBed : IAsyncDisposable
{
    /// <summary>Begins a new life of the cluster's observer. The earlier one is disposed before.</summary>
    Task<ICluster> OpenAsync(int nodes = 2, int devicesPerNode = 2);

    /// <summary>A command that runs until <see cref="End"/> is called for its task.</summary>
    IReadOnlyList<string> Waiting { get; }

    void End(JobId job, int rank, int exitCode);

    /// <summary>How often the task's program was really started, over all attempts.</summary>
    int StartsOf(JobId job, int rank);
}

/// <summary>What every test asks of a cluster.</summary>
public static class ClusterConversation
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task ApplyAsync(this ICluster cluster, ClusterAssignment wish)
    {
        var refusals = await cluster.ApplyAsync([wish], CancellationToken.None);
        refusals.ShouldBeEmpty();
    }

    /// <summary>Follows the cluster's reports, as the server does, until they satisfy.</summary>
    public static async Task<Seen> UntilAsync(this ICluster cluster, string what, Func<Seen, bool> isEnough, TimeSpan? patience = null)
    {
        using var deadline = new CancellationTokenSource(patience ?? Patience);
        var seen = new Seen();
        ReportCursor? cursor = null;
        try
        {
            while (true)
            {
                var report = await cluster.ObserveAsync(cursor, deadline.Token);
                report.IsComplete.ShouldBe(cursor is null);
                cursor = report.Cursor;
                seen.Take(report);
                if (isEnough(seen)) return seen;
                await cluster.WaitForChangeAsync(report.Cursor, deadline.Token);
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"not seen in {patience ?? Patience}: {what}; seen: {string.Join("; ", seen.All)}");
        }
    }

    /// <summary>Running says that the program is as good as executed; this, that it has come to its first line.</summary>
    public static async Task UntilStartedAsync(this IClusterBed bed, ClusterAssignment wish, int rank)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (bed.StartsOf(wish.Assignment.JobId, rank) == 0) await Task.Delay(20, deadline.Token);
    }

    public static Task<Seen> UntilRunningAsync(this ICluster cluster, ClusterAssignment wish) =>
        cluster.UntilAsync("all tasks running", seen => Ranks(wish).All(rank => seen.Of(wish, rank, TaskState.Running) is not null));

    public static Task<Seen> UntilEndedAsync(this ICluster cluster, ClusterAssignment wish) =>
        cluster.UntilAsync("all tasks ended", seen => Ranks(wish).All(rank => seen.EndOf(wish, rank) is not null));

    private static IEnumerable<int> Ranks(ClusterAssignment wish) => Enumerable.Range(0, wish.Assignment.Tasks.Count);
}

/// <summary>All observations of a conversation.</summary>
public sealed class Seen
{
    private readonly List<TaskObservation> all = [];

    public IReadOnlyList<TaskObservation> All => all;

    public IReadOnlyList<Convoy.Core.Scheduling.NodeObservation>? Nodes { get; private set; }

    public void Take(ClusterReport report)
    {
        all.AddRange(report.Tasks);
        Nodes = report.Nodes ?? Nodes;
    }

    public TaskObservation? Of(ClusterAssignment wish, int rank, TaskState state) => all.FindLast(seen =>
        seen.JobId == wish.Assignment.JobId && seen.Attempt == wish.Assignment.Attempt && seen.Rank == rank && seen.State == state);

    public TaskObservation? EndOf(ClusterAssignment wish, int rank) => Of(wish, rank, TaskState.Exited) ?? Of(wish, rank, TaskState.Lost);
}
