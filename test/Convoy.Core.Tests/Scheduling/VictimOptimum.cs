using Convoy.Core.Jobs;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>Every set of victims is tried on every placement, and the least harmful that lets the job in is held against the plan's.</summary>
public sealed class VictimOptimum
{
    private static readonly string[] Levels = ["intern", "engineer", "senior"];

    private static readonly Gen<ClusterSnapshot> World =
        from nodes in Gen.Int[1, 3]
        from jobs in Gen.Select(Gen.Int[0, 2], Gen.OneOf(1, 2, 4), Gen.OneOf(Levels), Gen.Bool, Gen.Int[0, 3]).Array[0, 9]
        from tasks in Gen.Int[1, 2]
        from gpus in Gen.OneOf(1, 2, 4, 8)
        from level in Gen.OneOf("engineer", "senior")
        from marks in Marks.Any
        select Marks.Late(marks is null ? null : marks with { AreLate = true }, Of(nodes, jobs, Marks.On(marks, [Worlds.Pending(99, tasks, gpus, "bob", level)])[0]));

    [Fact]
    public void The_victims_are_the_least_harmful_set_of_all() => World.Sample(world =>
    {
        var job = world.Pending[0];
        var plan = Scheduler.Plan(world, Worlds.Policy, Worlds.Now);
        plan.Evictions.ShouldAllBe(eviction => eviction.IsProvenBest);
        var legal = world.Running.Where(running => running.Preemptible && Rank(running.Standing) < Rank(job.Standing)).ToArray();
        var best = Enumerable.Range(0, 1 << legal.Length)
            .Select(mask => legal.Where((_, i) => (mask & (1 << i)) != 0).ToArray())
            .Where(victims => BruteForce.Fits(world with { Running = [.. world.Running.Except(victims)] }, job))
            .OrderBy(Harm, StringComparer.Ordinal).FirstOrDefault();
        plan.Gangs.Count.ShouldBe(best is null ? 0 : 1);
        plan.Evictions.Select(eviction => eviction.Victim.Value).Order().ShouldBe((best ?? []).Select(victim => victim.Standing.Id.Value).Order());
    }, iter: 3_000);

    /// <summary>Two devices on each node, of which some are shared.</summary>
    private static readonly Gen<ClusterSnapshot> Sharing =
        from nodes in Gen.Int[1, 2]
        from jobs in Gen.Select(Gen.Int[0, 3], Gen.OneOf(300, 500, 800, 1000), Gen.OneOf("intern", "intern", "engineer"), Gen.Int[0, 3]).Array[0, 8]
        from wanted in Gen.OneOf(new ResourceVector(0, 0, 1), new ResourceVector(0, 0, 2), Share(300), Share(500), Share(800))
        from level in Gen.OneOf("engineer", "senior")
        let pending = Worlds.Pending(99, 1, 0, "bob", level)
        select Shared(nodes, jobs, pending with { Roles = [pending.Roles[0] with { Each = wanted }] });

    [Fact]
    public void Guarantee_7_Where_devices_are_shared_the_victims_are_the_least_harmful_set_of_all() => Sharing.Sample(world =>
    {
        var job = world.Pending[0];
        var legal = world.Running.Where(running => Rank(running.Standing) < Rank(job.Standing)).ToArray();
        var best = Enumerable.Range(0, 1 << legal.Length)
            .Select(mask => legal.Where((_, i) => (mask & (1 << i)) != 0).ToArray())
            .Where(victims => FitsShared(world, [.. world.Running.Except(victims)], job.Roles[0].Each))
            .OrderBy(Harm, StringComparer.Ordinal).FirstOrDefault();
        var plan = Scheduler.Plan(world, Worlds.Policy, Worlds.Now);
        plan.Gangs.Count.ShouldBe(best is null ? 0 : 1);
        plan.Evictions.Select(eviction => eviction.Victim.Value).Order().ShouldBe((best ?? []).Select(victim => victim.Standing.Id.Value).Order());
    }, iter: 3_000);

    private static ResourceVector Share(int milli) => new(0, 0, 0) { Milli = milli };

    /// <summary>A share needs one device with so much left, whole devices as many that nobody has a part of.</summary>
    private static bool FitsShared(ClusterSnapshot world, RunningJob[] running, ResourceVector wanted) => world.Nodes.Any(node =>
    {
        var left = node.Devices.Select(device => 1000 - running.SelectMany(job => job.Places).Where(place => place.Node == node.Name && place.Devices.Contains(device)).Sum(place => place.Taken.MilliDevices)).ToArray();
        return wanted.Milli > 0 ? left.Any(milli => milli >= wanted.Milli) : left.Count(milli => milli == 1000) >= wanted.Devices;
    });

    private static ClusterSnapshot Shared(int nodes, (int Device, int Milli, string Level, int Hours)[] jobs, PendingJob pending)
    {
        var used = new int[nodes * 2];
        var running = new List<RunningJob>();
        foreach (var (wanted, milli, level, hours) in jobs)
        {
            var device = wanted % used.Length;
            if (used[device] + milli > 1000) continue;
            used[device] += milli;
            var started = Worlds.Now - TimeSpan.FromHours(5 + hours) - TimeSpan.FromMinutes(running.Count);
            running.Add(new RunningJob(Worlds.Standing(running.Count, level: level), "local", [new HeldPlace($"n{device / 2}", milli == 1000 ? new ResourceVector(0, 0, 1) : Share(milli), [device % 2])]) { StartedAt = started });
        }

        return Worlds.Snapshot([.. Enumerable.Range(0, nodes).Select(i => Worlds.Node($"n{i}", 2))], [pending], [.. running]);
    }

