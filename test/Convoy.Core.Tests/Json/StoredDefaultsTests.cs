using System.Text.Json;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;
using Convoy.Core.Json;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Json;

/// <summary>What an older version stored has not the keys of a newer one.</summary>
public sealed class StoredDefaultsTests
{
    private static readonly JobSpec Bare = new() { Name = "a", Roles = new Dictionary<string, RoleSpec> { ["worker"] = new() { Command = ["x"] } } };

    /// <summary>Nothing has its default.</summary>
    private static readonly JobSpec Full = new()
    {
        Name = "digits",
        Queue = "q",
        Priority = JobPriority.High,
        Framework = Framework.Pytorch,
        Roles = new Dictionary<string, RoleSpec>
        {
            ["worker"] = new()
            {
                Replicas = new Replicas(2, 8),
                Command = ["x", "y"],
                Image = "registry.local/train:1",
                Resources = new ResourceSpec { Gpu = 8, Accelerators = ["A100"], Cpu = new CpuQuantity(1500), Memory = ByteSize.FromMebibytes(3), Rdma = 2 },
            },
        },
        Code = new CodeSpec { Archive = new string('a', 64) },
        Datasets = [new DatasetSpec { Name = "kitti", Version = "v3", Mount = "/data/kitti", Share = 50, StartAt = 80 }],
        Env = new Dictionary<string, string> { ["A"] = "1" },
        Checkpoint = new CheckpointSpec { Path = "/c", Signal = "SIGINT", Grace = TimeSpan.Zero },
        Recovery = new RecoverySpec { MaxRestarts = 3, RetryExitCodes = [33], HangTimeout = TimeSpan.FromMinutes(30), ReplaceFailedTasks = true },
        Preemptible = false,
        Placement = new PlacementSpec { Clusters = ["east"], Topology = new TopologySpec { Required = TopologyLevel.Rack } },
        Limits = new LimitsSpec { MaxDuration = TimeSpan.FromHours(1) },
        Interactive = new InteractiveSpec { Terminal = false, IdleTimeout = TimeSpan.FromMinutes(5) },
        Labels = new Dictionary<string, string> { ["k"] = "v" },
        DisplayName = "数字",
        Pods = new PodGroupSpec("team", "train", new Dictionary<string, NodeRequirement>
        {
            ["worker"] = new([[new LabelExpression("zone", LabelOperator.In, ["a", "true"]), new LabelExpression("old", LabelOperator.DoesNotExist, [])], [new LabelExpression("metadata.name", LabelOperator.In, ["n1"])]], [new Toleration("team", "", TolerationOperator.Equal), new Toleration(null, null, TolerationOperator.Exists)]),
            ["master"] = NodeRequirement.None,
        })
        {
            Uids = new Dictionary<string, IReadOnlyList<string>> { ["worker"] = ["6f1c", "true"] },
        },
    };

    private static readonly Job Stored = new()
    {
        Id = JobId.Parse("j0123456789abcd"),
        Owner = "ann",
        Level = "senior",
        Queue = "q",
        Spec = Full,
        SubmitSequence = 7,
        SubmittedAt = DateTimeOffset.UnixEpoch,
        Phase = JobPhase.Failed,
        Generation = 4,
        Revision = 9,
        Attempts = [new Attempt { Number = 1, Cluster = "local", AssignedAt = DateTimeOffset.UnixEpoch, Tasks = [new TaskRun(new TaskPlacement("worker", 0, 0, "n", [1])) { State = TaskState.Lost }] }],
        Restarts = 1,
        PlatformRestarts = 2,
        Failure = new TaskFailure(1, "worker", 0, "n", 1, null, FailureClass.User, "m"),
        EndedAt = DateTimeOffset.UnixEpoch,
    };

    public static TheoryData<string> OptionalPaths => new(
        "queue", "priority", "framework", "roles.worker.replicas", "roles.worker.image", "roles.worker.resources", "roles.worker.resources.gpu", "roles.worker.resources.accelerators", "roles.worker.resources.cpu",
        "roles.worker.resources.memory", "roles.worker.resources.rdma", "code", "datasets", "env", "checkpoint", "checkpoint.path", "checkpoint.signal", "checkpoint.grace", "recovery", "recovery.maxRestarts", "recovery.retryExitCodes", "recovery.hangTimeout", "recovery.replaceFailedTasks", "preemptible",
        "placement", "placement.clusters", "placement.topology", "placement.topology.required", "limits", "limits.maxDuration", "interactive", "interactive.terminal", "interactive.idleTimeout", "labels", "displayName", "pods");

    [Theory]
    [MemberData(nameof(OptionalPaths))]
    public void A_stored_spec_without_a_key_gets_the_default_of_that_key(string path)
    {
        var json = JsonSerializer.SerializeToNode(Full, CoreJson.Default.JobSpec)!;
        var expected = json.DeepClone();
        Remove(json, path);

        // The expectation is made of the initializers' own values, not of the reader's.
        var bare = path.StartsWith("interactive.", StringComparison.Ordinal) ? Bare with { Interactive = new InteractiveSpec() } : Bare;
        var usual = At(JsonSerializer.SerializeToNode(bare, CoreJson.Default.JobSpec)!, path);
        if (usual is null) Remove(expected, path);
        else Replace(expected, path, usual.DeepClone());
        var read = JsonSerializer.Deserialize(json, CoreJson.Default.JobSpec).ShouldNotBeNull();
        JsonNode.DeepEquals(JsonSerializer.SerializeToNode(read, CoreJson.Default.JobSpec), expected).ShouldBeTrue();
    }

