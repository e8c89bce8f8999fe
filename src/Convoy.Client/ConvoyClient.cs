using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Convoy.Client.Datasets;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using Convoy.Core.Tasks;

namespace Convoy.Client;

/// <summary>
/// Convoy's public API. Every call throws <see cref="ConvoyException"/> where the server says no, and
/// <see cref="ServerUnreachableException"/> where no answer comes.
/// </summary>
public sealed class ConvoyClient : IDisposable
{
    private readonly ServerLine line;
    private readonly EventStreamReader streams;
    private readonly TimeProvider time;

    /// <param name="token">Null reaches only what needs no sign-in.</param>
    /// <param name="language">In which the server speaks.</param>
    public ConvoyClient(Uri server, string? token, TimeProvider time, Language language = Language.English)
    {
        this.time = time;
        line = new ServerLine(server, token, time, language);
        streams = new EventStreamReader(line, time);
        Code = new CodeUpload(line);
        Outputs = new JobOutputs(line, time);
        Datasets = new DatasetCalls(line, time);
    }

    public Uri Server => line.Server;

    public CodeUpload Code { get; }

    public JobOutputs Outputs { get; }

    public DatasetCalls Datasets { get; }

    public Task<VersionView> VersionAsync(CancellationToken cancellationToken) => line.GetAsync("version", WireJson.Default.VersionView, cancellationToken);

    public Task<WhoAmIView> WhoAmIAsync(CancellationToken cancellationToken) => line.GetAsync("whoami", WireJson.Default.WhoAmIView, cancellationToken);

    /// <summary>The same id with the same spec is the same submission, however often it is sent.</summary>
    public Task<JobView> SubmitAsync(JobId id, JobSpec spec, CancellationToken cancellationToken) =>
        line.SendAsync(HttpMethod.Put, $"jobs/{id}", new SubmitRequest(spec), WireJson.Default.SubmitRequest, WireJson.Default.JobView, cancellationToken);

    /// <summary>What a submission would do now; nothing is made.</summary>
    /// <remarks>Without the dot, <c>jobs:</c> would be a URL scheme.</remarks>
    public Task<SubmitCheckView> CheckAsync(JobSpec spec, CancellationToken cancellationToken) =>
        line.SendAsync(HttpMethod.Post, "./jobs:check", new SubmitRequest(spec), WireJson.Default.SubmitRequest, WireJson.Default.SubmitCheckView, cancellationToken);

    public Task<JobListView> ListJobsAsync(JobQuery query, CancellationToken cancellationToken) => line.GetAsync(ListPath(query), WireJson.Default.JobListView, cancellationToken);

