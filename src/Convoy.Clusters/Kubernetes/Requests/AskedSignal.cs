namespace Convoy.Clusters.Kubernetes;

/// <summary>Wakes who waits for requests. One that came while nobody waited is not lost.</summary>
internal sealed class AskedSignal
{
    private readonly Lock gate = new();
    private TaskCompletionSource news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Signal()
    {
        lock (gate) news.TrySetResult();
    }

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        Task waiting;
        lock (gate) waiting = news.Task;
        await waiting.WaitAsync(cancellationToken);
        lock (gate)
        {
            if (news.Task.IsCompleted) news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
