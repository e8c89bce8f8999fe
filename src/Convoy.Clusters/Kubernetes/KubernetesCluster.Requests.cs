using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>What is asked of Convoy inside the cluster.</summary>
public sealed partial class KubernetesCluster
{
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromSeconds(1);

    /// <summary>What is written in an object is tried again with the next change of it, and when everything is listed anew.</summary>
    private void Settle(string uid)
    {
        lock (gate) settling.Add(uid);
        settled.Release();
    }

    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var now = new Queue<string>();
            try
            {
                await settled.WaitAsync(cancellationToken);
                lock (gate)
                {
                    foreach (var uid in settling) now.Enqueue(uid);
                    settling.Clear();
                }

                for (; now.TryPeek(out var uid); now.Dequeue()) await desk.SettleAsync(uid, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (IOException trouble)
            {
                LogNotSettled(log, trouble.Message);

                // One that can never be written is tried again when its object changes; the others have not had their turn.
                foreach (var uid in now.Skip(trouble is ApiException { IsPermanent: true } ? 1 : 0)) Settle(uid);
                await Task.Delay(FirstPause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Wakes who asks the server when somebody's turn has come to be asked for.</summary>
    private async Task GoRoundAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(BetweenRounds, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (desk.IsLookDue || groups.IsLookDue) asked.Signal();
            try
            {
                await LetStraysGoAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    public Task<IReadOnlyList<ClusterRequest>> PendingAsync(int limit, CancellationToken cancellationToken)
    {
        groups.LookAgain();
        var objects = desk.Pending(limit);
        return Task.FromResult<IReadOnlyList<ClusterRequest>>([.. objects, .. groups.Pending(limit - objects.Count)]);
    }

    /// <summary>What cannot be written now stays pending, and hinders nobody else's answer.</summary>
    public Task AnswerAsync(IReadOnlyList<RequestAnswer> answers, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(answers.Where(answer => !groups.Answer(answer)), new ParallelOptions { MaxDegreeOfParallelism = options.Connections, CancellationToken = cancellationToken }, async (answer, stop) =>
        {
            try
            {
                await desk.AnswerAsync(answer, stop);
            }
            catch (IOException trouble)
            {
                LogNotSettled(log, trouble.Message);
            }
        });
}
