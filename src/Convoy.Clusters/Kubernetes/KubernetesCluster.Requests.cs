using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Kubernetes;

/// <summary>What is asked of Convoy inside the cluster.</summary>
public sealed partial class KubernetesCluster
{
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
            string[] now;
            try
            {
                await settled.WaitAsync(cancellationToken);
                lock (gate)
                {
                    now = [.. settling];
                    settling.Clear();
                }

                foreach (var uid in now) await desk.SettleAsync(uid, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (IOException trouble)
            {
                LogNotSettled(log, trouble.Message);
                await Task.Delay(FirstPause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public Task<IReadOnlyList<ClusterRequest>> PendingAsync(int limit, CancellationToken cancellationToken)
    {
        groups.LookAgain();
        var objects = desk.Pending(limit);
        return Task.FromResult<IReadOnlyList<ClusterRequest>>([.. objects, .. groups.Pending(limit - objects.Count)]);
    }

    public Task AnswerAsync(IReadOnlyList<RequestAnswer> answers, CancellationToken cancellationToken) =>
        Task.WhenAll(answers.Where(answer => !groups.Answer(answer)).Select(answer => desk.AnswerAsync(answer, cancellationToken)));
}
