using System.Text;
using System.Threading.Channels;
using Convoy.Clusters.Kubernetes.Api;
using k8s;
using k8s.Models;

namespace Convoy.Clusters.Kubernetes;

/// <summary>Tells pods why they wait, where every scheduler does: <c>kubectl describe pod</c> shows it.</summary>
internal sealed class PodEvents(ApiClient api, TimeProvider time)
{
    private const int MostUntold = 4096;

    /// <summary>Nothing depends on them: where there are too many, or the API server is away, some are not told.</summary>
    private readonly Channel<(PodObject Pod, string Reason, string Message)> untold = Channel.CreateBounded<(PodObject, string, string)>(new BoundedChannelOptions(MostUntold) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Add(PodObject pod, string reason, string message) => untold.Writer.TryWrite((pod, reason, message));

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var (pod, reason, message) in untold.Reader.ReadAllAsync(cancellationToken))
            {
                try
                {
                    await api.PostAsync($"/api/v1/namespaces/{pod.Metadata.Namespace}/events", Bytes(pod, $"{reason}: {message}"), cancellationToken);
                }
                catch (IOException)
                {
                    // It is gone, or its namespace has no room for events.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closing.
        }
    }

    private byte[] Bytes(PodObject pod, string message)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return Encoding.UTF8.GetBytes(KubernetesJson.Serialize(new Corev1Event
        {
            ApiVersion = "v1",
            Kind = "Event",
            Metadata = new V1ObjectMeta { GenerateName = $"{pod.Metadata.Name}.", NamespaceProperty = pod.Metadata.Namespace },
            InvolvedObject = new V1ObjectReference { ApiVersion = "v1", Kind = "Pod", Name = pod.Metadata.Name, NamespaceProperty = pod.Metadata.Namespace, Uid = pod.Metadata.Uid },
            Reason = "FailedScheduling",
            Message = message,
            Type = "Warning",
            Source = new V1EventSource { Component = "convoy" },
            FirstTimestamp = now,
            LastTimestamp = now,
            Count = 1,
        }));
    }
}
