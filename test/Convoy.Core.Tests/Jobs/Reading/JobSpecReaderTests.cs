using System.Text;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using Convoy.Core.Scheduling;
using Convoy.Core.Tests.Jobs.Lifecycle;
using CsCheck;

namespace Convoy.Core.Tests.Jobs.Reading;

public sealed class JobSpecReaderTests
{
    private const string Full = """
        {"name":"digits","queue":"perception","priority":"high","framework":"pytorch",
         "roles":{"worker":{"replicas":"2..8","command":["torchrun","train.py"],"resources":{"gpu":8,"accelerators":["H100-80G"],"cpu":0.5,"memory":"512Gi"}}},
         "code":{"workdir":"."},"env":{"LR":"0.1"},"checkpoint":{"path":"/ckpt","signal":"SIGUSR1","grace":"2m"},
         "recovery":{"maxRestarts":3,"retryExitCodes":[33]},"preemptible":false,"placement":{"clusters":["any"]},
         "limits":{"maxDuration":"48h"},"labels":{"project":"lanes"},"displayName":"车道线检测"}
        """;

    [Fact]
    public void A_spec_comes_back_from_its_own_json()
    {
        var spec = Read(Full).Spec.ShouldNotBeNull();
        spec.Roles["worker"].Replicas.ShouldBe(new Replicas(2, 8));
        spec.Checkpoint.Grace.ShouldBe(TimeSpan.FromMinutes(2));
        var again = JobSpecReader.ReadJson(JobSpecJson.Canonical(spec)).Spec.ShouldNotBeNull();
        JobSpecJson.Canonical(again).ShouldBe(JobSpecJson.Canonical(spec));
    }

    [Fact]
    public void Everything_wrong_is_said_at_once()
    {
        var problems = Read("""
            {"name":"Bad_Name","framework":"tensorflow","roles":{"worker":{"replcas":0,"command":[1],"resources":{"gpu":"8","rdma":-1}}},
             "code":{},"placement":{"topology":{"required":"rak","preferred":"zone"}},"env":{"CONVOY_X":"1"},"limits":{"maxDuration":"0s"},"secrets":["w"]}
            """).Problems;
        problems.Select(problem => (problem.Path, problem.Code)).ShouldBe(
            [
                ("name", "BadValue"), ("framework", "NotAvailable"), ("roles.worker.replcas", "UnknownKey"), ("roles.worker.command[0]", "WrongType"), ("roles.worker.resources.gpu", "WrongType"),
                ("roles.worker.resources.rdma", "BadValue"), ("placement.topology.required", "UnknownWord"), ("code", "BadValue"), ("env.CONVOY_X", "BadValue"), ("limits.maxDuration", "BadValue"), ("secrets", "NotAvailable"),
            ],
            ignoreOrder: true);
        problems.Single(problem => problem.Path == "roles.worker.replcas").Message.ToString().ShouldContain("did you mean 'replicas'");
        problems.Single(problem => problem.Path == "framework").Message.ToString().ShouldBe("framework tensorflow is not available yet; available: pytorch, command");
    }

    [Theory]
    [InlineData("""{"required":"rack"}""", null)]
    [InlineData("""{"preferred":"island"}""", null)]
    [InlineData("{}", "placement.topology: must have exactly one of required and preferred")]
    [InlineData("""{"required":"rack","preferred":"zone"}""", "placement.topology: must have exactly one of required and preferred")]
    [InlineData("""{"required":"rak"}""", "placement.topology.required: there is no required 'rak'; did you mean 'rack'? (one of island, node, rack, block, fabric, zone, region, cluster)")]
    [InlineData("\"rack\"", "placement.topology: must be a mapping of keys to values, and is the text \"rack\"")]
    public void A_topology_wish_is_one_level_that_is_required_or_preferred(string topology, string? problem) =>
        Read($$"""{"name":"a","roles":{"worker":{"command":["x"] } },"placement":{"topology":{{topology}} } }""").Problems.Select(found => found.ToString()).ShouldBe(problem is null ? [] : [problem]);

    [Fact]
    public void What_stands_for_pods_is_the_platforms_to_write_and_no_persons()
    {
        const string Pods = """{"name":"a","roles":{"worker":{"command":["x"]}},"pods":{"namespace":"n","name":"p","requirements":{}}}""";
        Read(Pods).Problems.ShouldHaveSingleItem().ToString().ShouldStartWith("pods: there is no key 'pods' here");
        JobSpecReader.ReadRequest(Encoding.UTF8.GetBytes($$"""{"spec":{{Pods}} }""")).Spec.ShouldBeNull();
    }

