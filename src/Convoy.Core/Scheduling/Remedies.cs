using Convoy.Core.Jobs;
using Convoy.Core.People;

namespace Convoy.Core.Scheduling;

/// <summary>What can be changed so that a waiting job starts, the least painful first.</summary>
/// <param name="queues">Queues that the job's owner may use.</param>
internal sealed class Remedies(PlanningCase world, PendingJob job, IReadOnlyList<string> queues)
{
    private const int MostNodes = 1024;
    private const long Core = 1000;
    private const long Gibibyte = 1L << 30;

    private static readonly TimeSpan[] CommonDurations =
        [TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(4), TimeSpan.FromHours(8), TimeSpan.FromHours(12)];

    public IEnumerable<Knob> ByOwner()
    {
        foreach (var type in Names(world.Snapshot.Nodes.Where(node => FreeSpace.Allows(job, node) && MayBeOn(node) && !Accepts(node)).Select(node => node.Accelerator).OfType<string>())) yield return new(new Remedy.Accelerator(type), IsAlternative: true);
        foreach (var cluster in Names(world.Snapshot.Nodes.Where(node => !FreeSpace.Allows(job, node) && MayBeOn(node)).Select(node => node.Cluster))) yield return new(new Remedy.Cluster(cluster), IsAlternative: true);
        if (job.Topology is { IsRequired: true } topology) yield return new(new Remedy.PreferredTopology(topology.Level));

        var roles = job.Roles.OrderByDescending(role => role.Min * role.Each.MilliDevices).ThenByDescending(role => role.Min).ToArray();
        foreach (var role in roles) yield return Knob.Upwards(1, role.Min, 1, count => new Remedy.Tasks(role.Role, (int)count, role.Max > role.Min ? role.Max : (int)count));
        foreach (var role in roles) yield return Knob.Upwards(1, role.Each.Devices, 1, devices => new Remedy.DevicesPerTask(role.Role, (int)devices));
        foreach (var role in roles) yield return Knob.Upwards(role.Each.CpuMillicores, Core, cpu => new Remedy.CpuPerTask(role.Role, cpu));
        foreach (var role in roles) yield return Knob.Upwards(role.Each.MemoryBytes, Gibibyte, memory => new Remedy.MemoryPerTask(role.Role, memory));

        var shorter = CommonDurations.Where(duration => duration < (job.MaxDuration ?? world.Policy.UsualDuration)).ToArray();
        yield return new(shorter.Length, index => new Remedy.MaxDuration(shorter[index]));
        yield return new(JobPriority.High - job.Standing.Priority, lower => new Remedy.Priority(JobPriority.High - (int)lower));
        if (!job.Preemptible) yield return new(new Remedy.Preemptible());
        foreach (var queue in queues.Where(queue => queue != job.Standing.Queue)) yield return new(new Remedy.Queue(queue), IsAlternative: true);
    }

    /// <summary>Where the job is, or what it runs on, no longer matters.</summary>
    public IEnumerable<Knob> AnyPlace()
    {
        if (job.AcceptableAccelerators is not null) yield return new(new Remedy.AnyAccelerator());
        if (!job.Clusters.Contains("any")) yield return new(new Remedy.Cluster("any"));
    }

    public IEnumerable<Knob> ByAdministrator(Plan plan, WaitingReason reason)
    {
        var ahead = plan.Waiting.TakeWhile(waiting => waiting.Job != job.Standing.Id).Select(waiting => waiting.Job).ToHashSet();
        var line = world.Snapshot.Pending.Where(other => ahead.Contains(other.Standing.Id)).ToArray();
        yield return HigherCap(plan, [.. line.Where(other => other.Standing.Owner == job.Standing.Owner)]);
        if (reason is { Token: WaitingToken.WaitingForQuota or WaitingToken.ExceedsQueueQuota, Queue: { } name } && world.Policy.Queues.FirstOrDefault(queue => queue.Name == name) is { } queue)
        {
            var most = reason.Needed + line.Sum(other => (long)other.MinDevices);
            foreach (var (type, quota) in queue.Quotas.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                if (quota.BorrowLimit is { } limit) yield return Knob.Downwards(most, more => new Remedy.QueueQuota(name, type, quota, quota with { BorrowLimit = (int)(limit + more) })) with { IsAlternative = true };
                if (quota.Nominal is { } nominal) yield return Knob.Downwards(most, more => new Remedy.QueueQuota(name, type, quota, quota with { Nominal = (int)(nominal + more) })) with { IsAlternative = true };
            }
        }

        // Whoever is ahead may take what is added.
        var tasks = Math.Min(MostNodes, job.MinTasks + line.Sum(other => (long)other.MinTasks));
        var isFirst = true;
        foreach (var node in Examples())
        {
            yield return Knob.Downwards(tasks, count => new Remedy.MoreNodes(node, (int)count)) with { IsAlternative = !isFirst };
            isFirst = false;
        }
    }

