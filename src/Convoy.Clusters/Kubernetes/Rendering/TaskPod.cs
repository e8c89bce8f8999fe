using System.Globalization;
using Convoy.Core.Frameworks;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using k8s.Models;

namespace Convoy.Clusters.Kubernetes;

/// <summary>What the node that a task goes to calls its devices.</summary>
/// <param name="Accelerator">Null where it has none.</param>
/// <param name="Rdma">The resource that counts its network devices; null where it has none.</param>
internal sealed record NodeResources(AcceleratorKind? Accelerator, string? Rdma);

/// <summary>From a decision to the pod of one of its tasks. Pure: the same decision gives the same pod.</summary>
internal static class TaskPod
{
    /// <summary>The container that the task runs in; others may be added by whatever the cluster injects.</summary>
    public const string Container = "task";

    /// <summary>The one before it, where the job has code.</summary>
    public const string CodeContainer = "code";

    public const string Folder = "/convoy";
    public const string TokenKey = "token";

    /// <summary>Every pod has a network of its own, so every gang may have the usual port.</summary>
    public const int RendezvousPort = 29500;

    private const string TokenVariable = "CONVOY_TOKEN";
    private const string CodeFolder = $"{Folder}/code";

    /// <summary>Between the task's own grace and the kubelet's kill.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    public static V1Pod Render(Assignment decision, int rank, NodeResources node, V1OwnerReference owner, string space, KubernetesOptions options)
    {
        var task = decision.Tasks[rank];
        var role = decision.Spec.Roles[task.Role];
        var name = ObjectNames.Pod(decision, rank);
        var hasCode = decision.Spec.Code?.Archive is not null;
        return new V1Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = space,
                Labels = Labels(decision, task),
                Annotations = decision.Spec.DisplayName is { } display ? new Dictionary<string, string> { ["convoy.dev/display-name"] = display } : null,
                OwnerReferences = [owner],
                Finalizers = [ObjectNames.TaskFinalizer],
            },
            Spec = new V1PodSpec
            {
                SchedulerName = options.SchedulerName,
                RestartPolicy = "Never",
                Hostname = name,
                Subdomain = ObjectNames.Attempt(decision),
                // A task has no business with the API server, and the environment is not to be filled with every service there is.
                AutomountServiceAccountToken = false,
                EnableServiceLinks = false,
                TerminationGracePeriodSeconds = (long)Math.Ceiling((decision.Spec.Checkpoint.Grace + Margin).TotalSeconds),
                Tolerations = [.. Tolerations(role, node)],
                InitContainers = hasCode ? [FetchingCode(decision, options)] : null,
                Containers =
                [
                    new V1Container
                    {
                        Name = Container,
                        Image = role.Image ?? options.DefaultImage,
                        Command = [.. role.Command],
                        WorkingDir = hasCode ? CodeFolder : null,
                        Env = [.. Environment(decision, rank, space, role, node, options)],
                        Resources = Resources(role, node),
                        VolumeMounts =
                        [
                            new V1VolumeMount { Name = "convoy", MountPath = Folder },
                            // Mounted by themselves, so that they are there when the task begins.
                            new V1VolumeMount { Name = "convoy", MountPath = $"{Folder}/output", SubPath = "output" },
                            new V1VolumeMount { Name = "convoy", MountPath = $"{Folder}/checkpoints", SubPath = "checkpoints" },
                            new V1VolumeMount { Name = "shm", MountPath = "/dev/shm" },
                        ],
                        Lifecycle = Lifecycle(decision.Spec.Checkpoint),
                    },
                ],
                Volumes =
                [
                    new V1Volume { Name = "convoy", EmptyDir = new V1EmptyDirVolumeSource() },
                    new V1Volume { Name = "shm", EmptyDir = new V1EmptyDirVolumeSource { Medium = "Memory", SizeLimit = role.Resources.Memory.Bytes > 0 ? Amount(role.Resources.Memory.Bytes / 2) : null } },
                ],
            },
        };
    }

    public static string HostOf(Assignment decision, int rank, string space) => $"{ObjectNames.Pod(decision, rank)}.{ObjectNames.Attempt(decision)}.{space}";

    private static Dictionary<string, string> Labels(Assignment decision, TaskPlacement task) => new()
    {
        [ObjectNames.JobIdLabel] = decision.JobId.Value,
        [ObjectNames.JobNameLabel] = decision.Spec.Name,
        [ObjectNames.OwnerLabel] = ObjectNames.LabelValue(decision.Owner),
        [ObjectNames.AttemptLabel] = Text(decision.Attempt),
        [ObjectNames.RoleLabel] = task.Role,
        [ObjectNames.RankLabel] = Text(task.Rank),
        [ObjectNames.ManagedByLabel] = "convoy",
    };

    private static IEnumerable<V1Toleration> Tolerations(RoleSpec role, NodeResources node)
    {
        yield return new V1Toleration { Key = ObjectNames.DedicatedTaint, OperatorProperty = "Exists" };
        if (role.Resources.Gpu > 0 && node.Accelerator is { } kind) yield return new V1Toleration { Key = kind.Resource, OperatorProperty = "Exists" };
    }

    private static IEnumerable<V1EnvVar> Environment(Assignment decision, int rank, string space, RoleSpec role, NodeResources node, KubernetesOptions options)
    {
        var surroundings = new TaskSurroundings(
            [.. decision.Members.Select(task => HostOf(decision, task.Rank, space))],
            RendezvousPort,
            decision.Spec.Checkpoint.Path ?? $"{Folder}/checkpoints",
            $"{Folder}/output",
            options.ServerUrl,
            "",
            $"{Folder}/heartbeat",
            DeviceVariable);
        foreach (var (name, value) in TaskEnvironment.Build(decision, rank, surroundings))
        {
            if (name == DeviceVariable) continue;
            yield return name == TokenVariable ? Token(decision) : new V1EnvVar { Name = name, Value = value };
        }

        // Images made for devices show a container all of the node's unless it is told otherwise; with devices asked for, the plugin says which.
        if (role.Resources.Gpu == 0 && node.Accelerator?.Visibility is { } visibility) yield return new V1EnvVar { Name = visibility, Value = "void" };
    }

    /// <summary>The cluster gives devices out itself, and tells the container which.</summary>
    private const string DeviceVariable = "CONVOY_DEVICES";

    private static V1EnvVar Token(Assignment decision) => new()
    {
        Name = TokenVariable,
        ValueFrom = new V1EnvVarSource { SecretKeyRef = new V1SecretKeySelector { Name = ObjectNames.Attempt(decision), Key = TokenKey } },
    };

    /// <summary>As the scheduler counted. Memory is a limit too, so that who takes more is killed and not a neighbour; processor time that nobody wants may be used.</summary>
    private static V1ResourceRequirements Resources(RoleSpec role, NodeResources node)
    {
        var demand = RoleDemand.AllOf(new JobSpec { Name = "", Roles = new Dictionary<string, RoleSpec> { ["worker"] = role } }).Single().Each;
        var requests = new SortedDictionary<string, ResourceQuantity>(StringComparer.Ordinal);
        var limits = new SortedDictionary<string, ResourceQuantity>(StringComparer.Ordinal);
        if (demand.CpuMillicores > 0) requests["cpu"] = new ResourceQuantity($"{Text(demand.CpuMillicores)}m");
        if (demand.MemoryBytes > 0) requests["memory"] = limits["memory"] = Amount(demand.MemoryBytes);
        if (demand.Devices > 0 && node.Accelerator is { } kind) requests[kind.Resource] = limits[kind.Resource] = Amount(demand.Devices);
        if (demand.Rdma > 0 && node.Rdma is { } rdma) requests[rdma] = limits[rdma] = Amount(demand.Rdma);
        return new V1ResourceRequirements { Requests = requests.Count == 0 ? null : requests, Limits = limits.Count == 0 ? null : limits };
    }

    /// <summary>A kubelet sends SIGTERM. Who wants another signal gets it before, and then has the whole grace.</summary>
    private static V1Lifecycle? Lifecycle(CheckpointSpec checkpoint) => checkpoint.Signal == "SIGTERM" ? null : new V1Lifecycle
    {
        PreStop = new V1LifecycleHandler
        {
            Exec = new V1ExecAction { Command = ["/bin/sh", "-c", $"kill -{checkpoint.Signal["SIG".Length..]} 1; while kill -0 1 2>/dev/null; do sleep 1; done"] },
        },
    };

    private static V1Container FetchingCode(Assignment decision, KubernetesOptions options) => new()
    {
        Name = CodeContainer,
        Image = options.AgentImage,
        // What it says last is told to whose job it is.
        TerminationMessagePolicy = "FallbackToLogsOnError",
        Command = ["convoy-agent", "fetch-code", decision.Spec.Code!.Archive!, CodeFolder],
        Env = [new V1EnvVar { Name = "CONVOY_SERVER", Value = options.ServerUrl }, Token(decision)],
        VolumeMounts = [new V1VolumeMount { Name = "convoy", MountPath = Folder }],
    };

    private static ResourceQuantity Amount(long units) => new(Text(units));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
