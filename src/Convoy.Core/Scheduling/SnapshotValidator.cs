using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>
/// Values that no server has, by their path in the JSON. The scheduler may take for granted that there are none. Machines that are gone
/// may still be held: a server learns of it later.
/// </summary>
internal static class SnapshotValidator
{
    /// <summary>Bytes or thousandths of processors of one machine or task: 128 TiB.</summary>
    private const long MaxAmount = 1L << 47;

    /// <summary>Of one machine or task, as is the number of tasks of one role: sums of both stay far from what numbers can hold.</summary>
    private const int MaxCount = 1 << 14;

    /// <summary>Time is added to times: those near the end of the calendar would leave it.</summary>
    private const int LastYear = 9000;

    public static IEnumerable<SpecProblem> Problems(PlanningCase planning) =>
    [
        .. OfPolicy(planning.Policy),
        .. InTime("now", planning.Now),
        .. OfNodes(planning.Snapshot.Nodes),
        .. OfIds(planning.Snapshot),
        .. planning.Snapshot.Pending.SelectMany((job, i) => OfPending(job, $"snapshot.pending[{i}]")),
        .. planning.Snapshot.Running.SelectMany((job, i) => OfRunning(job, $"snapshot.running[{i}]")),
        .. OfShares(planning.Snapshot.QueueShares, "snapshot.queueShares"),
        .. OfShares(planning.Snapshot.UserShares, "snapshot.userShares"),
    ];

    private static IEnumerable<SpecProblem> OfPolicy(SchedulingPolicy policy) =>
    [
        .. LevelBinder.Problems(policy.Levels, "policy.levels"),
        .. QueueTreeValidator.Problems(policy.Queues).Select(problem => problem with { Path = $"policy.{problem.Path}" }),
        .. Check(policy.UsualDuration > TimeSpan.Zero, "policy.usualDuration", "must be longer than nothing"),
        .. Between("policy.reservationsPerType", policy.ReservationsPerType, 0, int.MaxValue),
    ];

    private static IEnumerable<SpecProblem> OfNodes(IReadOnlyList<Node> nodes)
    {
        var first = new Dictionary<(string, string), int>();
        for (var i = 0; i < nodes.Count; i++)
        {
            var (node, path) = (nodes[i], $"snapshot.nodes[{i}]");
            if (!first.TryAdd((node.Cluster, node.Name), i)) yield return Wrong($"{path}.name", $"'{node.Name}' of cluster {node.Cluster} comes twice; snapshot.nodes[{first[(node.Cluster, node.Name)]}] has it too");
            foreach (var problem in Between($"{path}.cpuMillicores", node.CpuMillicores, 0, MaxAmount)) yield return problem;
            foreach (var problem in Between($"{path}.memoryBytes", node.MemoryBytes, 0, MaxAmount)) yield return problem;
            foreach (var problem in Between($"{path}.rdma", node.Rdma, 0, MaxCount)) yield return problem;
            foreach (var problem in OfDevices(node.Devices, $"{path}.devices")) yield return problem;
            foreach (var problem in OfAmounts(node.Foreign, $"{path}.foreign")) yield return problem;
        }
    }

    private static IEnumerable<SpecProblem> OfIds(ClusterSnapshot snapshot)
    {
        var first = new Dictionary<JobId, string>();
        foreach (var (id, path) in snapshot.Pending.Select((job, i) => (job.Standing.Id, $"snapshot.pending[{i}]")).Concat(snapshot.Running.Select((job, i) => (job.Standing.Id, $"snapshot.running[{i}]"))))
        {
            if (!first.TryAdd(id, path)) yield return Wrong($"{path}.standing.id", $"'{id.Value}' comes twice; {first[id]} has it too");
        }
    }

    private static IEnumerable<SpecProblem> OfPending(PendingJob job, string path) =>
    [
        .. Check(job.Roles.Count > 0, $"{path}.roles", "must have at least one role"),
        .. OfRoles(job.Roles, $"{path}.roles"),
        .. OfMaxDuration(job.MaxDuration, path),
        .. InTime($"{path}.submittedAt", job.SubmittedAt),
        .. InTime($"{path}.notBefore", job.NotBefore),
        .. job.Data is { } data ? Check(data.Copied >= 0 && data.Copied <= data.Bytes, $"{path}.data.copied", "must be 0 to data.bytes").Concat(InTime($"{path}.data.readyAt", data.ReadyAt)) : [],
        .. job.Promised is { } promised ? InTime($"{path}.promised.from", promised.From).Concat(OfPromised(job, promised.Gang, $"{path}.promised.gang")) : [],
    ];

