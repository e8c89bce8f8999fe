using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

public sealed class PlanningCaseTests
{
    /// <summary>What may stand where something else should.</summary>
    private static readonly string[] Odd = ["-1", "0", "1", "2000", "2147483647", "9223372036854775807", "1e40", "0.5", "null", "true", "\"\"", "\"x\"", "\"0s\"", "\"100d\"", "\"9999-12-31T00:00:00Z\"", "\"0001-01-01T00:00:00Z\"", "[]", "[3]", "{}"];

    [Fact]
    public void A_case_that_was_written_is_read_as_it_was_and_planned_the_same() => Worlds.Random.Sample(world =>
    {
        var planning = new PlanningCase(world.Snapshot, world.Policy, Worlds.Now);
        var read = PlanningCase.FromJson(planning.ToJson());
        read.ToJson().ShouldBe(planning.ToJson());
        Text(Scheduler.Plan(read.Snapshot, read.Policy, read.Now)).ShouldBe(Text(Scheduler.Plan(world.Snapshot, world.Policy, Worlds.Now)));
    });

    [Fact]
    public void Every_property_comes_back()
    {
        var job = Worlds.Pending(1, 2, 3, types: ["A100-80G"]) with { NotBefore = Worlds.Now, Preemptible = false, MaxDuration = TimeSpan.FromHours(5) };
        job = job with { Roles = [job.Roles[0] with { Requirement = new([[new LabelExpression("zone", LabelOperator.NotIn, ["b"])]], [new Toleration("k", null, TolerationOperator.Exists)]) }] };
        var running = new RunningJob(Worlds.Standing(2), "west", [new HeldPlace("n", new(1, 2, 3), [4]) { Role = "worker", IsLeaving = true }])
        {
            Revision = 7, Preemptible = false, IsStopping = true, StoppingFor = job.Standing.Id, StartedAt = Worlds.Now, CheckpointedAt = Worlds.Now, MaxDuration = TimeSpan.FromMinutes(1),
            IsResizing = true, Accelerator = "A100-80G", Roles = job.Roles,
        };
        var level = new Level("a", 1, 2, 3, 4, 5, TimeSpan.FromDays(1)) { MayPreempt = false, Preemptible = false, MinRunTime = TimeSpan.FromSeconds(3) };
        var node = Worlds.Node("n", 8, health: NodeHealth.Draining, assigns: false) with { Topology = ["region", "rack"], Labels = new Dictionary<string, string> { ["zone"] = "a" }, Taints = [new Taint("k", "v", IsPreference: true)] };
        var read = PlanningCase.FromJson(new PlanningCase(new(5, [node], [job], [running]), new([level]), Worlds.Now).ToJson());
        read.Policy.Levels.ShouldBe([level]);

        // Compared in another form than the one under test.
        JsonSerializer.Serialize(read.Snapshot).ShouldBe(JsonSerializer.Serialize(new ClusterSnapshot(5, [node], [job], [running])));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"snapshot":null,"policy":{"levels":[]},"now":"2026-01-01T00:00:00+00:00"}""")]
    [InlineData("""{"snapshot":{"revision":0,"nodes":[],"pending":[],"running":[]},"policy":{"levels":[]},"now":"2026-01-01T00:00:00+00:00","schemaVersion":2}""")]
    [InlineData("""{"snapshot":{"revision":0,"nodes":[],"pending":[{"standing":null}],"running":[]},"policy":{"levels":[]},"now":"2026-01-01T00:00:00+00:00"}""")]
    [InlineData("""{"snapshot":{"revision":0,"nodes":[{"cluster":"c","name":"n","health":"Ready","cpuMillicores":1,"memoryBytes":1,"accelerator":null,"devices":[],"assignsDevices":true}],"pending":[],"running":[]},"policy":{"levels":[]},"now":"2026-01-01T00:00:00+00:00"}""")]
    public void What_is_no_case_is_refused(string json) => Should.Throw<JsonException>(() => PlanningCase.FromJson(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void A_damaged_case_is_refused_or_read_and_nothing_else_happens()
    {
        var whole = new PlanningCase(Worlds.Snapshot([Worlds.Node("n", 2)], [Worlds.Pending(1, 1, 1)]), Worlds.Policy, Worlds.Now).ToJson();
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            byte[] damaged = [.. whole[..at], value, .. whole[(at + 1)..]];
            try
            {
                PlanningCase.FromJson(damaged).Snapshot.ShouldNotBeNull();
            }
            catch (JsonException)
            {
                // Refused.
            }
        });
    }

    [Fact]
    public void A_case_with_one_value_changed_is_refused_by_its_path_or_planned() => Gen.Select(Worlds.Random, Gen.Int[0, int.MaxValue], Gen.Int[0, Odd.Length - 1]).Sample((world, which, value) =>
    {
        var root = JsonNode.Parse(new PlanningCase(world.Snapshot, world.Policy, Worlds.Now).ToJson())!;
        var leaves = Leaves(root).ToArray();
        leaves[which % leaves.Length].ReplaceWith(JsonNode.Parse(Odd[value]));

        var reading = SnapshotReader.Read(Encoding.UTF8.GetBytes(root.ToJsonString()));

        if (reading.Case is { } read) PlanChecker.Violations(read.Snapshot, read.Policy, Scheduler.Plan(read.Snapshot, read.Policy, read.Now), read.Now);
        else reading.Problems.ShouldAllBe(problem => problem.Path.Length > 0);
    });

    [Fact]
    public void A_case_without_one_of_its_keys_is_refused_by_its_path() => Gen.Select(Worlds.Random, Gen.Int[0, int.MaxValue]).Sample((world, which) =>
    {
        var root = JsonNode.Parse(new PlanningCase(world.Snapshot, world.Policy, Worlds.Now).ToJson())!;

        // What queues and people have used has any keys, as have labels, and a read-only list is written for people alone.
        var keys = Objects(root).Where(each => !each.GetPath().EndsWith("Shares", StringComparison.Ordinal) && !each.GetPath().EndsWith(".labels", StringComparison.Ordinal)).SelectMany(each => each.Select(member => (Parent: each, Path: $"{each.GetPath()}.{member.Key}"[2..], member.Key))).Where(each => each.Key != "acceptableAccelerators").ToArray();
        var (parent, path, key) = keys[which % keys.Length];
        parent.Remove(key);

        SnapshotReader.Read(Encoding.UTF8.GetBytes(root.ToJsonString())).Problems.Select(problem => $"{problem}").ShouldBe([$"{path}: is missing"]);
    });

    [Theory]
    [InlineData("snapshot.pending[0].roles[0].min: is 0, and must be at least 1", "\"min\":1", "\"min\":0")]
    [InlineData("snapshot.pending[0].roles[0].max: is 1, and must not be less than min, which is 7", "\"min\":1", "\"min\":7")]
    [InlineData("snapshot.pending[0].roles[0].each.memoryBytes: is -3, and must be at least 0", "\"memoryBytes\":1073741824", "\"memoryBytes\":-3")]
    [InlineData("snapshot.nodes[0].devices: names a device twice", "\"devices\":[0,1]", "\"devices\":[1,1]")]
    [InlineData("snapshot.nodes[0].health: must be one of Ready, Suspect, Quarantined, Draining, Gone", "\"Ready\"", "17")]
    [InlineData("snapshot.nodes[0].cpuMillicores: must be a whole number, at most 9223372036854775807", "64000", "\"many\"")]
    [InlineData("snapshot.pending[0]: must have a value", "\"pending\":[", "\"pending\":[null,")]
    [InlineData("1:12: not JSON: '?' cannot stand here", "{\"snapshot\"", "{\"snapshot\"?")]
    public void What_is_wrong_is_told_with_its_place(string told, string written, string changed)
    {
        var json = Encoding.UTF8.GetString(new PlanningCase(Worlds.Snapshot([Worlds.Node("n", 2)], [Worlds.Pending(1, 1, 1)]), Worlds.Policy, Worlds.Now).ToJson());
        json.ShouldContain(written);

        SnapshotReader.Read(Encoding.UTF8.GetBytes(json.Replace(written, changed, StringComparison.Ordinal))).Problems.Select(problem => $"{problem}").ShouldBe([told]);
    }

    [Theory]
    [InlineData("", "1:1: the file is empty")]
    [InlineData(" \n", "1:1: the file is empty")]
    [InlineData("{\n  \"now\": [4", "2:12: not JSON: the file ends too early; is it whole?")]
    [InlineData("{\n  \"now\": 4x", "2:11: not JSON: 'x' cannot stand here")]
    [InlineData("nodes: [{}]", "1:2: not JSON: 'o' cannot stand here")]
    [InlineData("[]", "the snapshot must be an object of keys and values")]
    [InlineData("{}", "snapshot: is missing|policy: is missing|now: is missing|schemaVersion: is missing")]
    [InlineData("""{"schemaVersion":2}""", "schemaVersion: is 2, and this program reads 1")]
    public void What_is_no_case_is_told_in_words(string json, string told) => string.Join('|', SnapshotReader.Read(Encoding.UTF8.GetBytes(json)).Problems).ShouldBe(told);

    private static IEnumerable<JsonNode> Leaves(JsonNode node) => node switch
    {
        JsonObject map => map.Select(member => member.Value).OfType<JsonNode>().SelectMany(Leaves),
        JsonArray list => list.OfType<JsonNode>().SelectMany(Leaves),
        _ => [node],
    };

    private static IEnumerable<JsonObject> Objects(JsonNode node) => node switch
    {
        JsonObject map => map.Select(member => member.Value).OfType<JsonNode>().SelectMany(Objects).Append(map),
        JsonArray list => list.OfType<JsonNode>().SelectMany(Objects),
        _ => [],
    };

    private static string Text(Plan plan) => string.Join(';', plan.Gangs.Select(gang => $"{gang.Job} {gang.Cluster} {string.Join(',', gang.Tasks.Select(task => $"{task.Node}{string.Join('+', task.Devices)}"))}").Concat(plan.Waiting.Select(waiting => $"{waiting}")));
}