    /// <summary>Caps that leave room for the job and, where they must, for the owner's other jobs ahead of it.</summary>
    private Knob HigherCap(Plan plan, PendingJob[] ahead)
    {
        var level = world.Policy.LevelOf(job.Standing);
        var own = world.Snapshot.Running.Where(other => other.Standing.Owner == job.Standing.Owner).Select(other => other.Devices)
            .Concat(world.Snapshot.Pending.Where(other => other.Standing.Owner == job.Standing.Owner && plan.Gangs.Any(gang => gang.Job == other.Standing.Id)).Select(other => other.MinDevices)).ToArray();
        return Raised(ahead.Length + 1) == level ? default : Knob.Downwards(ahead.Length + 1, count => new Remedy.LevelCap(level, Raised((int)count)));

        Level Raised(int count) => level with
        {
            MaxRunning = AtLeast(level.MaxRunning, own.Length + count),
            MaxGpusPerJob = AtLeast(level.MaxGpusPerJob, job.MinDevices),
            MaxGpus = AtLeast(level.MaxGpus, own.Sum() + job.MinDevices + ahead.Take(count - 1).Sum(other => other.MinDevices)),
        };

        static int? AtLeast(int? cap, int least) => cap is { } number ? Math.Max(number, least) : null;
    }

    /// <summary>Of each kind of node that the job may use the largest; where there is none, of all kinds.</summary>
    private IEnumerable<Node> Examples()
    {
        var usable = world.Snapshot.Nodes.Where(node => FreeSpace.Allows(job, node) && MayBeOn(node) && Accepts(node)).ToArray();
        return (usable.Length > 0 ? usable : world.Snapshot.Nodes.Where(node => !job.UsesDevices || node.Devices.Count > 0))
            .GroupBy(node => (node.Cluster, node.Accelerator))
            .Select(kind => kind.OrderByDescending(node => node.Devices.Count).ThenByDescending(node => node.CpuMillicores).ThenByDescending(node => node.MemoryBytes).ThenBy(node => node.Name, StringComparer.Ordinal).First())
            .OrderBy(node => job.UsesDevices ? 0 : node.Devices.Count).ThenBy(node => node.Cluster, StringComparer.Ordinal).ThenBy(node => node.Accelerator, StringComparer.Ordinal);
    }

    private bool Accepts(Node node) => !job.UsesDevices || (node.Accelerator is { } type && job.AcceptableAccelerators?.Contains(type) != false);

    /// <summary>By its labels and taints, some of the tasks that decide what kind of node is wanted.</summary>
    private bool MayBeOn(Node node) => job.Roles.Any(role => role.UsesDevices == job.UsesDevices && role.Requirement.Allows(node, role.UsesDevices));

    private static IEnumerable<string> Names(IEnumerable<string> names) => names.Distinct().Order(StringComparer.Ordinal);
}

/// <summary>One thing that can be changed, by more or less.</summary>
/// <param name="At">From 0, the greatest change, to the least.</param>
/// <param name="IsAlternative">Excludes others that change the same.</param>
internal readonly record struct Knob(long Positions, Func<long, Remedy> At, bool IsAlternative = false)
{
    public Knob(Remedy only, bool IsAlternative = false)
        : this(1, _ => only, IsAlternative)
    {
    }

    /// <summary>To <paramref name="least"/>, a step more, and so on below <paramref name="end"/>.</summary>
    public static Knob Upwards(long least, long end, long step, Func<long, Remedy> with) => new((end - least + step - 1) / step, position => with(least + (position * step)));

    /// <summary>Whole steps below <paramref name="needed"/>; tenths of one where it needs no more than one.</summary>
    public static Knob Upwards(long needed, long step, Func<long, Remedy> with) => needed > step ? Upwards(step, needed, step, with) : Upwards(step / 10, needed, step / 10, with);

    /// <summary>By <paramref name="most"/>, by one less, and so on to 1.</summary>
    public static Knob Downwards(long most, Func<long, Remedy> with) => new(most, position => with(most - position));
}