    /// <summary>Two teams, of which one or both may have borrowed; levels and who may not be evicted decide who is inside.</summary>
    private static readonly Gen<(ClusterSnapshot World, int Red, int Blue)> Teams =
        from world in World
        from queues in Gen.OneOf("red", "blue").Array[10]
        from red in Gen.Int[0, 12]
        from blue in Gen.Int[0, 12]
        let capacity = 8 * world.Nodes.Count
        let running = world.Running.Select((job, i) => job with { Standing = job.Standing with { Queue = queues[i] }, Accelerator = "A100-80G" }).ToArray()
        let pending = world.Pending[0] with { Standing = world.Pending[0].Standing with { Queue = queues[9] } }
        select (world with { Running = running, Pending = [pending] }, Math.Min(red, capacity), Math.Min(blue, capacity - Math.Min(red, capacity)));

    [Fact]
    public void Guarantee_7_Within_quotas_the_victims_are_the_least_harmful_set_of_all_that_are_legal() => Teams.Sample((world, red, blue) =>
    {
        var job = world.Pending[0];
        var policy = Worlds.Policy with { Queues = [Team("red", red), Team("blue", blue)] };
        var nominal = new Dictionary<string, int> { ["red"] = red, ["blue"] = blue };
        var inside = nominal.Keys.SelectMany(queue => Inside(nominal[queue], world.Running.Where(running => running.Standing.Queue == queue))).ToHashSet();

        // Of its own queue, those that it could not push out come before it.
        var before = Inside(nominal[job.Standing.Queue], world.Running.Where(running => running.Standing.Queue == job.Standing.Queue && (!running.Preemptible || Rank(running.Standing) >= Rank(job.Standing))));
        var isInside = job.MinDevices <= nominal[job.Standing.Queue] - before.Sum(running => running.Devices);
        bool IsLegal(RunningJob victim) => victim.Preemptible && (isInside && victim.Standing.Queue != job.Standing.Queue && !inside.Contains(victim)
            || ((isInside ? victim.Standing.Queue == job.Standing.Queue : !inside.Contains(victim)) && Rank(victim.Standing) < Rank(job.Standing)));
        var legal = world.Running.Where(IsLegal).ToArray();
        var best = Enumerable.Range(0, 1 << legal.Length)
            .Select(mask => legal.Where((_, i) => (mask & (1 << i)) != 0).ToArray())
            .Where(victims => BruteForce.Fits(world with { Running = [.. world.Running.Except(victims)] }, job))
            .OrderBy(Harm, StringComparer.Ordinal).FirstOrDefault();
        var plan = Scheduler.Plan(world, policy, Worlds.Now);
        plan.Gangs.Count.ShouldBe(best is null ? 0 : 1);
        plan.Evictions.Select(eviction => eviction.Victim.Value).Order().ShouldBe((best ?? []).Select(victim => victim.Standing.Id.Value).Order());
    }, iter: 3_000);

    private static QueueSpec Team(string name, int nominal) => new(name) { Quotas = new Dictionary<string, Quota> { ["A100-80G"] = new(nominal) } };

    /// <summary>Those who may not be evicted, then by level, priority and submission, each that fits wholly in what is left.</summary>
    private static List<RunningJob> Inside(int nominal, IEnumerable<RunningJob> running)
    {
        var inside = new List<RunningJob>();
        foreach (var job in running.OrderBy(job => job.Preemptible).ThenByDescending(job => Rank(job.Standing)).ThenByDescending(job => job.Standing.Priority).ThenBy(job => job.Standing.SubmitSequence))
        {
            if (job.Preemptible && job.Devices > nominal - inside.Sum(each => each.Devices)) continue;
            inside.Add(job);
        }

        return inside;
    }

    /// <summary>The order of the contract as text: victims by level from the highest, jobs, time lost, devices, and how old the newest are.</summary>
    private static string Harm(RunningJob[] victims) => string.Join('/',
        string.Join(',', Levels.Reverse().Select(level => $"{victims.Count(victim => victim.Standing.Level == level):D2}")),
        $"{victims.Length:D2}",
        $"{victims.Sum(victim => (long)(Worlds.Now - (victim.CheckpointedAt ?? victim.StartedAt)).TotalMinutes * Milli(victim)):D12}",
        $"{victims.Sum(Milli):D7}",
        string.Join(',', victims.Select(victim => $"{(int)(Worlds.Now - victim.StartedAt).TotalMinutes:D6}").Order(StringComparer.Ordinal)));

    private static long Milli(RunningJob job) => job.Places.Sum(place => place.Taken.MilliDevices);

    private static int Rank(Standing standing) => Array.IndexOf(Levels, standing.Level);

    private static ClusterSnapshot Of(int nodes, (int Node, int Gpus, string Level, bool Preemptible, int Hours)[] jobs, PendingJob pending)
    {
        var used = new int[nodes];
        var running = new List<RunningJob>();
        foreach (var (wanted, gpus, level, preemptible, hours) in jobs)
        {
            var node = wanted % nodes;
            if (used[node] + gpus > 8) continue;
            var devices = Enumerable.Range(used[node], gpus).ToArray();
            used[node] += gpus;

            // No two start in the same minute: what is left of the order, the ids, is not the oracle's to know.
            var started = Worlds.Now - TimeSpan.FromHours(5 + hours) - TimeSpan.FromMinutes(running.Count);
            running.Add(new RunningJob(Worlds.Standing(running.Count, level: level), "local", [new HeldPlace($"n{node}", new ResourceVector(1000, 0, gpus), devices)])
            {
                StartedAt = started, Preemptible = preemptible, CheckpointedAt = hours == 0 ? null : started + TimeSpan.FromHours(hours),
            });
        }

        return Worlds.Snapshot([.. Enumerable.Range(0, nodes).Select(i => Worlds.Node($"n{i}", 8))], [pending], [.. running]);
    }
}
