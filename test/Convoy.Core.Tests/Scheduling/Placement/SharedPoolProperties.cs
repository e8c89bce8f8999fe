using System.Numerics;
using Convoy.Core.Scheduling.Placement;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling.Placement;

public sealed class SharedPoolProperties
{
    private static readonly Gen<PodShape> Shapes = Gen.Select(Gen.Int[0, 6], Gen.Int[0, 4], Gen.OneOf(0, 1, 1, 1, 2, 4), Gen.OneOf(100, 250, 500, 700, 1000), Gen.ULong[1, 3])
        .Select((cpu, memory, devices, milli, models) => new PodShape(cpu * 1000, memory, devices, devices > 1 ? 1000 : milli, new ModelSet(models)));

    private static readonly Gen<SharedNode[]> Nodes = Gen.Select(Gen.Int[0, 1], Gen.Int[1, 16], Gen.Int[1, 12], Gen.OneOf(0, 1, 2, 4, 8)).Array[1, 6]
        .Select(nodes => nodes.Select((node, i) => new SharedNode($"n{i}", node.Item1, node.Item2 * 1000, node.Item3, [.. Enumerable.Repeat(1000, node.Item4)])).ToArray());

    private static readonly Gen<KeyValuePair<PodShape, long>[]> Workloads = Gen.Select(Shapes, Gen.Long[0, 50]).Select((shape, tasks) => KeyValuePair.Create(shape, tasks)).Array[0, 8];

    /// <summary>The paper's definition, shape by shape.</summary>
    [Fact]
    public void Fragmentation_is_what_the_tasks_of_the_workload_cannot_use() =>
        Gen.Select(Workloads, Gen.Int[0, 1], Gen.Int[0, 7], Gen.OneOf(0, 100, 300, 500, 999, 1000).Array[0, 8]).Sample((workload, model, cpu, free) =>
            Assert.Equal(Expected(workload, model, cpu * 1000, free), new Fragmentation(workload).Of(model, cpu * 1000, free)));

    /// <summary>Placing and giving back with kept scores finds what a pool built anew from the same state finds, and what trying every node finds.</summary>
    [Fact]
    public void Kept_scores_choose_as_a_pool_built_anew_and_as_trying_every_node() =>
        Gen.Select(Nodes, Workloads, Shapes.Array[1, 4], Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3]).Array[0, 60]).Sample((nodes, workload, shapes, steps) =>
        {
            var pool = new SharedPool(nodes, new Fragmentation(workload));
            var taken = new List<(SharedPlace Place, PodShape Shape)>();
            foreach (var (kind, pick) in steps)
            {
                if (kind == 0 && taken.Count > 0)
                {
                    var (gone, of) = taken[pick % taken.Count];
                    taken.RemoveAt(pick % taken.Count);
                    pool.Give(gone, of);
                    continue;
                }

                var shape = shapes[pick % shapes.Length];
                var now = nodes.Select((node, i) => node with
                {
                    CpuMillicores = node.CpuMillicores - taken.Where(task => task.Place.Node == i).Sum(task => task.Shape.CpuMillicores),
                    MemoryBytes = node.MemoryBytes - taken.Where(task => task.Place.Node == i).Sum(task => task.Shape.MemoryBytes),
                    FreeMilli = [.. pool.FreeMilli(i)],
                }).ToArray();
                var place = pool.Find(shape);
                Assert.Equal(new SharedPool(now, new Fragmentation(workload)).Find(shape), place);
                Assert.Equal(Expected(now, workload, shape), place?.Node);
                if (place is not { } found) continue;
                Assert.Equal(shape.Devices, found.Devices.Count);
                Assert.All(found.Devices.ToArray(), device => Assert.True(now[found.Node].FreeMilli[device] >= shape.Milli));
                pool.Take(found, shape);
                taken.Add((found, shape));
            }
        });

    [Fact]
    public void A_share_goes_to_a_device_in_use_and_spares_the_idle_one()
    {
        var half = new PodShape(0, 0, 1, 500, ModelSet.Any);
        var pool = new SharedPool([new SharedNode("b", 0, 8000, 8, [1000, 1000]), new SharedNode("a", 0, 8000, 8, [1000, 500])],
            new Fragmentation([KeyValuePair.Create(half, 1L), KeyValuePair.Create(new PodShape(0, 0, 1, 1000, ModelSet.Any), 1L)]));
        Assert.Equal(new SharedPlace(0, DeviceSet.Of(1)), pool.Find(half));
    }

    [Fact]
    public void Several_shared_devices_for_one_task_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PodShape(0, 0, 2, 500, ModelSet.Any));

    private static long Expected(KeyValuePair<PodShape, long>[] workload, int model, long cpu, int[] free) => workload.Sum(seen =>
    {
        var (shape, tasks) = (seen.Key, seen.Value);
        var fits = shape.Devices > 0 && cpu >= shape.CpuMillicores && shape.Models.Contains(model) && free.Count(milli => milli >= shape.Milli) >= shape.Devices;
        return tasks * free.Where(milli => !fits || milli < shape.Milli).Sum();
    });

    /// <summary>The node of the least score, by the formula and every choice of devices.</summary>
    private static int? Expected(SharedNode[] nodes, KeyValuePair<PodShape, long>[] workload, PodShape shape)
    {
        var tasks = Math.Max(1, workload.Sum(seen => seen.Value));
        return (
            from i in Enumerable.Range(0, nodes.Length)
            let node = nodes[i]
            where node.CpuMillicores >= shape.CpuMillicores && node.MemoryBytes >= shape.MemoryBytes && shape.Models.Contains(node.Model)
            from devices in Enumerable.Range(0, 1 << node.FreeMilli.Count)
            where BitOperations.PopCount((uint)devices) == shape.Devices
            let then = node.FreeMilli.Select((milli, device) => (devices >> device & 1) != 0 ? milli - shape.Milli : milli).ToArray()
            where then.All(milli => milli >= 0)
            let cpu = node.CpuMillicores - shape.CpuMillicores
            let growth = Expected(workload, node.Model, cpu, then) - Expected(workload, node.Model, node.CpuMillicores, [.. node.FreeMilli])
            orderby ((decimal)growth / tasks) + ((then.Sum() + (cpu / 8m)) / 400m), i
            select (int?)i).FirstOrDefault();
    }
}