    /// <summary>The same list, and then each of its jobs whenever it has changed, without end. Jobs that the query's phase leaves out are told too.</summary>
    public async IAsyncEnumerable<WatchedJob> WatchJobsAsync(JobQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (name, data) in streams.ReadAllAsync(ListPath(query), cancellationToken))
        {
            if (name == "job") yield return new(WatchStep.Job, streams.Payload(data, WireJson.Default.JobView));
            else if (name == "reset") yield return new(WatchStep.Reset, null);
            else if (name == "synced") yield return new(WatchStep.Synced, null);
        }
    }

    /// <summary>Jobs that hold machines, and what their tasks use now.</summary>
    /// <param name="all">Everybody's.</param>
    public Task<RunningListView> ListRunningAsync(bool all, string? after, int? limit, CancellationToken cancellationToken) =>
        line.GetAsync(Page("running", after, limit).Add("all", all).ToString(), WireJson.Default.RunningListView, cancellationToken);

    /// <param name="job">An id, or a name, which means its newest job.</param>
    public Task<JobView> GetJobAsync(string job, CancellationToken cancellationToken) => line.GetAsync(JobPath(job), WireJson.Default.JobView, cancellationToken);

    public Task<JobView> CancelJobAsync(string job, CancellationToken cancellationToken) => SteerAsync(JobPath(job, "cancel"), cancellationToken);

    /// <summary>Sets a job aside; its place stays its own.</summary>
    public Task<JobView> SuspendJobAsync(string job, CancellationToken cancellationToken) => SteerAsync(JobPath(job, "suspend"), cancellationToken);

    public Task<JobView> ResumeJobAsync(string job, CancellationToken cancellationToken) => SteerAsync(JobPath(job, "resume"), cancellationToken);

    /// <summary>Submits a finished job again.</summary>
    /// <param name="attempt">The attempt that it is to begin: where the job has had it already, nothing happens. Null for whichever is next.</param>
    public Task<JobView> RetryJobAsync(string job, int? attempt, CancellationToken cancellationToken) => SteerAsync(new QueryText(JobPath(job, "retry")).Add("attempt", attempt).ToString(), cancellationToken);

    public Task<JobUpdateView> UpdateJobAsync(string job, JobUpdateRequest update, CancellationToken cancellationToken) =>
        line.SendAsync(HttpMethod.Patch, JobPath(job), update, WireJson.Default.JobUpdateRequest, WireJson.Default.JobUpdateView, cancellationToken);

    /// <summary>Deletes a finished job with all that it left. The answer is the job as it was.</summary>
    public Task<JobView> DeleteJobAsync(string job, CancellationToken cancellationToken) =>
        line.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, JobPath(job)), WireJson.Default.JobView, cancellationToken);

    public Task<WhyView> WhyAsync(string job, CancellationToken cancellationToken) => line.GetAsync(JobPath(job, "why"), WireJson.Default.WhyView, cancellationToken);

    public Task<EventListView> ListEventsAsync(string job, string? after, int? limit, CancellationToken cancellationToken) =>
        line.GetAsync(Page(JobPath(job, "events"), after, limit).ToString(), WireJson.Default.EventListView, cancellationToken);

    /// <summary>All events from the first on, until the job has ended.</summary>
    public IAsyncEnumerable<FollowedItem<EventView>> FollowEventsAsync(string job, CancellationToken cancellationToken) =>
        FollowAsync(job, id => JobPath(id, "events"), "event", WireJson.Default.EventView, cancellationToken);

    public IAsyncEnumerable<FollowedItem<LogChunk>> ReadLogsAsync(string job, LogQuery query, CancellationToken cancellationToken) => FollowAsync(
        job,
        id => new QueryText(JobPath(id, "logs")).Add("attempt", query.Attempt).Add("role", query.Role).Add("rank", query.Rank)
            .Add("since", query.Since is { } since ? DurationText.Format(since) : null).Add("tail", query.Tail).Add("follow", query.Follow).ToString(),
        "log",
        WireJson.Default.LogChunk,
        cancellationToken);

    /// <summary>The terminal of an interactive job of one's own. Nothing is opened before it runs.</summary>
    /// <param name="job">An id.</param>
    /// <param name="size">Of the window; null where there is none.</param>
    /// <param name="fromStart">All that the program has printed, as far as it is still there; otherwise the last of it.</param>
    public RemoteTerminal Terminal(string job, TerminalSize? size, bool fromStart) => new(line, JobPath(job, "terminal"), time, size, fromStart);

    public Task<MetricListView> ListMetricsAsync(string job, string? name, string? after, int? limit, CancellationToken cancellationToken) =>
        line.GetAsync(Page(JobPath(job, "metrics"), after, limit).Add("name", name).ToString(), WireJson.Default.MetricListView, cancellationToken);

    public IAsyncEnumerable<FollowedItem<MetricView>> FollowMetricsAsync(string job, string? name, CancellationToken cancellationToken) =>
        FollowAsync(job, id => new QueryText(JobPath(id, "metrics")).Add("name", name).ToString(), "metric", WireJson.Default.MetricView, cancellationToken);

    public Task<QueueListView> ListQueueAsync(string? after, int? limit, CancellationToken cancellationToken) =>
        line.GetAsync(Page("queue", after, limit).ToString(), WireJson.Default.QueueListView, cancellationToken);

    public Task<QueueTreeView> ListQueuesAsync(CancellationToken cancellationToken) => line.GetAsync("queues", WireJson.Default.QueueTreeView, cancellationToken);

    /// <summary>All queues, and levels; what is not sound is refused whole.</summary>
    public Task<OrganisationChangeView> ApplyAsync(Organisation organisation, bool isDryRun, CancellationToken cancellationToken) => line.SendAsync(
        HttpMethod.Put, new QueryText("organisation").Add("dryRun", isDryRun).ToString(), organisation, WireJson.Default.Organisation, WireJson.Default.OrganisationChangeView, cancellationToken);

    public Task<NodeListView> ListNodesAsync(string? after, int? limit, CancellationToken cancellationToken) =>
        line.GetAsync(Page("nodes", after, limit).ToString(), WireJson.Default.NodeListView, cancellationToken);

    public Task<NodeView> GetNodeAsync(string name, CancellationToken cancellationToken) => line.GetAsync($"nodes/{Uri.EscapeDataString(name)}", WireJson.Default.NodeView, cancellationToken);

    /// <param name="cluster">Null where only one cluster has a node of that name.</param>
    public Task<NodeWishView> WishAsync(string node, string? cluster, NodeWishRequest wish, CancellationToken cancellationToken) =>
        line.SendAsync(HttpMethod.Put, WishPath(node, cluster), wish, WireJson.Default.NodeWishRequest, WireJson.Default.NodeWishView, cancellationToken);

    public Task<NodeWishView> RemoveWishAsync(string node, string? cluster, CancellationToken cancellationToken) =>
        line.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, WishPath(node, cluster)), WireJson.Default.NodeWishView, cancellationToken);

    public Task<ClusterListView> ListClustersAsync(string? after, int? limit, CancellationToken cancellationToken) =>
        line.GetAsync(Page("clusters", after, limit).ToString(), WireJson.Default.ClusterListView, cancellationToken);

    public Task<ClusterView> GetClusterAsync(string name, CancellationToken cancellationToken) => line.GetAsync(ClusterPath(name), WireJson.Default.ClusterView, cancellationToken);

    /// <remarks>The token is shown this once: where the answer is lost, the cluster has joined, and its agent needs a new one.</remarks>
    public Task<ClusterTokenView> JoinClusterAsync(string name, ClusterJoinRequest request, CancellationToken cancellationToken) =>
        line.SendAsync(HttpMethod.Put, ClusterPath(name), request, WireJson.Default.ClusterJoinRequest, WireJson.Default.ClusterTokenView, cancellationToken);

    /// <summary>A new token for the cluster's agent; the old one ends.</summary>
    public Task<ClusterTokenView> RenewClusterTokenAsync(string name, CancellationToken cancellationToken) =>
        line.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, ClusterPath(name) + "/token"), WireJson.Default.ClusterTokenView, cancellationToken);

    public async Task RemoveClusterAsync(string name, CancellationToken cancellationToken)
    {
        using var response = await line.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, ClusterPath(name)), cancellationToken);
        await line.ThrowIfRefusedAsync(response, cancellationToken);
    }

    public Task<PauseView> GetPauseAsync(CancellationToken cancellationToken) => line.GetAsync("scheduling/pause", WireJson.Default.PauseView, cancellationToken);

    public Task<PauseView> PauseAsync(PauseRequest pause, CancellationToken cancellationToken) =>
        line.SendAsync(HttpMethod.Put, "scheduling/pause", pause, WireJson.Default.PauseRequest, WireJson.Default.PauseView, cancellationToken);

    /// <summary>Ends all pauses.</summary>
    public Task<PauseView> ResumeSchedulingAsync(CancellationToken cancellationToken) =>
        line.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, "scheduling/pause"), WireJson.Default.PauseView, cancellationToken);

    public Task<UserListView> ListUsersAsync(string? after, int? limit, CancellationToken cancellationToken) =>
        line.GetAsync(Page("users", after, limit).ToString(), WireJson.Default.UserListView, cancellationToken);

    public Task<UserView> AddUserAsync(NewUserRequest user, CancellationToken cancellationToken) =>
        line.SendAsync(HttpMethod.Post, "users", user, WireJson.Default.NewUserRequest, WireJson.Default.UserView, cancellationToken);

    public Task<TokenListView> ListTokensAsync(string? user, string? after, int? limit, CancellationToken cancellationToken) =>
        line.GetAsync(Page("tokens", after, limit).Add("user", user).ToString(), WireJson.Default.TokenListView, cancellationToken);

    public Task<NewTokenView> CreateTokenAsync(NewTokenRequest token, CancellationToken cancellationToken) =>
        line.SendAsync(HttpMethod.Post, "tokens", token, WireJson.Default.NewTokenRequest, WireJson.Default.NewTokenView, cancellationToken);

    public async Task RevokeTokenAsync(string id, CancellationToken cancellationToken)
    {
        using var response = await line.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, $"tokens/{Uri.EscapeDataString(id)}"), cancellationToken);
        await line.ThrowIfRefusedAsync(response, cancellationToken);
    }

    public Task<LevelListView> ListLevelsAsync(CancellationToken cancellationToken) => line.GetAsync("levels", WireJson.Default.LevelListView, cancellationToken);

    public Task<LevelView> UpdateLevelAsync(string name, LevelUpdate update, CancellationToken cancellationToken) =>
        line.SendAsync(HttpMethod.Patch, $"levels/{Uri.EscapeDataString(name)}", update, WireJson.Default.LevelUpdate, WireJson.Default.LevelView, cancellationToken);

    /// <summary>What jobs did since then, as a trace that begins there; a page may have fewer rows than asked for and still go on.</summary>
    public Task<HistoryView> HistoryAsync(DateTimeOffset since, string? after, int? limit, CancellationToken cancellationToken) =>
        line.GetAsync(Page("scheduling/history", after, limit).Add("since", since.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)).ToString(), WireJson.Default.HistoryView, cancellationToken);

    /// <summary>All that the scheduler would decide from now.</summary>
    public async Task<PlanningCase> SnapshotAsync(CancellationToken cancellationToken)
    {
        using var response = await line.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, "scheduling/snapshot"), cancellationToken);
        await line.ThrowIfRefusedAsync(response, cancellationToken);
        try
        {
            return PlanningCase.FromJson(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        }
        catch (JsonException e)
        {
            throw line.NotConvoy(Text.Verbatim(e.Message), e);
        }
    }

    public void Dispose() => line.Dispose();

    /// <summary>By id from the first request on: a name may mean a newer job by the time the stream is opened again.</summary>
    private async IAsyncEnumerable<FollowedItem<T>> FollowAsync<T>(string job, Func<string, string> path, string eventName, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        var id = JobId.TryParse(job, out _) ? job : (await GetJobAsync(job, cancellationToken)).Id;
        await foreach (var item in streams.ReadAsync(path(id), eventName, type, cancellationToken)) yield return item;
    }

    private Task<JobView> SteerAsync(string path, CancellationToken cancellationToken) =>
        line.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, path), WireJson.Default.JobView, cancellationToken);

    private static string ListPath(JobQuery query) =>
        new QueryText("jobs").Add("all", query.All).Add("user", query.User).Add("queue", query.Queue).Add("phase", query.Phase?.ToString()).Add("name", query.Name)
            .Add("unfinished", query.Unfinished).Add("limit", query.Limit).Add("before", query.Before).ToString();

    private static string JobPath(string job, string? part = null) => $"jobs/{Uri.EscapeDataString(job)}{(part is null ? "" : "/" + part)}";

    private static string WishPath(string node, string? cluster) => new QueryText($"nodes/{Uri.EscapeDataString(node)}/wish").Add("cluster", cluster).ToString();

    private static string ClusterPath(string name) => $"clusters/{Uri.EscapeDataString(name)}";

    private static QueryText Page(string path, string? after, int? limit) => new QueryText(path).Add("after", after).Add("limit", limit);
}
