using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Server.Tests;

public sealed class RemedyViewsTests
{
    private static readonly JobSpec Spec = new()
    {
        Name = "lanes",
        Preemptible = false,
        Placement = new PlacementSpec { Topology = new TopologySpec { Required = TopologyLevel.Rack } },
        Roles = new Dictionary<string, RoleSpec>
        {
            ["worker"] = new() { Command = ["true"], Replicas = new Replicas(4, 4), Resources = new ResourceSpec { Gpu = 8, Accelerators = ["H100-80G"], Cpu = CpuQuantity.FromCores(8), Memory = new ByteSize(64L << 30) } },
        },
    };

    public static TheoryData<Remedy, string?, string> Owners => new()
    {
        { new Remedy.Accelerator("A100-80G"), "--gpus A100-80G:8", "roles.worker.resources.accelerators: [A100-80G]" },
        { new Remedy.AnyAccelerator(), null, "roles.worker.resources.accelerators: []" },
        { new Remedy.Cluster("west"), null, "placement.clusters: [west]" },
        { new Remedy.PreferredTopology(TopologyLevel.Rack), null, "placement.topology: {preferred: rack}" },
        { new Remedy.Tasks("worker", 2, 2), "--nodes 2", "roles.worker.replicas: 2" },
        { new Remedy.Tasks("worker", 2, 8), "--nodes 2..8", "roles.worker.replicas: 2..8" },
        { new Remedy.DevicesPerTask("worker", 4), "--gpus H100-80G:4", "roles.worker.resources.gpu: 4" },
        { new Remedy.CpuPerTask("worker", 500), "--cpu 500m", "roles.worker.resources.cpu: 500m" },
        { new Remedy.MemoryPerTask("worker", 32L << 30), "--memory 32Gi", "roles.worker.resources.memory: 32Gi" },
        { new Remedy.MaxDuration(TimeSpan.FromHours(4)), "--max-duration 4h", "limits.maxDuration: 4h" },
        { new Remedy.Priority(JobPriority.High), "--priority high", "priority: high" },
        { new Remedy.Preemptible(), null, "preemptible: true" },
        { new Remedy.Queue("vision"), "--queue vision", "queue: vision" },
        { new Remedy.Several([new Remedy.DevicesPerTask("worker", 4), new Remedy.Accelerator("A100-80G"), new Remedy.Tasks("worker", 1, 1)]), "--nodes 1 --gpus A100-80G:4", "roles.worker.replicas: 1, roles.worker.resources.gpu: 4, roles.worker.resources.accelerators: [A100-80G]" },
    };

    [Theory]
    [MemberData(nameof(Owners))]
    public void What_the_owner_can_change_is_said_in_flags_and_in_keys_and_makes_the_job_that_was_tried(Remedy remedy, string? flags, string changes)
    {
        var view = RemedyViews.Of(remedy, Spec)!;
        (view.By, view.Flags, string.Join(", ", view.Changes.Select(change => $"{change.Key}: {change.Value}"))).ShouldBe(("owner", flags, changes));
        view.Message.ToString().ShouldStartWith("it would start now ");

        var world = new PlanningCase(new ClusterSnapshot(0, [], [Pending(Spec)], []), new SchedulingPolicy(Level.Defaults), DateTimeOffset.UnixEpoch);
        Text(Pending(RemedyViews.With(Spec, remedy))).ShouldBe(Text(remedy.In(world, Pending(Spec).Standing.Id).Snapshot.Pending[0]));
    }

    [Fact]
    public void What_only_an_administrator_can_change_is_said_in_the_organisations_keys()
    {
        var level = new Level("intern", 10, MaxGpus: 4, MaxRunning: 8);
        var cap = RemedyViews.Of(new Remedy.LevelCap(level, level with { MaxGpus = 8 }), Spec)!;
        (cap.By, cap.Flags, cap.Changes.ShouldHaveSingleItem()).ShouldBe(("administrator", null, new("levels.intern.maxGpus", "8")));
        var quota = RemedyViews.Of(new Remedy.QueueQuota("vision", "H100-80G", new Quota(8, 0), new Quota(8, 4)), Spec)!;
        quota.Changes.ShouldHaveSingleItem().ShouldBe(new("queues.vision.quota.H100-80G.borrowLimit", "4"));
        var nodes = RemedyViews.Of(new Remedy.MoreNodes(new Node("west", "n7", NodeHealth.Ready, 1000, 1, "H100-80G", [0], true), 2), Spec)!;
        (nodes.By, nodes.Message.ToString(), nodes.Changes.ShouldHaveSingleItem()).ShouldBe(("administrator", "it would start now with 2 more nodes like n7 of cluster west", new("clusters.west.nodes", "2 more like n7")));
    }

    [Fact]
    public void Whom_the_change_stops_is_said_with_it() =>
        RemedyViews.Of(new Remedy.Priority(JobPriority.High) { Evicts = 2 }, Spec)!.Message.ToString().ShouldBe("it would start at high priority once 2 running jobs that it may evict have stopped");

    [Fact]
    public void Where_roles_differ_flags_cannot_say_it()
    {
        var two = Spec with { Roles = new Dictionary<string, RoleSpec>(Spec.Roles) { ["master"] = new() { Command = ["true"] } } };
        var view = RemedyViews.Of(new Remedy.Tasks("worker", 2, 2), two)!;
        (view.Flags, view.Changes.ShouldHaveSingleItem().Key).ShouldBe((null, "roles.worker.replicas"));
    }

    private static PendingJob Pending(JobSpec spec) => PendingJob.Of(new Job { Id = JobId.Parse("j1234567"), Owner = "ann", Level = "engineer", Queue = spec.Queue ?? "ann", Spec = spec, SubmitSequence = 1, SubmittedAt = DateTimeOffset.UnixEpoch });

    private static string Text(PendingJob job) => System.Text.Json.JsonSerializer.Serialize(job, SnapshotJson.Default.PendingJob);
}
