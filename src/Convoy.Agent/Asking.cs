using System.Text.Json;
using Convoy.Clusters;
using Convoy.Clusters.Remote;

namespace Convoy.Agent;

/// <summary>What is asked of Convoy inside the cluster, on its way to the server. It is told until it is answered.</summary>
internal sealed class Asking(IClusterRequests? requests, TimeProvider time)
{
    private const int MostAtOnce = 256;

    /// <summary>What could not be decided is asked again after so long.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    /// <summary>Levels are looked at on a period, too.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private DateTimeOffset due = DateTimeOffset.MinValue;
    private Task something = Task.CompletedTask;
    private bool isMore;

    public bool IsDue => requests is not null && (something.IsCompleted || time.GetUtcNow() >= due);

    /// <summary>Completes when there is something to ask.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        if (requests is null) return Task.Delay(Timeout.Infinite, cancellationToken);
        var left = due - time.GetUtcNow();
        return left <= TimeSpan.Zero ? Task.CompletedTask : Task.WhenAny(something, Task.Delay(left, time, cancellationToken));
    }

    public async Task<IReadOnlyList<RequestMessage>> PendingAsync(CancellationToken cancellationToken)
    {
        if (!IsDue) return [];
        var seen = something;
        something = Task.CompletedTask;
        if (seen.IsCompleted) await seen;
        var said = new List<RequestMessage>();
        var bytes = 0;
        var pending = await requests!.PendingAsync(MostAtOnce, cancellationToken);
        something = seen.IsCompleted ? requests.WaitAsync(cancellationToken) : seen;
        due = time.GetUtcNow() + Period;
        foreach (var request in pending)
        {
            var message = new RequestMessage(request.Key, request.Kind, request.Owner, request.Job, request.Spec is { } spec ? JsonSerializer.SerializeToElement(spec, SyncJson.Default.JobSpec) : null);
            bytes += JsonSerializer.SerializeToUtf8Bytes(message, SyncJson.Default.RequestMessage).Length;
            if (said.Count > 0 && bytes > 2 * SyncJson.PageBytes) break;
            said.Add(message);
        }

        isMore = said.Count < pending.Count || pending.Count == MostAtOnce;
        return said;
    }

    public async Task HearAsync(SyncCall call, SyncAnswer answer, CancellationToken cancellationToken)
    {
        if (call.Requests.Count == 0) return;
        if (answer.Answers.Count > 0) await requests!.AnswerAsync(answer.Answers, cancellationToken);

        if (answer.Answers.Count(each => !each.Retry) < call.Requests.Count) Again(RetryAfter);
        else if (isMore) Again(TimeSpan.Zero);
    }

    /// <summary>Nobody knows whether what was asked was heard.</summary>
    public void AskAgain() => Again(TimeSpan.Zero);

    private void Again(TimeSpan after)
    {
        var at = time.GetUtcNow() + after;
        if (at < due) due = at;
    }
}
