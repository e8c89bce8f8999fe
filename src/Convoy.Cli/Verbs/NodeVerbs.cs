using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using Convoy.Core.Languages;

namespace Convoy.Cli.Verbs;

internal static class NodeVerbs
{
    private static readonly Listing<NodeView, NodeView> Nodes = Listing.Of(
        Rendering.Indented.NodeView,
        node => node.Name,
        new("NAME", node => node.Name),
        new("CLUSTER", node => node.Cluster) { Spare = 2 },
        new("HEALTH", node => node.Health.ToString()),
        new("ACCELERATOR", node => node.Accelerator) { Spare = 1 },
        new("GPUS-FREE", Gpus) { IsRight = true, CsvCell = node => $"{node.GpusFree}" },
        Column.Data<NodeView>("gpus", node => $"{node.Gpus}"),
        new("CPU-FREE", Cpu) { IsRight = true, CsvName = "cpuMillicoresFree", CsvCell = node => $"{node.CpuMillicoresFree}" },
        Column.Data<NodeView>("cpuMillicores", node => $"{node.CpuMillicores}"),
        new("MEMORY-FREE", Memory) { IsRight = true, CsvName = "memoryBytesFree", CsvCell = node => $"{node.MemoryBytesFree}" },
        Column.Data<NodeView>("memoryBytes", node => $"{node.MemoryBytes}"),
        new("JOBS", node => $"{node.Jobs.Count}") { IsRight = true },
        new("WISHED-BY", node => node.WishedBy) { In = Forms.Wide | Forms.Csv },
        new("HELD-BY", node => string.Join(' ', node.Jobs.Select(job => job.Name ?? job.Level))) { In = Forms.Wide });

    public static Command Build() => new("node", "Machines: what they have, what is free, who holds them")
    {
        List(), Get(),
        Wish("cordon", "Let nothing new land on a node (for administrators)", new NodeWishRequest(NodeHealth.Draining)),
        Wish("quarantine", "The same, for a node that is not to be trusted", new NodeWishRequest(NodeHealth.Quarantined)),
        Drain(),
        Wish("uncordon", "Use a node again", null),
    };

    private static Verb List()
    {
        var options = new ListOptions();
        return new Verb("list", "List nodes")
        {
            Examples = ["convoy node list", "convoy node list -o wide", "convoy node list -o json | jq '[.items[].gpusFree] | add'"],
            Options = { options.Limit, options.After, options.Format },
            Body = (call, cancellationToken) => Nodes.WriteAsync(call, options, (size, from) => call.Client.ListNodesAsync(from, size, cancellationToken)),
        };
    }

    private static Verb Get()
    {
        var name = Arguments.Named("NODE", "The node's name");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("get", "Show one node and the jobs on it")
        {
            Examples = ["convoy node get node-0"],
            Arguments = { name },
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var node = await call.Client.GetNodeAsync(call.Get(name), cancellationToken);
                return call.Write(call.Get(format), node, Rendering.Indented.NodeView, _ => Describe(call.Output, node));
            },
        };
    }

    /// <param name="wish">Null takes it back.</param>
    private static Verb Wish(string verb, string description, NodeWishRequest? wish) => Wish(verb, description, [$"convoy node {verb} node-0"], null, wish);

    private static Verb Drain() => Wish(
        "drain", "Let nothing new land on a node, and with --evict empty it", ["convoy node drain node-0", "convoy node drain node-0 --evict"],
        Options.Switch("--evict", "Jobs on it go back to the queue now, whatever their level; the checkpoint grace holds"), new NodeWishRequest(NodeHealth.Draining));

    private static Verb Wish(string verb, string description, string[] examples, Option<bool>? evict, NodeWishRequest? wish)
    {
        var name = Arguments.Named("NODE", "The node's name");
        var cluster = Options.Text("--cluster", "CLUSTER", "Whose node, where several clusters have one of that name");
        var format = Options.Format("table", "json", "yaml");
        var built = new Verb(verb, description)
        {
            Examples = examples,
            Arguments = { name },
            Options = { cluster, format },
            Body = async (call, cancellationToken) =>
            {
                var answer = wish is null
                    ? await call.Client.RemoveWishAsync(call.Get(name), call.Get(cluster), cancellationToken)
                    : await call.Client.WishAsync(call.Get(name), call.Get(cluster), wish with { Evict = evict is not null && call.Get(evict) }, cancellationToken);
                return call.Write(call.Get(format), answer, Rendering.Indented.NodeWishView, _ => call.Output.Tell(Outcome(answer)));
            },
        };
        if (evict is not null) built.Options.Add(evict);
        return built;
    }

    private static Text Outcome(NodeWishView answer)
    {
        var node = answer.Node;
        var left = node.Jobs.Count - answer.Evicted;
        Text jobs = (answer.Evicted, left) switch
        {
            (0, 0) => (Text)"",
            (0, 1) => $"; {Spans.Count(left, "job")} on it goes on",
            (0, _) => $"; {Spans.Count(left, "job")} on it go on",
            _ => $"; {Spans.Count(answer.Evicted, "job")} told to leave it",
        };
        return node.WishedBy is null ? (Text)$"node {node.Name} is used again; it is {node.Health}" : $"node {node.Name} takes no more jobs; it is {node.Health}{jobs}";
    }

    private static void Describe(TextWriter writer, NodeView node)
    {
        var facts = new Facts();
        facts.Add("name", node.Name);
        facts.Add("cluster", node.Cluster);
        facts.Add("health", node.Health.ToString());
        facts.Add("wished by", node.WishedBy);
        facts.Add("accelerator", node.Accelerator);
        facts.Add("GPUs free", Gpus(node));
        facts.Add("CPU free", Cpu(node));
        facts.Add("memory free", Memory(node));
        facts.Write(writer);
        if (node.Jobs.Count == 0) return;
        writer.Write('\n');
        var table = new TextTable("JOB", "NAME", "USER", "LEVEL", "TASKS", "GPUS").AlignRight(4, 5);
        foreach (var job in node.Jobs) table.Add(job.Id, job.Name, job.User, job.Level, $"{job.Tasks}", $"{job.Gpus}");
        table.Write(writer);
    }

    private static string Gpus(NodeView node) => $"{node.GpusFree}/{node.Gpus}";

    private static string Cpu(NodeView node) => $"{new CpuQuantity(node.CpuMillicoresFree)}/{new CpuQuantity(node.CpuMillicores)}";

    private static string Memory(NodeView node) => $"{Spans.Bytes(node.MemoryBytesFree)}/{Spans.Bytes(node.MemoryBytes)}";
}
