using Convoy.Core.Datasets;
using Convoy.Core.Documents;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using static Convoy.Core.Jobs.Reading.NodeBinder;

namespace Convoy.Core.Jobs.Reading;

/// <summary>Which keys a job has and what type each is of. What cannot be read gets its default, and a problem.</summary>
internal sealed class JobSpecBinder(NodeBinder binder)
{
    private const string DurationForm = "a duration such as 30s or 48h";
    private static readonly string[] LaterFrameworks = ["tensorflow", "mpi", "horovod", "deepspeed", "jax", "caffe2"];

    private static readonly string[] Keys =
        ["name", "queue", "priority", "framework", "roles", "code", "datasets", "env", "checkpoint", "recovery", "preemptible", "placement", "limits", "interactive", "labels", "displayName"];

    /// <summary>What is stored has more than people may write.</summary>
    private static readonly string[] StoredKeys = [.. Keys, "pods"];

    public JobSpec Bind(DocumentNode document)
    {
        var members = binder.Members(document, "", binder.PassesOverUnknownKeys ? StoredKeys : Keys, ["secrets", "volumes", "shm"]);
        if (document is MappingNode)
        {
            binder.Require(members, "", "name", document);
            binder.Require(members, "", "roles", document);
        }

        var usual = new JobSpec { Name = "", Roles = new Dictionary<string, RoleSpec>() };
        return usual with
        {
            Name = Of(members, "", "name", binder.Text) ?? "",
            Queue = Of(members, "", "queue", binder.Text),
            Priority = OfValue(members, "", "priority", (node, path) => binder.Word<JobPriority>(node, path, [])) ?? usual.Priority,
            Framework = OfValue(members, "", "framework", (node, path) => binder.Word<Framework>(node, path, LaterFrameworks)) ?? usual.Framework,
            Roles = Of(members, "", "roles", Roles) ?? usual.Roles,
            Code = Of(members, "", "code", Code),
            Datasets = Of(members, "", "datasets", (node, path) => binder.List(node, path, Dataset)) ?? usual.Datasets,
            Env = Of(members, "", "env", binder.Texts) ?? usual.Env,
            Checkpoint = Of(members, "", "checkpoint", Checkpoint) ?? usual.Checkpoint,
            Recovery = Of(members, "", "recovery", Recovery) ?? usual.Recovery,
            Preemptible = OfValue(members, "", "preemptible", binder.Truth) ?? usual.Preemptible,
            Placement = Of(members, "", "placement", Placement) ?? usual.Placement,
            Limits = Of(members, "", "limits", Limits) ?? usual.Limits,
            Interactive = Of(members, "", "interactive", Interactive),
            Labels = Of(members, "", "labels", binder.Texts) ?? usual.Labels,
            DisplayName = Of(members, "", "displayName", binder.Text),
            Pods = Of(members, "", "pods", new PodGroupBinder(binder).Pods),
        };
    }

    private IReadOnlyDictionary<string, RoleSpec> Roles(DocumentNode node, string path)
    {
        var roles = new OrderedDictionary<string, RoleSpec>(StringComparer.Ordinal);
        // A role is a part of the job, not a key to pass over.
        foreach (var (name, role) in binder.Members(node, path, binder.PassesOverUnknownKeys ? null : RoleOrder.Names, [])) roles.Add(name, Role(role, NodeBinder.Join(path, name)));
        return roles;
    }

