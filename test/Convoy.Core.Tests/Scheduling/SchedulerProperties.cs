using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

public sealed class SchedulerProperties
{
    private const int Iterations = 3_000;

    [Fact]
    public void No_plan_violates_a_guarantee() => Worlds.Random.Sample(
        world => PlanChecker.Violations(world.Snapshot, world.Policy, Plan(world), Worlds.Now).ShouldBeEmpty(), iter: Iterations);

    [Fact]
    public void No_plan_within_quotas_violates_a_guarantee() => Worlds.WithQueues.Sample(
        world => PlanChecker.Violations(world.Snapshot, world.Policy, Plan(world), Worlds.Now).ShouldBeEmpty(), iter: Iterations);

    [Fact]
    public void Where_evictions_are_paused_nobody_is_evicted_or_moved_and_no_guarantee_is_violated() => Gen.OneOf(Worlds.Random, Worlds.WithQueues).Sample(world =>
    {
        var policy = world.Policy with { EvictionsPaused = true };
        var plan = Plan((world.Snapshot, policy));
        plan.Evictions.ShouldBeEmpty();
        plan.Resizes.ShouldNotContain(resize => resize.IsMove);
        PlanChecker.Violations(world.Snapshot, policy, plan, Worlds.Now).ShouldBeEmpty();
    }, iter: Iterations);

    [Fact]
    public void The_order_in_which_things_are_listed_changes_nothing() => Gen.Select(Worlds.Random, Gen.Int).Sample((world, seed) =>
    {
        var random = new Random(seed);
        var shuffled = world.Snapshot with
        {
            Nodes = Shuffled(world.Snapshot.Nodes, random),
            Pending = Shuffled(world.Snapshot.Pending, random),
            Running = Shuffled(world.Snapshot.Running, random),
        };
        Bytes(Plan((shuffled, world.Policy))).ShouldBe(Bytes(Plan(world)));
    }, iter: Iterations);

    [Fact]
    public void A_gang_has_its_minimum_whole_or_nothing() => Worlds.Random.Sample(world =>
    {
        foreach (var gang in Plan(world).Gangs)
        {
            var job = world.Snapshot.Pending.Single(pending => pending.Standing.Id == gang.Job);
            foreach (var role in job.Roles) gang.Tasks.Count(task => task.Role == role.Role).ShouldBeInRange(role.Min, role.Max);
        }
    }, iter: Iterations);

    [Fact]
    public void Planning_again_and_again_comes_to_rest() => Worlds.Random.Sample(world =>
    {
        var rounds = 0;
        for (var plan = Plan(world); plan.Gangs.Count > 0; plan = Plan(world))
        {
            PlanChecker.Violations(world.Snapshot, world.Policy, plan, Worlds.Now).ShouldBeEmpty();
            world.Snapshot = Worlds.Applied(world.Snapshot, plan);

            // What started shifts what is kept for those who wait, seldom and never twice.
            rounds++.ShouldBeLessThan(3);
        }
    }, iter: Iterations);

    [Fact]
    public void The_first_in_line_starts_whenever_a_search_of_all_placements_finds_room() => Worlds.Random.Sample(world =>
    {
        var order = world.Snapshot.Pending
            .OrderByDescending(job => world.Policy.Levels.FirstOrDefault(level => level.Name == job.Standing.Level)?.Rank ?? int.MinValue)
            .ThenByDescending(job => job.Standing.Priority).ThenBy(job => job.Standing.SubmitSequence).ToArray();
        if (order.FirstOrDefault() is not { NotBefore: null, Roles: [var role] } first || role.Min > 3) return;

        // Among people of one level and priority who has used least goes first, whoever came first.
        if (order.Any(job => job.Standing.Owner != first.Standing.Owner && job.Standing.Level == first.Standing.Level && job.Standing.Priority == first.Standing.Priority)) return;
        var level = world.Policy.Levels.FirstOrDefault(l => l.Name == first.Standing.Level);
        if (level is { MaxGpus: not null } or { MaxGpusPerJob: not null } or { MaxRunning: not null }) return;
        var alone = world.Snapshot with { Pending = [first] };
        var plan = Plan((world.Snapshot, world.Policy));
        var startsNow = plan.Gangs.Any(gang => gang.Job == first.Standing.Id) && !plan.MustWait(first.Standing.Id);
        startsNow.ShouldBe(BruteForce.Fits(alone, first));
    }, iter: Iterations);

