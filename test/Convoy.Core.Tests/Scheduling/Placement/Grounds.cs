using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling.Placement;

/// <summary>Small clusters with racks, islands, foreign pods and network devices, and gangs of all kinds for them.</summary>
internal static class Grounds
{
    public const string Type = "A100-80G";
    private static readonly int[][] Islands = [[0, 1, 2, 3], [4, 5, 6, 7]];

    private static readonly Gen<Node> AnyNode =
        from devices in Gen.OneOf(0, 2, 4, 8, 8)
        from type in Gen.Frequency((3, Gen.Const(Type)), (1, Gen.Const("V100-32G")))
        from cores in Gen.Int[1, 16]
        from assigns in Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false)))
        from cluster in Gen.Frequency((4, Gen.Const("local")), (1, Gen.Const("west")))
        from path in Gen.Select(Gen.Int[0, 1], Gen.Int[0, 1], Gen.Int[0, 1], Gen.Int[0, 4])
        from fabric in Gen.OneOf(null, "ib0", "ib1")
        from rdma in Gen.Int[0, 4]
        from foreign in Gen.Frequency((3, Gen.Const(0)), (1, Gen.Int[1, 3]))
        from health in Gen.Frequency((8, NodeHealth.Ready), (1, NodeHealth.Suspect))
        from grouped in Gen.Bool
        select Worlds.Node("", devices, type, cores, health, assigns, cluster) with
        {
            Topology = [.. new[] { "region", $"zone{path.Item1}", $"block{path.Item2}", $"rack{path.Item3}" }.Take(path.Item4)],
            Fabric = fabric,
            Rdma = rdma,
            Foreign = new ResourceVector(foreign * 1000, 0, assigns ? 0 : Math.Min(foreign, devices)),
            DeviceGroups = grouped && devices == 8 ? Islands : [],
        };

    /// <summary>Without labels and taints.</summary>
    public static Gen<Node[]> Unmarked { get; } = AnyNode.Array[1, 10].Select(nodes => nodes.Select((node, i) => node with { Name = $"n{i}" }).ToArray());

    public static Gen<Node[]> Nodes { get; } = Gen.Select(Unmarked, Marks.Any).Select((nodes, marks) => marks?.On(nodes) ?? nodes);

    private static readonly Gen<ResourceVector> Whole =
        from gpus in Gen.OneOf(0, 1, 1, 2, 3, 4, 8)
        from cores in Gen.Int[0, 6]
        from rdma in Gen.Frequency((3, Gen.Const(0)), (1, Gen.Int[1, 2]))
        select new ResourceVector(cores * 1000, 0, gpus) { Rdma = rdma };

    private static readonly Gen<ResourceVector> Share = Gen.Select(Gen.Int[0, 3], Gen.OneOf(100, 250, 500, 700)).Select((cores, milli) => new ResourceVector(cores * 1000, 0, 0) { Milli = milli });

    private static readonly Gen<NodeRequirement[]> Asked = Gen.Frequency((2, Gen.Const(NodeRequirement.None)), (1, Marks.Requirement)).Array[3];

    private static readonly Gen<TopologyWish?> Wishes = Gen.Frequency((3, Gen.Const((TopologyWish?)null)), (1, Gen.Select(Gen.Enum<TopologyLevel>(), Gen.Bool).Select((level, required) => (TopologyWish?)new TopologyWish(level, required))));

    /// <summary>Gangs of one role that takes whole devices or none, and wishes nothing.</summary>
    public static Gen<PendingJob> Plain { get; } = Gen.Select(Whole, Gen.Int[1, 5]).Select((each, tasks) => Job([new RoleDemand("worker", tasks, tasks, each, [])]));

    /// <summary>The same, and what they ask of labels and taints.</summary>
    public static Gen<PendingJob> Picky { get; } = Gen.Select(Plain, Asked).Select(Asking);

    /// <summary>Gangs of one role that takes shares of devices.</summary>
    public static Gen<PendingJob> Sharing { get; } = Gen.Select(Share, Gen.Int[1, 5], Asked).Select((each, tasks, asked) => Asking(Job([new RoleDemand("worker", tasks, tasks, each, [])]), asked));

    /// <summary>Gangs of up to three roles.</summary>
    public static Gen<PendingJob> Any { get; } =
        from roles in Gen.Select(Gen.Frequency((3, Whole), (1, Share)), Gen.Int[1, 3]).Array[1, 3]
        from wish in Wishes
        from asked in Asked
        select Asking(Job([.. roles.Select((role, i) => new RoleDemand($"role{i}", role.Item2, role.Item2, role.Item1, []))]), asked) with { Topology = wish };

    public static PendingJob Job(RoleDemand[] roles) => new(Worlds.Standing(1), 1, roles, ["any"], null);

    private static PendingJob Asking(PendingJob job, NodeRequirement[] asked) => job with { Roles = [.. job.Roles.Select((role, i) => role with { Requirement = asked[i] })] };

    public static ClusterSnapshot Snapshot(Node[] nodes, params PendingJob[] pending) => new(1, nodes, pending, []);

    public static RunningJob Running(int sequence, IReadOnlyList<Place> places) =>
        new(Worlds.Standing(sequence), places[0].Cluster, [.. places.Select(place => new HeldPlace(place.Node, place.Role.Each, place.Devices) { Role = place.Role.Role })]);

    /// <summary>Places for the gang wherever it finds them first.</summary>
    public static List<Place>? Take(FreeSpace free, PendingJob job, Moment moment = Moment.Now) =>
        free.Choices(job).Select(choice => free.TryTake(job, choice.Cluster, choice.Accelerator, moment)).FirstOrDefault(places => places is not null);

    /// <summary>All that a space knows, as text.</summary>
    public static string Text(FreeSpace free)
    {
        var lines = new List<string>();
        foreach (var moment in new[] { Moment.Now, Moment.Soon })
        {
            var stock = free.At(moment);
            for (var node = 0; node < free.Layout.Nodes.Length; node++)
            {
                var row = stock.Rows[node];
                lines.Add($"{moment} {free.Layout.Nodes[node].Cluster}/{free.Layout.Nodes[node].Name} {row.Free} {row.Idle} open {stock.IsOpen(node)}: {string.Join(',', stock.Milli(node).ToArray())}");
            }

            for (var domain = 0; domain < free.Layout.Domains.Length; domain++)
            {
                var sum = stock.Domains[domain];
                lines.Add($"{moment} domain {domain}: {sum.Cpu} {sum.Memory} {sum.Rdma} {sum.Devices} {sum.Partial}; {string.Join(',', Enumerable.Range(1, 8).Select(devices => stock.Domains.Slots(domain, devices)))}");
            }
        }

        return string.Join('\n', lines);
    }
}
