using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Simulation;
using CsCheck;

namespace Convoy.Client.Tests.ClusterFiles;

public sealed class ClusterFileTests
{
    private const string Start = """
        nodes:
        - {count: 3, gpus: 8, accelerator: V100, cpu: 96, memory: 512Gi, rack: r1}
        - {gpus: 4}
        queues:
        - {name: vision, weight: 2, quota: {V100: {nominal: 8}}}
        - {name: lanes, parent: vision, ordering: las}
        levels:
        - {name: intern, rank: 10, maxGpus: 4, maxDuration: 4h, mayPreempt: false}
        - {name: boss, rank: 90, preemptible: false, minRunTime: 10m}
        """;

    [Fact]
    public void Nodes_are_counted_out_and_queues_and_levels_are_as_on_a_platform()
    {
        var cluster = Read(Start);

        cluster.Nodes.Count.ShouldBe(4);
        cluster.Nodes[2].ShouldSatisfyAllConditions(
            node => (node.Gpus, node.Accelerator, node.CpuMillicores, node.MemoryBytes).ShouldBe((8, "V100", 96_000, 512L << 30)),
            node => node.Topology.ShouldBe(["", "", "", "r1"]));
        cluster.Nodes[3].ShouldSatisfyAllConditions(
            node => (node.Gpus, node.Accelerator, node.CpuMillicores, node.MemoryBytes).ShouldBe((4, "", SimulatedNode.AnyCpuMillicores, SimulatedNode.AnyMemoryBytes)),
            node => node.Topology.ShouldBeEmpty());
        cluster.Queues[1].ShouldSatisfyAllConditions(
            queue => queue.Parent.ShouldBe("vision"),
            queue => queue.Ordering.ShouldBe(QueueOrdering.Las));
        cluster.Levels.ShouldBe([new Level("intern", 10, MaxGpus: 4, MaxDuration: TimeSpan.FromHours(4)) { MayPreempt = false }, new Level("boss", 90) { Preemptible = false, MinRunTime = TimeSpan.FromMinutes(10) }]);
    }

    [Fact]
    public void Jobs_are_moved_only_where_the_file_says_so()
    {
        Read("nodes: [{}]").Policy.MovesJobs.ShouldBeFalse();
        Read("nodes: [{}]\nmoves: true").Policy.MovesJobs.ShouldBeTrue();
    }

    [Fact]
    public void A_cluster_of_nodes_alone_has_the_levels_of_a_new_platform() => Read("nodes: [{gpus: 8}]").Levels.ShouldBe(Level.Defaults);

    [Theory]
    [InlineData("node: [{gpus: 8}]", "1:1: nodes: 'nodes' is missing", "1:1: node: there is no key 'node' here; did you mean 'nodes'?")]
    [InlineData("nodes:\n- {gpu: 8, count: 0}", "2:4: nodes[0].gpu: there is no key 'gpu' here; did you mean 'gpus'?", "2:19: nodes[0].count: must be at least 1, and all nodes together at most 100000")]
    [InlineData("nodes: [{count: 99999}, {count: 2}]", "1:33: nodes[1].count: must be at least 1, and all nodes together at most 100000")]
    [InlineData("nodes: [{gpus: -1, memory: much}]", "1:16: nodes[0].gpus: must be 0 to 1024", "1:28: nodes[0].memory: must be a size such as 512Gi, and is the text \"much\"")]
    [InlineData("nodes: [{count: 99999999999999999999}]", "1:17: nodes[0].count: must be at most 100000, and is the number 99999999999999999999")]
    [InlineData("- gpus: 8", "1:1: the document must be a mapping of keys to values, and is a list")]
    [InlineData("nodes: []", "1:8: nodes: must have at least one node")]
    [InlineData("nodes: [{}]\nlevels: []", "2:9: levels: must have at least one level; remove the key to have the usual ones")]
    [InlineData("nodes: [{}]\nlevels: [{name: a, rank: 1}, {name: a, rank: 2, maxGpus: -1}]", "2:37: levels[1].name: 'a' comes twice", "2:58: levels[1].maxGpus: must not be negative")]
    [InlineData("nodes: [{}]\nqueues: [{name: a, parent: b}]", "2:28: queues[0].parent: there is no queue 'b'; did you mean 'a'?")]
    public void All_problems_are_told_with_their_place(string text, params string[] problems) =>
        ClusterFile.Read(text).Problems.Select(problem => problem.ToString()).Order(StringComparer.Ordinal).ShouldBe(problems.Order(StringComparer.Ordinal));

    [Fact]
    public void A_cluster_that_was_written_reads_as_it_was()
    {
        var cluster = Read(Start) with { Nodes = [new SimulatedNode(8, "A100") { Topology = ["eu", "", "b1", "r\"1\""] }, .. Read(Start).Nodes] };

        var yaml = ClusterFile.ToYaml(cluster);

        var read = Read(yaml);
        ClusterFile.ToYaml(read).ShouldBe(yaml);
        read.Nodes[0].Topology.ShouldBe(["", "", "", "eu/b1/r\"1\""]);
        read.Nodes.Skip(1).Select(node => (node.Capacity, node.Accelerator)).ShouldBe(cluster.Nodes.Skip(1).Select(node => (node.Capacity, node.Accelerator)));
        read.Levels.ShouldBe(cluster.Levels);
        read.Queues[0].Quotas.ShouldBe(cluster.Queues[0].Quotas);
        (read.Queues[1].Parent, read.Queues[1].Ordering).ShouldBe(("vision", QueueOrdering.Las));
        ClusterFile.ToYaml(new SimulatedCluster([new SimulatedNode(8), new SimulatedNode(8)]) { Levels = [] }).ShouldBe("nodes:\n- {count: 2, gpus: 8}\n");
    }

    [Fact]
    public void Changed_files_give_a_cluster_or_problems_and_never_an_exception() =>
        Gen.Select(Gen.Double[0, 1], Gen.Int[0, 12], Gen.OneOf(Words.Of("", "\n", ": ", "- ", "{", "}", "[", "]", ",", "'", "nodes:", "gpus", "-1", "1e9", "null", "\0", "&a ", "levels:", "99999999999"), Gen.Char.Select(c => c.ToString())))
            .Array[1, 5].Sample(
                changes =>
                {
                    var text = Start;
                    foreach (var (where, cut, piece) in changes)
                    {
                        var at = (int)(where * text.Length);
                        text = text[..at] + piece + text[Math.Min(text.Length, at + cut)..];
                    }

                    var reading = ClusterFile.Read(text);
                    (reading.Cluster is null).ShouldBe(reading.Problems.Count > 0);
                    reading.Problems.ShouldAllBe(problem => problem.Line > 0 && problem.Column > 0);
                },
                iter: 10_000);

    private static SimulatedCluster Read(string text)
    {
        var reading = ClusterFile.Read(text);
        reading.Problems.ShouldBeEmpty();
        return reading.Cluster!;
    }
}
