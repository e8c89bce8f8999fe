using Convoy.Clusters.Kubernetes.Api;
using k8s;
using k8s.Exceptions;
using k8s.LeaderElection;
using k8s.LeaderElection.ResourceLock;
using Microsoft.Extensions.Logging;

namespace Convoy.Clusters.Kubernetes;

/// <summary>The way to a cluster's API server: as a pod's service account, or by a kubeconfig file.</summary>
public sealed class KubernetesAccess : IDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    private readonly k8s.Kubernetes client;

    private KubernetesAccess(KubernetesClientConfiguration configuration)
    {
        Server = configuration.Host;
        client = new k8s.Kubernetes(configuration);
        client.HttpClient.Timeout = Timeout.InfiniteTimeSpan;
        if (client.HttpClient.BaseAddress is null) client.HttpClient.BaseAddress = new Uri(configuration.Host.TrimEnd('/') + "/");
    }

    /// <summary>The API server's address.</summary>
    public string Server { get; }

    /// <param name="kubeconfig">Null: the pod's service account, or outside a pod what kubectl would use.</param>
    /// <param name="context">Of the kubeconfig; null means its current one.</param>
    /// <exception cref="IOException">There is no such file or context, or it makes no sense.</exception>
    public static KubernetesAccess Open(string? kubeconfig, string? context)
    {
        try
        {
            return new KubernetesAccess(kubeconfig is null && context is null && KubernetesClientConfiguration.IsInCluster()
                ? KubernetesClientConfiguration.InClusterConfig()
                : KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig, context));
        }
        catch (Exception e) when (e is KubeConfigException or FileNotFoundException or YamlDotNet.Core.YamlException)
        {
            throw new IOException($"the way to the Kubernetes cluster is unknown: {e.Message}", e);
        }
    }

    /// <summary>Returns when this process alone may act for the agent of that name; until then another does.</summary>
    /// <param name="lost">Called when it no longer may: another will, within seconds.</param>
    public async Task BecomeLeaderAsync(string space, string name, string identity, Action lost, ILogger log, CancellationToken cancellationToken)
    {
        var leading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var elector = new LeaderElector(new LeaderElectionConfig(new LeaseLock(client, space, name, identity)) { LeaseDuration = Lease, RenewDeadline = Renewal, RetryPeriod = Retry });
        elector.OnStartedLeading += () => leading.TrySetResult();
        elector.OnNewLeader += leader => KubernetesAccessLog.Leader(log, leader);
        elector.OnError += trouble => KubernetesAccessLog.Trouble(log, trouble.Message);
        _ = HoldAsync();
        await leading.Task.WaitAsync(cancellationToken);

        async Task HoldAsync()
        {
            try
            {
                await elector.RunUntilLeadershipLostAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            finally
            {
                elector.Dispose();
            }

            lost();
        }
    }

    /// <summary>The secret that marks decisions as Convoy's (<see cref="DecisionSeal"/>): the cluster keeps it, so that every agent after this one has the same.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadOrMakeSealAsync(string space, ILogger log, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await SealKeyStore.ReadOrMakeAsync(Client, space, cancellationToken);
            }
            catch (IOException trouble) when (trouble is not ApiException { IsPermanent: true })
            {
                KubernetesAccessLog.Waiting(log, trouble.Message);
                await Task.Delay(Retry, cancellationToken);
            }
        }
    }

    public Task<KubernetesCluster> OpenAsync(KubernetesOptions options, TimeProvider time, ILogger log, CancellationToken cancellationToken) => KubernetesCluster.OpenAsync(options, Client, time, log, cancellationToken);

    public void Dispose() => client.Dispose();

    internal ApiClient Client => new(client.HttpClient, client.Credentials is { } credentials ? credentials.ProcessHttpRequestAsync : (_, _) => Task.CompletedTask);
}

internal static partial class KubernetesAccessLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The lease of this cluster is that of {Leader}: this agent acts, and the others wait")]
    public static partial void Leader(ILogger log, string leader);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cluster does not answer and is asked again: {Reason}")]
    public static partial void Waiting(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease of the acting agent could not be read or renewed: {Reason}")]
    public static partial void Trouble(ILogger log, string reason);
}