    [Fact]
    public void Every_optional_key_of_a_spec_is_tried()
    {
        var paths = new List<string>();
        Walk(JsonSerializer.SerializeToNode(Full, CoreJson.Default.JobSpec)!.AsObject(), "", paths);
        paths.ShouldBe(OptionalPaths.Select(row => row.Data).Concat(["name", "roles", "roles.worker", "roles.worker.command", "code.archive", "env.A", "labels.k", .. OfPods]), ignoreOrder: true);
    }

    private static string[] OfPods => ["pods.namespace", "pods.name", "pods.requirements", "pods.requirements.worker", "pods.requirements.worker.anyOf", "pods.requirements.worker.tolerations", "pods.requirements.master", "pods.requirements.master.anyOf", "pods.uids", "pods.uids.worker"];

    /// <summary>As it is stored, and as it goes to a cluster.</summary>
    [Fact]
    public void What_pods_of_another_operator_ask_of_their_nodes_comes_back_from_wherever_a_spec_is_kept()
    {
        var assignment = new Assignment { JobId = Stored.Id, Generation = 1, Wanted = WantedState.Run, Attempt = 1, Cluster = "local", Owner = "ann", Spec = Full, Tasks = [] };
        JobSpec[] read =
        [
            JsonSerializer.Deserialize(JsonSerializer.Serialize(Full, CoreJson.Default.JobSpec), CoreJson.Default.JobSpec)!,
            JsonSerializer.Deserialize(JobSpecJson.Canonical(Full), CoreJson.Default.JobSpec)!,
            JsonSerializer.Deserialize(JsonSerializer.Serialize(Stored, CoreJson.Default.Job), CoreJson.Default.Job)!.Spec,
            JsonSerializer.Deserialize(JsonSerializer.Serialize(assignment, CoreJson.Default.Assignment), CoreJson.Default.Assignment)!.Spec,
        ];
        foreach (var spec in read)
        {
            (spec.Pods!.Namespace, spec.Pods.Name).ShouldBe(("team", "train"));
            spec.Pods.Requirements.OrderBy(each => each.Key).ShouldBe(Full.Pods!.Requirements.OrderBy(each => each.Key));
            RoleDemand.AllOf(spec).ShouldHaveSingleItem().Requirement.ShouldBe(Full.Pods.Requirements["worker"]);
        }
    }

    [Fact]
    public void A_job_that_stands_for_no_pods_asks_nothing_of_its_nodes() => RoleDemand.AllOf(Bare).ShouldHaveSingleItem().Requirement.ShouldBeSameAs(NodeRequirement.None);