    private static IEnumerable<SpecProblem> OfPromised(PendingJob job, PlannedGang gang, string path) =>
        Check(gang.Job == job.Standing.Id, $"{path}.job", "must be the job's own id").Concat(gang.Tasks.SelectMany((task, i) => OfRole(task.Role, job.Roles, $"{path}.tasks[{i}].role").Concat(OfDevices(task.Devices, $"{path}.tasks[{i}].devices"))));

    private static IEnumerable<SpecProblem> OfRunning(RunningJob job, string path) =>
    [
        .. OfRoles(job.Roles, $"{path}.roles"),
        .. OfMaxDuration(job.MaxDuration, path),
        .. InTime($"{path}.startedAt", job.StartedAt),
        .. InTime($"{path}.resizedAt", job.ResizedAt),
        .. InTime($"{path}.movedAt", job.MovedAt),
        .. job.Places.SelectMany((place, i) => OfPlace(place, job.Roles, $"{path}.places[{i}]")),
    ];

    private static IEnumerable<SpecProblem> OfPlace(HeldPlace place, IReadOnlyList<RoleDemand> roles, string path) =>
        [.. OfDevices(place.Devices, $"{path}.devices"), .. OfTask(place.Taken, $"{path}.taken"), .. roles.Count == 0 ? [] : OfRole(place.Role, roles, $"{path}.role")];

    private static IEnumerable<SpecProblem> OfRole(string role, IReadOnlyList<RoleDemand> roles, string path) =>
        Check(roles.Any(each => each.Role == role), path, $"there is no role '{role}' (one of {string.Join(", ", roles.Select(each => each.Role))})");

    private static IEnumerable<SpecProblem> OfRoles(IReadOnlyList<RoleDemand> roles, string path) => roles.SelectMany<RoleDemand, SpecProblem>((role, i) =>
    [
        .. Check(roles.Take(i).All(earlier => earlier.Role != role.Role), $"{path}[{i}].role", $"'{role.Role}' comes twice"),
        .. Between($"{path}[{i}].min", role.Min, 1, MaxCount),
        .. Check(role.Max >= role.Min, $"{path}[{i}].max", $"is {role.Max}, and must not be less than min, which is {role.Min}"),
        .. Between($"{path}[{i}].max", role.Max, int.MinValue, MaxCount),
        .. OfTask(role.Each, $"{path}[{i}].each"),
    ]);

    /// <summary>What one task takes.</summary>
    private static IEnumerable<SpecProblem> OfTask(ResourceVector amounts, string path) =>
        [.. OfAmounts(amounts, path), .. Check(amounts.Milli == 0 || (amounts.Devices == 0 && amounts.Milli < 1000), $"{path}.milli", "is a share of one device: below 1000, and 0 beside whole ones")];

    private static IEnumerable<SpecProblem> OfAmounts(ResourceVector amounts, string path) =>
    [
        .. Between($"{path}.cpuMillicores", amounts.CpuMillicores, 0, MaxAmount),
        .. Between($"{path}.memoryBytes", amounts.MemoryBytes, 0, MaxAmount),
        .. Between($"{path}.devices", amounts.Devices, 0, MaxCount),
        .. Between($"{path}.rdma", amounts.Rdma, 0, MaxCount),
        .. Between($"{path}.milli", amounts.Milli, 0, MaxCount * 1000),
    ];

    private static IEnumerable<SpecProblem> OfDevices(IReadOnlyList<int> devices, string path) =>
    [
        .. Check(devices.Count <= MaxCount, path, $"must be at most {MaxCount}"),
        .. Check(devices.All(device => device is >= 0 and < MaxCount), path, $"must be indexes from 0 to {MaxCount - 1}"),
        .. Check(devices.Distinct().Count() == devices.Count, path, "names a device twice"),
    ];

    private static IEnumerable<SpecProblem> OfMaxDuration(TimeSpan? duration, string path) => Check(duration is null || duration > TimeSpan.Zero, $"{path}.maxDuration", "must be longer than nothing");

    private static IEnumerable<SpecProblem> OfShares(IReadOnlyDictionary<string, long> shares, string path) =>
        shares.Where(share => share.Value < 0).Select(share => Wrong($"{path}.{share.Key}", $"is {share.Value}, and must not be negative"));

    private static IEnumerable<SpecProblem> InTime(string path, DateTimeOffset? time) => Check(time is null || time.Value.UtcDateTime.Year < LastYear, path, $"must be before the year {LastYear}");

    private static IEnumerable<SpecProblem> Between(string path, long value, long least, long most) => Check(value >= least && value <= most, path, value < least ? (Text)$"is {value}, and must be at least {least}" : $"is {value}, and must be at most {most}");

    private static IEnumerable<SpecProblem> Check(bool holds, string path, Text message) => holds ? [] : [Wrong(path, message)];

    private static SpecProblem Wrong(string path, Text message) => new(path, "BadValue", message);
}
