using System.Text;
using Convoy.Core.Jobs;
using k8s.Models;

namespace Convoy.Clusters.Kubernetes;

/// <summary>What the tasks of one attempt share: a name to find each other by, and the token with which they report.</summary>
internal static class AttemptObjects
{
    /// <summary>One task alone looks for nobody.</summary>
    public static bool NeedsService(Assignment decision) => decision.Tasks.Count > 1 || decision.Spec.Roles.Values.Sum(role => role.Replicas.Max) > 1;

    /// <summary>Headless: each pod is found by its host name from the moment it has an address, ready or not, as peers wait for each other.</summary>
    public static V1Service Service(Assignment decision, V1OwnerReference owner, string space) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = Meta(decision, owner, space),
        Spec = new V1ServiceSpec
        {
            ClusterIP = "None",
            PublishNotReadyAddresses = true,
            Selector = Selector(decision),
            Ports = [new V1ServicePort { Name = "rendezvous", Port = TaskPod.RendezvousPort, TargetPort = TaskPod.RendezvousPort, Protocol = "TCP" }],
        },
    };

    public static V1Secret Secret(Assignment decision, string reportToken, V1OwnerReference owner, string space) => new()
    {
        ApiVersion = "v1",
        Kind = "Secret",
        Metadata = Meta(decision, owner, space),
        Type = "Opaque",
        Data = new Dictionary<string, byte[]> { [TaskPod.TokenKey] = Encoding.UTF8.GetBytes(reportToken) },
    };

    public static V1OwnerReference OwnedBy(string name, string uid) => new()
    {
        ApiVersion = TrainingJobObject.ApiVersion, Kind = TrainingJobObject.Kind, Name = name, Uid = uid, Controller = true, BlockOwnerDeletion = true,
    };

    private static V1ObjectMeta Meta(Assignment decision, V1OwnerReference owner, string space) => new()
    {
        Name = ObjectNames.Attempt(decision),
        NamespaceProperty = space,
        Labels = new Dictionary<string, string>(Selector(decision)) { [ObjectNames.ManagedByLabel] = "convoy" },
        OwnerReferences = [owner],
    };

    private static Dictionary<string, string> Selector(Assignment decision) => new()
    {
        [ObjectNames.JobIdLabel] = decision.JobId.Value,
        [ObjectNames.AttemptLabel] = decision.Attempt.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}