    [Theory]
    [InlineData("""{"name":"x","requirements":{}}""")]
    [InlineData("""{"namespace":"x","name":"x","requirements":{"worker":{"anyOf":[[{"key":"k","operator":"Like","values":[]}]]}}}""")]
    [InlineData("""{"namespace":"x","name":"x","requirements":{"worker":{"anyOf":[[{"operator":"In","values":[]}]]}}}""")]
    [InlineData("""{"namespace":"x","name":"x","requirements":{"worker":{"tolerations":[{"key":"k","operator":"1"}]}}}""")]
    public void Stored_pods_that_cannot_be_understood_are_an_error(string pods) =>
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize($$"""{"name":"a","roles":{"worker":{"command":["x"]} },"pods":{{pods}} }""", CoreJson.Default.JobSpec));

    [Fact]
    public void A_spec_with_nothing_but_what_is_required_equals_one_made_in_code()
    {
        var read = JsonSerializer.Deserialize("""{"name":"a","roles":{"worker":{"command":["x"]}}}""", CoreJson.Default.JobSpec).ShouldNotBeNull();
        JobSpecJson.Canonical(read).ShouldBe(JobSpecJson.Canonical(Bare));
        read.Env.ShouldBeEmpty();
    }

    [Fact]
    public void Every_stored_record_that_holds_a_spec_gives_it_its_defaults()
    {
        var submitted = JsonSerializer.Serialize<JobEvent>(new JobSubmitted(DateTimeOffset.UnixEpoch, Stored.Id, "ann", "senior", "q", Full, 7), CoreJson.Default.JobEvent);
        JsonSerializer.Deserialize(Without(submitted, "spec.env"), CoreJson.Default.JobEvent).ShouldBeOfType<JobSubmitted>().Spec.Env.ShouldBeEmpty();
        JsonSerializer.Deserialize(Without(JsonSerializer.Serialize(Stored, CoreJson.Default.Job), "spec.preemptible"), CoreJson.Default.Job)!.Spec.Preemptible.ShouldBeTrue();
        var assignment = new Assignment { JobId = Stored.Id, Generation = 1, Wanted = WantedState.Run, Attempt = 1, Cluster = "local", Owner = "ann", Spec = Full, Tasks = [] };
        JsonSerializer.Deserialize(Without(JsonSerializer.Serialize(assignment, CoreJson.Default.Assignment), "spec.checkpoint"), CoreJson.Default.Assignment)!.Spec.Checkpoint.Grace.ShouldBe(TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData("phase")]
    [InlineData("generation")]
    [InlineData("revision")]
    [InlineData("attempts")]
    [InlineData("restarts")]
    [InlineData("platformRestarts")]
    [InlineData("failure")]
    [InlineData("endedAt")]
    [InlineData("attempts.0.tasks.0.state")]
    [InlineData("attempts.0.stays")]
    public void A_stored_job_without_an_optional_key_reads_as_one_that_never_had_it(string path)
    {
        var job = JsonSerializer.Deserialize(Without(JsonSerializer.Serialize(Stored, CoreJson.Default.Job), path), CoreJson.Default.Job).ShouldNotBeNull();
        var fresh = new Job { Id = Stored.Id, Owner = "", Level = "", Queue = "", Spec = Full, SubmitSequence = 1, SubmittedAt = DateTimeOffset.UnixEpoch };
        job.Attempts.ShouldNotBeNull();
        var expected = path switch
        {
            "phase" => Stored with { Phase = fresh.Phase },
            "generation" => Stored with { Generation = fresh.Generation },
            "revision" => Stored with { Revision = fresh.Revision },
            "attempts" => Stored with { Attempts = fresh.Attempts },
            "restarts" => Stored with { Restarts = fresh.Restarts },
            "platformRestarts" => Stored with { PlatformRestarts = fresh.PlatformRestarts },
            "failure" => Stored with { Failure = fresh.Failure },
            "endedAt" => Stored with { EndedAt = fresh.EndedAt },
            "attempts.0.stays" => Stored,
            _ => Stored with { Attempts = [Stored.Attempts[0] with { Tasks = [new TaskRun(Stored.Attempts[0].Tasks[0].Placement)] }] },
        };
        JsonSerializer.Serialize(job, CoreJson.Default.Job).ShouldBe(JsonSerializer.Serialize(expected, CoreJson.Default.Job));
    }

    [Fact]
    public void Keys_of_a_newer_version_are_passed_over_and_roles_are_not()
    {
        var json = """{"name":"a","shm":"16Gi","colour":"red","roles":{"driver":{"command":["x"],"ports":[1],"resources":{"rdma":1}}},"recovery":{"maxRestarts":2,"onClusterLost":"wait"}}""";
        var read = JsonSerializer.Deserialize(json, CoreJson.Default.JobSpec).ShouldNotBeNull();
        read.Recovery.MaxRestarts.ShouldBe(2);
        read.Roles.Keys.ShouldBe(["driver"]);
    }

    [Theory]
    [InlineData("""{"roles":{"worker":{"command":["x"]}}}""")]
    [InlineData("""{"name":"a","roles":{"worker":{}}}""")]
    [InlineData("""{"name":"a","roles":{"worker":{"command":["x"]}},"framework":"tensorflow"}""")]
    [InlineData("""{"name":"a","roles":{"worker":{"command":["x"]}},"checkpoint":{"grace":5}}""")]
    [InlineData("""{"name":"a","roles":{"worker":{"command":["x"],"resources":{"gpu":1.5}}}}""")]
    [InlineData("""{"name":"\ud800","roles":{"worker":{"command":["x"]}}}""")]
    [InlineData("[]")]
    [InlineData("{\"name\":\"a\",")]
    public void What_cannot_be_understood_is_an_error_and_no_guess(string json) => Should.Throw<JsonException>(() => JsonSerializer.Deserialize(json, CoreJson.Default.JobSpec));

    private static string Without(string json, string path)
    {
        var node = JsonNode.Parse(json)!;
        Remove(node, path);
        return node.ToJsonString();
    }

    private static void Walk(JsonObject node, string path, List<string> paths)
    {
        foreach (var (key, value) in node)
        {
            var at = path.Length == 0 ? key : $"{path}.{key}";
            paths.Add(at);
            if (value is JsonObject inner) Walk(inner, at, paths);
        }
    }

    private static JsonNode? At(JsonNode node, string path) => path.Split('.').Aggregate((JsonNode?)node, (at, key) => at is JsonArray array ? array[int.Parse(key)] : at?[key]);

    private static (JsonObject Parent, string Key) Place(JsonNode root, string path)
    {
        var dot = path.LastIndexOf('.');
        return ((dot < 0 ? root : At(root, path[..dot])!).AsObject(), path[(dot + 1)..]);
    }

    private static void Remove(JsonNode root, string path)
    {
        var (parent, key) = Place(root, path);
        parent.Remove(key).ShouldBeTrue(path);
    }

    private static void Replace(JsonNode root, string path, JsonNode value)
    {
        var (parent, key) = Place(root, path);
        parent[key] = value;
    }
}
