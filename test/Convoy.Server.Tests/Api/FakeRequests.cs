using System.Collections.Concurrent;
using Convoy.Clusters;
using Convoy.Core.Jobs;

namespace Convoy.Server.Tests.Api;

/// <summary>What is asked inside a cluster, told until it is answered.</summary>
internal sealed class FakeRequests : IClusterRequests
{
    private readonly ConcurrentDictionary<(string Key, RequestKind Kind), (ClusterRequest Request, TaskCompletionSource<RequestAnswer> Answer)> pending = new();
    private TaskCompletionSource something = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<RequestAnswer[]> AskAsync(IReadOnlyList<ClusterRequest> requests)
    {
        var answers = new List<Task<RequestAnswer>>();
        foreach (var request in requests)
        {
            var answer = new TaskCompletionSource<RequestAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
            pending[(request.Key, request.Kind)] = (request, answer);
            answers.Add(answer.Task);
        }

        Volatile.Read(ref something).TrySetResult();
        return Task.WhenAll(answers).WaitAsync(TimeSpan.FromMinutes(1));
    }

    public Task<IReadOnlyList<ClusterRequest>> PendingAsync(int limit, CancellationToken cancellationToken)
    {
        if (something.Task.IsCompleted) Volatile.Write(ref something, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return Task.FromResult<IReadOnlyList<ClusterRequest>>([.. pending.Values.Take(limit).Select(each => each.Request)]);
    }

    public Task AnswerAsync(IReadOnlyList<RequestAnswer> answers, CancellationToken cancellationToken)
    {
        foreach (var answer in answers.Where(answer => !answer.Retry))
        {
            if (pending.TryRemove((answer.Key, answer.Kind), out var asked)) asked.Answer.TrySetResult(answer);
        }

        return Task.CompletedTask;
    }

    public Task WaitAsync(CancellationToken cancellationToken) => Volatile.Read(ref something).Task.WaitAsync(cancellationToken);
}

/// <summary>Says what is in a journal, and takes everything.</summary>
internal sealed class FakeJournalCluster(ObservationJournal journal) : ICluster
{
    public string Name => "west";

    public Task<IReadOnlyList<Refusal>> ApplyAsync(IReadOnlyList<ClusterAssignment> assignments, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Refusal>>([]);

    public Task<bool> ForgetAsync(JobId job, int ownerNumber, CancellationToken cancellationToken) => Task.FromResult(true);

    public Task<ClusterReport> ObserveAsync(ReportCursor? since, CancellationToken cancellationToken) => Task.FromResult(journal.Since(since));

    public Task WaitForChangeAsync(ReportCursor since, CancellationToken cancellationToken) => journal.WaitAsync(since, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
