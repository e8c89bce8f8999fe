using System.Text;
using Convoy.Clusters;
using Convoy.Clusters.Remote;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using Convoy.Server.Loops;
using Convoy.Store;

namespace Convoy.Server;

/// <summary>
/// Decides what is asked inside clusters, as what people ask through the API is decided. Nothing is remembered of it: what is asked again,
/// because an answer was lost, is decided again, and comes to the same.
/// </summary>
public sealed class ClusterRequests(Submissions submissions, Ledger ledger, People people, SchedulingLoop scheduling, TimeProvider time)
{
    /// <summary>A call has to be answered: what takes longer is asked again.</summary>
    private static readonly TimeSpan DecideWithin = TimeSpan.FromSeconds(8);

    /// <summary>All together, so that one commit takes many; but submissions before all else, for a job may be cancelled that has just been asked for.</summary>
    public async Task<IReadOnlyList<RequestAnswer>> DecideAsync(string cluster, IReadOnlyList<RequestMessage> requests, CancellationToken cancellationToken)
    {
        var answers = new List<RequestAnswer>();
        foreach (var group in requests.GroupBy(request => request.Kind == RequestKind.Submit).OrderByDescending(group => group.Key))
        {
            answers.AddRange(await Task.WhenAll(group.Select(request => DecideAsync(cluster, request, cancellationToken))));
        }

        return answers;
    }

    private async Task<RequestAnswer> DecideAsync(string cluster, RequestMessage request, CancellationToken cancellationToken)
    {
        var id = request.Job ?? JobId.FromKey(cluster, request.Key);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(DecideWithin);
        try
        {
            return request.Kind == RequestKind.Submit ? await SubmitAsync(cluster, request, late.Token) : await SteerAsync(cluster, id, request, late.Token);
        }
        catch (Exception e) when (e is LedgerUnavailableException or StoreException || FullDisk.IsCauseOf(e))
        {
            return Later("StorageUnavailable", "the platform could not store this; it is tried again");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Later("Busy", "the platform has not come to this; it is tried again");
        }

        RequestAnswer Later(string code, string why) => new(request.Key, request.Kind, null, code, why, Retry: true);
    }

    private async Task<RequestAnswer> SubmitAsync(string cluster, RequestMessage request, CancellationToken cancellationToken)
    {
        var id = JobId.FromKey(cluster, request.Key);
        var reading = JobSpecReader.ReadKnown(Encoding.UTF8.GetBytes(request.Spec?.GetRawText() ?? "null"));
        if (reading.Spec is not { } spec) return Refused(request, Problems.InvalidSpec(reading.Problems));
        if (await people.FindAsync(request.Owner, cancellationToken) is not { } owner) return Refused(request, Problems.NoSuch($"user '{request.Owner}'"));
        if (!spec.Placement.Clusters.Contains("any") && !spec.Placement.Clusters.Contains(cluster))
        {
            return Refused(request, Problems.InvalidSpec([new SpecProblem("placement.clusters", "NotThisCluster", $"what is asked for inside cluster '{cluster}' runs there; name it, or any")]));
        }

        var here = spec with { Placement = spec.Placement with { Clusters = [cluster] } };
        var (job, _, refusal) = await submissions.SubmitAsync(id, owner, here, cancellationToken);
        return job is null ? Refused(request, refusal!) : new RequestAnswer(request.Key, request.Kind, job.Id, null, null, Retry: false);
    }

    /// <summary>Only of jobs that belong to whoever asks and are that cluster's: of others it has nothing to say.</summary>
    private async Task<RequestAnswer> SteerAsync(string cluster, JobId id, RequestMessage request, CancellationToken cancellationToken)
    {
        var job = await ledger.FindAsync(id, cancellationToken);
        if (job is null || job.Owner != request.Owner || !Belongs(job, cluster)) return Refused(request, Problems.NotFound($"job '{id}'"));

        if (request.Kind == RequestKind.Look)
        {
            var view = JobViews.Brief(job, null, scheduling.Latest, time.GetUtcNow());
            return new RequestAnswer(request.Key, request.Kind, id, null, null, Retry: false, new JobStanding(job.Phase, view.Reason, view.Message?.ToString()));
        }

        JobCommand command = request.Kind switch
        {
            RequestKind.Cancel => new JobCommand.Cancel(request.Owner),
            RequestKind.Suspend => new JobCommand.Suspend(request.Owner),
            _ => new JobCommand.Resume(request.Owner),
        };
        var answer = await ledger.TellAsync(id, command, cancellationToken);
        return answer.Decision is Decision.Rejected no
            ? new RequestAnswer(request.Key, request.Kind, id, no.Code, no.Message.ToString(), Retry: false)
            : new RequestAnswer(request.Key, request.Kind, id, null, null, Retry: false);
    }

    private static bool Belongs(Job job, string cluster) => job.Current?.Cluster == cluster || (job.Spec.Placement.Clusters is [var only] && only == cluster);

    private static RequestAnswer Refused(RequestMessage request, IResult refusal)
    {
        var (status, code, detail, problems) = Problems.Said(refusal);
        var message = problems is null ? detail.ToString() : $"{detail}: {string.Join("; ", problems)}";

        // A full disk, or a job of that id that is still being removed: neither is the request's fault.
        return new RequestAnswer(request.Key, request.Kind, null, code, message, Retry: status >= 500 || code == "BeingDeleted");
    }
}
