using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling.Placement;

/// <summary>Whatever is done to a space, it is what one built anew from the outcome would be.</summary>
public sealed class FreeSpaceProperties
{
    private static readonly Gen<(int Kind, int Pick)[]> Steps = Gen.Select(Gen.Int[0, 6], Gen.Int[0, 1000]).Array[0, 40];

    [Fact]
    public void A_rollback_leaves_all_as_it_was() => Gen.Select(Grounds.Nodes, Grounds.Any.Array[1, 4], Steps, Steps).Sample((nodes, jobs, before, after) =>
    {
        var world = new World(nodes, jobs);
        foreach (var (kind, pick) in before) world.Do(kind, pick);
        var known = Grounds.Text(world.Free);
        var probes = world.Probed();
        var outer = world.Free.Checkpoint();
        foreach (var (kind, pick) in after[..(after.Length / 2)]) world.Do(kind, pick);
        var middle = Grounds.Text(world.Free);
        var inner = world.Free.Checkpoint();
        foreach (var (kind, pick) in after[(after.Length / 2)..]) world.Do(kind, pick);
        world.Free.Rollback(inner);
        Grounds.Text(world.Free).ShouldBe(middle);
        world.Free.Rollback(outer);
        Grounds.Text(world.Free).ShouldBe(known);
        world.Probed().ShouldBe(probes);
    }, iter: 1_000);

    [Fact]
    public void What_was_kept_inside_a_trial_goes_with_the_trial()
    {
        var world = new World([Worlds.Node("n", 4)], [Worlds.Pending(1, 1, 1)]);
        var outer = world.Free.Checkpoint();
        var inner = world.Free.Checkpoint();
        world.Do(0, 0);
        world.Free.Keep(inner);
        world.Free.FreeOn("local", "n").Devices.ShouldBe(3);
        world.Free.Rollback(outer);
        world.Free.FreeOn("local", "n").Devices.ShouldBe(4);
    }

    [Fact]
    public void A_space_that_is_kept_while_jobs_come_and_go_is_the_same_as_one_built_anew() =>
        Gen.Select(Grounds.Nodes, Grounds.Any.Array[1, 4], Gen.Select(Gen.Int[0, 3], Gen.Int[0, 1000]).Array[0, 30]).Sample((nodes, jobs, steps) =>
        {
            var kept = FreeSpace.Of(Grounds.Snapshot(nodes, jobs), []);
            var running = new List<RunningJob>();
            var sequence = 0;
            foreach (var (kind, pick) in steps)
            {
                if (kind <= 1)
                {
                    // Planned on the kept space, and rolled back: what starts comes as a running job.
                    var trial = kept.Checkpoint();
                    var places = Grounds.Take(kept, jobs[pick % jobs.Length]);
                    kept.Rollback(trial);
                    if (places is null) continue;
                    running.Add(Grounds.Running(sequence++, places));
                    kept.Hold(running[^1]);
                }
                else if (running.Count > 0)
                {
                    // One ends, or is told to stop, or to give up some of its places.
                    var job = running[pick % running.Count];
                    running.Remove(job);
                    kept.Release(job);
                    if (kind == 3) continue;
                    running.Add(pick % 2 == 0 ? job with { IsStopping = true } : job with { IsResizing = true, Places = [.. job.Places.Select((place, i) => place with { IsLeaving = i > 0 })] });
                    kept.Hold(running[^1]);
                }
            }

            var snapshot = Grounds.Snapshot(nodes, jobs) with { Running = running };
            kept.Expect(jobs, running);
            var anew = FreeSpace.Of(snapshot, running);
            Grounds.Text(kept).ShouldBe(Grounds.Text(anew));
            World.Probed(kept, jobs).ShouldBe(World.Probed(anew, jobs));
        }, iter: 1_000);

    [Fact]
    public void A_node_that_changes_in_place_is_as_if_it_had_always_been_so() => Gen.Select(Grounds.Nodes, Grounds.Any.Array[1, 3], Steps, Gen.Int[0, 4], Gen.Int[0, 9]).Sample((nodes, jobs, steps, change, at) =>
    {
        var world = new World(nodes, jobs);
        foreach (var (kind, pick) in steps.Where(step => step.Kind <= 1)) world.Do(kind, pick);
        var node = nodes[at % nodes.Length];
        node = change switch
        {
            0 => node with { Health = node.Health == NodeHealth.Ready ? NodeHealth.Draining : NodeHealth.Ready },
            1 => node with { Foreign = new(500, 7, 0) { Rdma = 1 }, Rdma = 3 },
            2 => node with { Devices = [.. node.Devices.Skip(1)] },
            3 => node with { Taints = node.Taints.Count > 0 ? [] : [new Taint("team", "red")] },
            _ => node with { Labels = new Dictionary<string, string> { ["zone"] = "a", ["generation"] = "3" } },
        };
        world.Probed();
        var running = world.Taken.Select((places, i) => Grounds.Running(i, places)).ToArray();
        if (!world.Free.TryRenew(node)) return;
        world.Free.Expect(jobs, running);
        Node[] others = [.. nodes.Where(other => other.Name != node.Name), node];
        var anew = FreeSpace.Of(Grounds.Snapshot(others, jobs) with { Running = running }, running);
        World.Probed(world.Free, jobs).ShouldBe(World.Probed(anew, jobs));
    }, iter: 1_000);

    [Fact]
    public void The_order_in_which_nodes_and_jobs_are_listed_changes_nothing() => Gen.Select(Grounds.Nodes, Grounds.Any.Array[1, 4], Gen.Int).Sample((nodes, jobs, seed) =>
    {
        var shuffled = nodes.ToArray();
        new Random(seed).Shuffle(shuffled);
        World.Probed(FreeSpace.Of(Grounds.Snapshot(nodes, jobs), []), jobs).ShouldBe(World.Probed(FreeSpace.Of(Grounds.Snapshot(shuffled, jobs), []), jobs));
    }, iter: 1_000);

    /// <summary>A space, and who is on it.</summary>
    private sealed class World(Node[] nodes, PendingJob[] jobs)
    {
        public FreeSpace Free { get; } = FreeSpace.Of(Grounds.Snapshot(nodes, jobs), []);

        public List<List<Place>> Taken { get; } = [];

        /// <summary>Where each job would go, one after the other.</summary>
        public static string Probed(FreeSpace free, PendingJob[] jobs)
        {
            var trial = free.Checkpoint();
            var found = jobs.Concat(jobs).Select(job => Grounds.Take(free, job) is { } places ? string.Join(' ', places.Select(place => $"{place.Cluster}/{place.Node}:{string.Join('+', place.Devices)}")) : "none").ToArray();
            free.Rollback(trial);
            return string.Join('\n', found);
        }

        public string Probed() => Probed(Free, jobs);

        public void Do(int kind, int pick)
        {
            if (kind <= 2)
            {
                if (Grounds.Take(Free, jobs[pick % jobs.Length]) is { } places) Taken.Add(places);
            }
            else if (kind == 3)
            {
                if (Grounds.Take(Free, jobs[pick % jobs.Length], Moment.Soon) is not { } places) return;
                Free.Claim(places);
                Taken.Add(places);
            }
            else if (Taken.Count > 0)
            {
                var places = Taken[pick % Taken.Count];
                Taken.Remove(places);
                if (kind == 4) Free.Give(places);
                else Free.Vacate(Grounds.Running(1, places));
            }
        }
    }
}
