using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;

namespace Convoy.Core.Scheduling;

/// <summary>What has a waiting job start: one change of the job, by its owner, or of the platform, by an administrator.</summary>
public abstract record Remedy
{
    private Remedy()
    {
    }

    /// <summary>Running jobs that the job, so changed, evicts by right: it starts when they have stopped.</summary>
    public int Evicts { get; init; }

    /// <summary>The world with the change in it; the job keeps its id and its place in the line.</summary>
    /// <param name="id">The waiting job.</param>
    public abstract PlanningCase In(PlanningCase world, JobId id);

    /// <summary>Nothing: it starts by itself.</summary>
    /// <param name="Until">Null where only those who make way for it know when.</param>
    public sealed record Wait(DateTimeOffset? Until) : Remedy
    {
        public override PlanningCase In(PlanningCase world, JobId id) => world;
    }

    /// <summary>No single change helps; these do together.</summary>
    public sealed record Several(IReadOnlyList<Remedy> Changes) : Remedy
    {
        public override PlanningCase In(PlanningCase world, JobId id) => Changes.Aggregate(world, (before, change) => change.In(before, id));
    }

    /// <summary>Its owner asks for something else, if need be with another submission at the end of the line.</summary>
    public abstract record JobChange : Remedy
    {
        public abstract PendingJob Of(PendingJob job);

        public sealed override PlanningCase In(PlanningCase world, JobId id) =>
            world with { Snapshot = world.Snapshot with { Pending = [.. world.Snapshot.Pending.Select(job => job.Standing.Id == id ? Of(job) : job)] } };
    }

    /// <summary>One role's tasks take something else.</summary>
    public abstract record RoleChange(string Role) : JobChange
    {
        public sealed override PendingJob Of(PendingJob job) => job with { Roles = [.. job.Roles.Select(role => role.Role == Role ? Of(role) : role)] };

        protected abstract RoleDemand Of(RoleDemand role);
    }

    /// <summary>Another type, for every role with devices.</summary>
    public sealed record Accelerator(string Type) : JobChange
    {
        public override PendingJob Of(PendingJob job) => job with { Roles = [.. job.Roles.Select(role => role.UsesDevices ? role with { Accelerators = [Type] } : role)] };
    }

    /// <summary>Whatever type there is.</summary>
    public sealed record AnyAccelerator : JobChange
    {
        public override PendingJob Of(PendingJob job) => job with { Roles = [.. job.Roles.Select(role => role with { Accelerators = [] })] };
    }

    /// <param name="Name">Or <c>any</c>.</param>
    public sealed record Cluster(string Name) : JobChange
    {
        public override PendingJob Of(PendingJob job) => job with { Clusters = [Name] };
    }

    /// <summary>This topology preferred, no longer required.</summary>
    public sealed record PreferredTopology(TopologyLevel Level) : JobChange
    {
        public override PendingJob Of(PendingJob job) => job with { Topology = new TopologyWish(Level, IsRequired: false) };
    }

    /// <summary>Fewer tasks, or a lower minimum of an elastic role.</summary>
    public sealed record Tasks(string Role, int Min, int Max) : RoleChange(Role)
    {
        protected override RoleDemand Of(RoleDemand role) => role with { Min = Min, Max = Max };
    }

    public sealed record DevicesPerTask(string Role, int Devices) : RoleChange(Role)
    {
        protected override RoleDemand Of(RoleDemand role) => role with { Each = role.Each with { Devices = Devices } };
    }

    public sealed record CpuPerTask(string Role, long Millicores) : RoleChange(Role)
    {
        protected override RoleDemand Of(RoleDemand role) => role with { Each = role.Each with { CpuMillicores = Millicores } };
    }

    public sealed record MemoryPerTask(string Role, long Bytes) : RoleChange(Role)
    {
        protected override RoleDemand Of(RoleDemand role) => role with { Each = role.Each with { MemoryBytes = Bytes } };
    }

    /// <summary>A declared end, so early that it delays nobody to whom machines are promised.</summary>
    public sealed record MaxDuration(TimeSpan Duration) : JobChange
    {
        public override PendingJob Of(PendingJob job) => job with { MaxDuration = Duration };
    }

    public sealed record Priority(JobPriority To) : JobChange
    {
        public override PendingJob Of(PendingJob job) => job with { Standing = job.Standing with { Priority = To } };
    }

    /// <summary>May be evicted, and so may borrow.</summary>
    public sealed record Preemptible : JobChange
    {
        public override PendingJob Of(PendingJob job) => job with { Preemptible = true };
    }

    public sealed record Queue(string Name) : JobChange
    {
        public override PendingJob Of(PendingJob job) => job with { Standing = job.Standing with { Queue = Name } };
    }

    /// <summary>Higher caps of the owner's level.</summary>
    /// <param name="Raised">The level as it has to be.</param>
    public sealed record LevelCap(Level Before, Level Raised) : Remedy
    {
        public override PlanningCase In(PlanningCase world, JobId id) =>
            world with { Policy = world.Policy with { Levels = [.. world.Policy.Levels.Select(level => level.Name == Raised.Name ? Raised : level)] } };
    }

    /// <summary>More of one accelerator type for a queue.</summary>
    /// <param name="Raised">The queue's quota as it has to be.</param>
    public sealed record QueueQuota(string Name, string Type, Quota Before, Quota Raised) : Remedy
    {
        public override PlanningCase In(PlanningCase world, JobId id) =>
            world with { Policy = world.Policy with { Queues = [.. world.Policy.Queues.Select(queue => queue.Name == Name ? queue with { Quotas = new Dictionary<string, Quota>(queue.Quotas) { [Type] = Raised } } : queue)] } };
    }

    /// <param name="Like">A node of the kind that is wanted.</param>
    public sealed record MoreNodes(Node Like, int Count) : Remedy
    {
        private const string HostName = "kubernetes.io/hostname";

        public override PlanningCase In(PlanningCase world, JobId id) => world with
        {
            Snapshot = world.Snapshot with
            {
                Nodes = [.. world.Snapshot.Nodes, .. Enumerable.Range(1, Count).Select(number => Another($"{Like.Name}+{number}"))],
            },
        };

        /// <summary>By its name no other node is chosen.</summary>
        private Node Another(string name) => Like with
        {
            Name = name,
            Health = NodeHealth.Ready,
            Foreign = default,
            Labels = Like.Labels.ContainsKey(HostName) ? new Dictionary<string, string>(Like.Labels) { [HostName] = name } : Like.Labels,
        };
    }
}