    private RoleSpec Role(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["replicas", "command", "image", "resources"], []);
        if (node is MappingNode) binder.Require(members, path, "command", node);
        return new RoleSpec
        {
            Replicas = OfValue(members, path, "replicas", (n, p) => binder.Parsed<Replicas>(n, p, Replicas.TryParse, "a number such as 4, or a range such as \"2..8\"")) ?? new Replicas(1, 1),
            Command = Of(members, path, "command", (n, p) => binder.List(n, p, binder.Text)) ?? [],
            Image = Of(members, path, "image", binder.Text),
            Resources = Of(members, path, "resources", Resources) ?? new ResourceSpec(),
        };
    }

    private ResourceSpec Resources(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["gpu", "accelerators", "cpu", "memory", "rdma"], []);
        return new ResourceSpec
        {
            Gpu = OfValue(members, path, "gpu", binder.Whole) ?? 0,
            Accelerators = Of(members, path, "accelerators", (n, p) => binder.List(n, p, binder.Text)) ?? [],
            Cpu = OfValue(members, path, "cpu", (n, p) => binder.Parsed<CpuQuantity>(n, p, CpuQuantity.TryParse, "a number of cores such as 4, 0.5 or 500m")) ?? default,
            Memory = OfValue(members, path, "memory", (n, p) => binder.Parsed<ByteSize>(n, p, ByteSize.TryParse, "a size such as 512Gi")) ?? default,
            Rdma = OfValue(members, path, "rdma", binder.Whole) ?? 0,
        };
    }

    private CodeSpec Code(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["workdir", "archive"], ["git"]);
        return new CodeSpec { Workdir = Of(members, path, "workdir", binder.Text), Archive = Of(members, path, "archive", binder.Text) };
    }

    private DatasetSpec Dataset(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["name", "version", "mount", "share", "startAt"], []);
        if (node is MappingNode) binder.Require(members, path, "name", node);
        return new DatasetSpec
        {
            Name = Of(members, path, "name", binder.Text) ?? "",
            Version = Of(members, path, "version", binder.Text) ?? DatasetTag.Latest.Value,
            Mount = Of(members, path, "mount", binder.Text),
            Share = OfValue(members, path, "share", binder.Whole) ?? new DatasetSpec { Name = "" }.Share,
            StartAt = OfValue(members, path, "startAt", binder.Whole) ?? 0,
        };
    }

    private CheckpointSpec Checkpoint(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["path", "signal", "grace"], []);
        var usual = new CheckpointSpec();
        return new CheckpointSpec
        {
            Path = Of(members, path, "path", binder.Text),
            Signal = Of(members, path, "signal", binder.Text) ?? usual.Signal,
            Grace = OfValue(members, path, "grace", (n, p) => binder.Parsed<TimeSpan>(n, p, DurationText.TryParse, DurationForm)) ?? usual.Grace,
        };
    }

    private RecoverySpec Recovery(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["maxRestarts", "retryExitCodes", "hangTimeout", "replaceFailedTasks"], ["onClusterLost"]);
        return new RecoverySpec
        {
            MaxRestarts = OfValue(members, path, "maxRestarts", binder.Whole) ?? 0,
            RetryExitCodes = Of(members, path, "retryExitCodes", (n, p) => binder.List(n, p, (each, at) => binder.Whole(each, at) is { } code ? Tuple.Create(code) : null))?.Select(code => code.Item1).ToArray() ?? [],
            HangTimeout = OfValue(members, path, "hangTimeout", (n, p) => binder.Parsed<TimeSpan>(n, p, DurationText.TryParse, DurationForm)),
            ReplaceFailedTasks = OfValue(members, path, "replaceFailedTasks", binder.Truth) ?? false,
        };
    }

    private PlacementSpec Placement(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["clusters", "topology"], []);
        return new PlacementSpec
        {
            Clusters = Of(members, path, "clusters", (n, p) => binder.List(n, p, binder.Text)) ?? new PlacementSpec().Clusters,
            Topology = Of(members, path, "topology", Topology),
        };
    }

    private TopologySpec Topology(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["required", "preferred"], []);
        return new TopologySpec
        {
            Required = OfValue(members, path, "required", (n, p) => binder.Word<TopologyLevel>(n, p, [])),
            Preferred = OfValue(members, path, "preferred", (n, p) => binder.Word<TopologyLevel>(n, p, [])),
        };
    }

    private InteractiveSpec Interactive(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["terminal", "idleTimeout"], []);
        var usual = new InteractiveSpec();
        return new InteractiveSpec
        {
            Terminal = OfValue(members, path, "terminal", binder.Truth) ?? usual.Terminal,
            IdleTimeout = OfValue(members, path, "idleTimeout", (n, p) => binder.Parsed<TimeSpan>(n, p, DurationText.TryParse, DurationForm)) ?? usual.IdleTimeout,
        };
    }

    private LimitsSpec Limits(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, ["maxDuration"], ["idleGpu"]);
        return new LimitsSpec { MaxDuration = OfValue(members, path, "maxDuration", (n, p) => binder.Parsed<TimeSpan>(n, p, DurationText.TryParse, DurationForm)) };
    }
}
