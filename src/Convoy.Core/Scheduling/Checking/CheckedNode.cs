using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling.Checking;

internal enum Stay
{
    Stays,

    /// <summary>Told to leave before this plan.</summary>
    LeftBefore,

    /// <summary>This plan makes it leave.</summary>
    MadeToLeave,
}

/// <summary>A running job on one place.</summary>
internal sealed record Holder(RunningJob Job, HeldPlace Place, Stay Stay);

/// <summary>A node, who holds it and who is to.</summary>
internal sealed class CheckedNode(Node node)
{
    public Node Node => node;

    public List<Holder> Holders { get; } = [];

    public List<(CheckedGang Gang, CheckedTask Task)> Planned { get; } = [];

    /// <summary>What is taken of it by those who count.</summary>
    public NodeUse Use(Func<Holder, bool> holds, Func<CheckedGang, bool> takes)
    {
        var use = new NodeUse(node);
        foreach (var holder in Holders)
        {
            if (holds(holder)) use.Take(holder.Place.Taken, holder.Place.Devices);
        }

        foreach (var (gang, task) in Planned)
        {
            if (takes(gang)) use.Take(task.Each, task.Placement.Devices);
        }

        return use;
    }
}

/// <summary>What is taken of a node, and of each device where single ones are handed out.</summary>
internal sealed class NodeUse(Node node)
{
    private const int WholeDevice = 1000;
    private readonly Dictionary<int, int> thousandths = [];
    private ResourceVector sum = node.Foreign;

    /// <summary>On nodes where devices are handed out, only those that nobody has a part of.</summary>
    public ResourceVector Left => (node.Capacity - sum) with { Devices = node.AssignsDevices ? node.Devices.Count(device => Taken(device) == 0) : node.Devices.Count - sum.Devices };

    public void Take(ResourceVector each, IReadOnlyList<int> devices)
    {
        sum += each;
        if (!node.AssignsDevices) return;
        foreach (var device in devices) thousandths[device] = Taken(device) + (each.Devices > 0 ? WholeDevice : each.Milli);
    }

    /// <summary>What is wrong with a task that has just been given its place.</summary>
    public IEnumerable<string> Wrongs(ResourceVector each, IReadOnlyList<int> devices)
    {
        // A node may be overdrawn already (a device died): what a task does not ask for it cannot make worse.
        var isOverdrawn = (each.CpuMillicores > 0 && sum.CpuMillicores > node.CpuMillicores)
            || (each.MemoryBytes > 0 && sum.MemoryBytes > node.MemoryBytes)
            || (each.Rdma > 0 && sum.Rdma > node.Rdma)
            || (each.Devices > 0 && !node.AssignsDevices && sum.Devices > node.Devices.Count);
        if (isOverdrawn) yield return $"oversubscribes node {node.Name}";
        if (!node.AssignsDevices)
        {
            if (each is { Devices: 0, Milli: > 0 }) yield return $"wants a share of a device of {node.Name}, which hands out no single ones";
            yield break;
        }

        var wanted = each.Devices > 0 ? each.Devices : each.Milli > 0 ? 1 : 0;
        if (devices.Count != wanted) yield return $"gets {devices.Count} devices on {node.Name}, not {wanted}";
        foreach (var device in devices)
        {
            if (!node.Devices.Contains(device)) yield return $"uses device {device} of {node.Name}, which is not there";
            if (Taken(device) > WholeDevice) yield return $"takes of device {device} of {node.Name} what others have";
        }
    }

    /// <summary>Whether nothing is overdrawn of what the tasks of a gang ask for.</summary>
    public bool Bears(ResourceVector each, IReadOnlyList<int> devices) => !Wrongs(each, devices).Any();

    /// <summary>How many such tasks find room.</summary>
    public long Slots(ResourceVector each)
    {
        long times = each.TimesIn(Left, int.MaxValue);
        if (each is not { Devices: 0, Milli: > 0 }) return times;
        return node.AssignsDevices ? Math.Min(times, node.Devices.Sum(device => Math.Max(0, WholeDevice - Taken(device)) / each.Milli)) : 0;
    }

    private int Taken(int device) => thousandths.GetValueOrDefault(device);
}