    [Theory]
    [InlineData("registry.example.org:5000/team/train:1.2@sha256:0123", true)]
    [InlineData("", false)]
    [InlineData("train 1", false)]
    [InlineData("train\\t1", false)]
    [InlineData("train\\u0007", false)]
    public void An_image_is_a_name_without_spaces(string image, bool isOne)
    {
        var reading = Read($$"""{"name":"a","roles":{"worker":{"command":["x"],"image":"{{image}}"} } }""");
        if (isOne) reading.Spec!.Roles["worker"].Image.ShouldBe(image);
        else reading.Problems.ShouldHaveSingleItem().Path.ShouldBe("roles.worker.image");
    }

    [Theory]
    [InlineData(512, true)]
    [InlineData(513, false)]
    public void An_image_has_at_most_512_characters(int length, bool isOne) =>
        (Read($$"""{"name":"a","roles":{"worker":{"command":["x"],"image":"{{new string('i', length)}}"} } }""").Problems.Count == 0).ShouldBe(isOne);

    [Fact]
    public void What_a_job_asks_of_the_network_reaches_the_planner()
    {
        var spec = Read("""{"name":"a","roles":{"worker":{"command":["x"],"resources":{"gpu":8,"rdma":4}}},"placement":{"topology":{"required":"fabric"}}}""").Spec.ShouldNotBeNull();
        var pending = PendingJob.Of(LifecycleWalk.Of(spec).Job);
        pending.Topology.ShouldBe(new TopologyWish(TopologyLevel.Fabric, IsRequired: true));
        pending.Roles.ShouldHaveSingleItem().Each.Rdma.ShouldBe(4);
        PendingJob.Of(LifecycleWalk.Of(spec with { Placement = new() { Topology = new() { Preferred = TopologyLevel.Rack } } }).Job).Topology.ShouldBe(new TopologyWish(TopologyLevel.Rack, IsRequired: false));
    }

    [Theory]
    [InlineData("memory", "128Ti", "1Pi")]
    [InlineData("cpu", "1000000", "1000001")]
    public void Sizes_beyond_any_machine_are_refused_so_that_sums_of_them_never_overflow(string key, string largest, string larger)
    {
        var spec = (string size) => Read("{\"name\":\"a\",\"roles\":{\"worker\":{\"replicas\":10000,\"command\":[\"x\"],\"resources\":{\"" + key + "\":\"" + size + "\"}}}}");
        spec(largest).Problems.ShouldBeEmpty();
        spec(larger).Problems.ShouldHaveSingleItem().Path.ShouldBe($"roles.worker.resources.{key}");
    }

    [Theory]
    [InlineData("", "Syntax")]
    [InlineData("{\"name\":\"\\ud800\"}", "Syntax")]
    [InlineData("[]", "WrongType")]
    [InlineData("{}", "Missing")]
    [InlineData("{\"name\":\"a\",\"name\":\"b\",\"roles\":{\"worker\":{\"command\":[\"x\"]}}}", "DuplicateKey")]
    public void Documents_that_are_no_job_are_problems(string json, string code) => Read(json).Problems.ShouldContain(problem => problem.Code == code);

    [Fact]
    public void Too_deep_documents_are_problems() => Read(new string('[', 100)).Problems.ShouldHaveSingleItem().Code.ShouldBe("Syntax");

    [Fact]
    public void A_request_needs_a_spec_and_nothing_else()
    {
        JobSpecReader.ReadRequest(Encoding.UTF8.GetBytes($$"""{"spec":{{Full}}}""")).Spec.ShouldNotBeNull();
        JobSpecReader.ReadRequest("{\"sepc\":{}}"u8).Problems.Select(problem => problem.Code).ShouldBe(["UnknownKey", "Missing"], ignoreOrder: true);
    }

    [Fact]
    public void Mutated_documents_give_a_spec_or_problems_and_never_an_exception()
    {
        var bytes = Encoding.UTF8.GetBytes(Full);
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte, Gen.Int[0, 20]).Array[1, 4].Sample(
            changes =>
            {
                var mutated = bytes.ToList();
                foreach (var (at, value, cut) in changes)
                {
                    if (at >= mutated.Count) continue;
                    mutated[at] = value;
                    if (value % 3 == 0) mutated.RemoveRange(at, Math.Min(cut, mutated.Count - at));
                }

                var reading = JobSpecReader.ReadJson(mutated.ToArray());
                (reading.Spec is null).ShouldBe(reading.Problems.Count > 0);
            },
            iter: 3000);
    }

    private static SpecReading Read(string json) => JobSpecReader.ReadJson(Encoding.UTF8.GetBytes(json));
}