    [Fact]
    public void A_stream_of_small_jobs_never_delays_a_big_gang_that_came_first()
    {
        // 4 nodes of 8, a round is an hour. Small jobs of people who hold nothing yet may go first once, and run for 20; those that come later fill gaps. The gang of 4 x 8 must start.
        Gen.Select(Gen.Int[1, 8].Array[6], Gen.Int[1, 4].Array[40]).Sample((running, small) =>
        {
            var nodes = Enumerable.Range(0, 4).Select(i => Worlds.Node($"n{i}", 8)).ToArray();
            var sequence = 0;
            PendingJob Small(int gpus, string owner) => Worlds.Pending(++sequence, 1, gpus, owner) with { MaxDuration = TimeSpan.FromHours(20) };
            var earlier = running.Select(gpus => Worlds.Pending(++sequence, 1, gpus) with { MaxDuration = TimeSpan.FromHours(6) }).ToArray();
            var snapshot = Worlds.Snapshot(nodes, earlier);
            snapshot = Worlds.Applied(snapshot, Plan((snapshot, Worlds.Policy))) with { Pending = [] };
            var left = snapshot.Running.ToDictionary(job => job.Standing.Id, job => 3 + (int)(job.Standing.SubmitSequence % 3));
            var big = Worlds.Pending(++sequence, 4, 8);
            snapshot = snapshot with { Pending = [big] };
            for (var round = 0; round < 30; round++)
            {
                snapshot = snapshot with { Pending = [.. snapshot.Pending, Small(small[(round * 2) % 40], "bob"), Small(small[((round * 2) + 1) % 40], "eve")] };
                var now = Worlds.Now + TimeSpan.FromHours(round);
                var plan = Scheduler.Plan(snapshot, Worlds.Policy, now);
                if (plan.Gangs.Any(gang => gang.Job == big.Standing.Id)) return;
                snapshot = Worlds.Applied(snapshot, plan, now);
                foreach (var job in snapshot.Running) left.TryAdd(job.Standing.Id, 20);
                foreach (var id in left.Keys.ToArray()) left[id]--;
                snapshot = snapshot with { Running = [.. snapshot.Running.Where(job => left[job.Standing.Id] > 0)] };
            }

            // Those ahead have ended after 5 rounds, and small ones that went before by 27.
            throw new ShouldAssertException("the gang starved behind small jobs");
        }, iter: 200);
    }

    private static Plan Plan((ClusterSnapshot Snapshot, SchedulingPolicy Policy) world) => Scheduler.Plan(world.Snapshot, world.Policy, Worlds.Now);

    internal static T[] Shuffled<T>(IReadOnlyList<T> list, Random random)
    {
        var copy = list.ToArray();
        random.Shuffle(copy);
        return copy;
    }

    internal static string Bytes(Plan plan) => JsonSerializer.Serialize(plan);
}

/// <summary>Tries every placement: slow, and surely right.</summary>
internal static class BruteForce
{
    public static bool Fits(ClusterSnapshot snapshot, PendingJob job)
    {
        var role = job.Roles.Single();
        var nodes = snapshot.Nodes.Where(node => node.Health == NodeHealth.Ready && (job.Clusters.Contains("any") || job.Clusters.Contains(node.Cluster)) && role.Requirement.Allows(node, role.UsesDevices)).ToArray();
        var groups = role.Each.Devices == 0
            ? nodes.GroupBy(node => (node.Cluster, Type: (string?)""))
            : nodes.Where(node => node.Accelerator is not null && (role.Accelerators.Count == 0 || role.Accelerators.Contains(node.Accelerator))).GroupBy(node => (node.Cluster, Type: node.Accelerator));
        return groups.Any(group => Place([.. group.Select(node => Free(snapshot, node))], role, role.Min));
    }

    private static bool Place(Resources.ResourceVector[] free, RoleDemand role, int left)
    {
        if (left == 0) return true;
        for (var i = 0; i < free.Length; i++)
        {
            if (!role.Each.FitsIn(free[i])) continue;
            free[i] -= role.Each;
            var placed = Place(free, role, left - 1);
            free[i] += role.Each;
            if (placed) return true;
        }

        return false;
    }

    private static Resources.ResourceVector Free(ClusterSnapshot snapshot, Node node)
    {
        var places = snapshot.Running.Where(job => job.Cluster == node.Cluster).SelectMany(job => job.Places).Where(place => place.Node == node.Name).ToArray();
        return places.Aggregate(node.Capacity - node.Foreign, (left, place) => left - place.Taken);
    }
}
