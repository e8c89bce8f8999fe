using System.Globalization;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Server;

/// <summary>From a change that the scheduler was asked about to what somebody can type.</summary>
public static class RemedyViews
{
    public const string Owner = "owner";
    private const string Administrator = "administrator";

    /// <param name="spec">The job as it is.</param>
    public static RemedyView? Of(Remedy? remedy, JobSpec spec)
    {
        if (remedy is null) return null;
        if (remedy is Remedy.Wait wait) return new RemedyView(nameof(Remedy.Wait), null, wait.Until is { } until ? (Text)$"nothing to do: it starts by itself after {until:HH:mm:ss} UTC" : "nothing to do: it starts by itself", null, [], 0);
        IReadOnlyList<Remedy> parts = remedy is Remedy.Several several ? several.Changes : [remedy];
        var owners = Changes(spec, parts.Aggregate(spec, With)).ToArray();
        var administrators = parts.SelectMany(AdministratorsChanges).ToArray();
        var isOwners = parts.All(part => part is Remedy.JobChange);
        var changes = Text.Join(" and ", parts.Select(Phrase));
        Text message = remedy.Evicts switch
        {
            0 => (Text)$"it would start now {changes}",
            1 => $"it would start {changes} once {Sentences.Count(remedy.Evicts, "running job")} that it may evict has stopped",
            _ => $"it would start {changes} once {Sentences.Count(remedy.Evicts, "running job")} that it may evict have stopped",
        };
        return new RemedyView(
            remedy.GetType().Name,
            isOwners ? Owner : Administrator,
            message,
            isOwners && owners.All(change => change.Flag is not null) ? string.Join(' ', owners.Select(change => change.Flag).Distinct()) : null,
            [.. owners.Select(change => change.Change), .. administrators],
            remedy.Evicts);
    }

    /// <summary>The spec with the change; as it is where the change is not of the job.</summary>
    public static JobSpec With(JobSpec spec, Remedy remedy)
    {
        return remedy switch
        {
            Remedy.Several several => several.Changes.Aggregate(spec, With),
            Remedy.Accelerator change => WithRoles(_ => true, role => role.Resources.Gpu > 0 ? role with { Resources = role.Resources with { Accelerators = [change.Type] } } : role),
            Remedy.AnyAccelerator => WithRoles(_ => true, role => role with { Resources = role.Resources with { Accelerators = [] } }),
            Remedy.Tasks change => WithRole(change, role => role with { Replicas = new Replicas(change.Min, change.Max) }),
            Remedy.DevicesPerTask change => WithRole(change, role => role with { Resources = role.Resources with { Gpu = change.Devices } }),
            Remedy.CpuPerTask change => WithRole(change, role => role with { Resources = role.Resources with { Cpu = new CpuQuantity(change.Millicores) } }),
            Remedy.MemoryPerTask change => WithRole(change, role => role with { Resources = role.Resources with { Memory = new ByteSize(change.Bytes) } }),
            Remedy.Cluster change => spec with { Placement = spec.Placement with { Clusters = [change.Name] } },
            Remedy.PreferredTopology change => spec with { Placement = spec.Placement with { Topology = new TopologySpec { Preferred = change.Level } } },
            Remedy.MaxDuration change => spec with { Limits = spec.Limits with { MaxDuration = change.Duration } },
            Remedy.Priority change => spec with { Priority = change.To },
            Remedy.Preemptible => spec with { Preemptible = true },
            Remedy.Queue change => spec with { Queue = change.Name },
            _ => spec,
        };

        JobSpec WithRole(Remedy.RoleChange change, Func<RoleSpec, RoleSpec> changed) => WithRoles(name => name == change.Role, changed);

        JobSpec WithRoles(Func<string, bool> which, Func<RoleSpec, RoleSpec> changed) =>
            spec with { Roles = spec.Roles.ToDictionary(role => role.Key, role => which(role.Key) ? changed(role.Value) : role.Value) };
    }

    private static Text Phrase(Remedy remedy) => remedy switch
    {
        Remedy.Accelerator change => (Text)$"on {change.Type}",
        Remedy.AnyAccelerator => "on any type of accelerator",
        Remedy.Cluster { Name: "any" } => "in any cluster",
        Remedy.Cluster change => $"in cluster {change.Name}",
        Remedy.PreferredTopology change => $"with one {Word(change.Level)} preferred, and not required",
        Remedy.Tasks change when change.Max > change.Min => $"with {change.Min} to {change.Max} tasks of {change.Role}",
        Remedy.Tasks change => $"with {Sentences.Count(change.Min, "task")} of {change.Role}",
        Remedy.DevicesPerTask change => $"with {Sentences.Amount(WaitingUnit.Devices, change.Devices)} for each task of {change.Role}",
        Remedy.CpuPerTask change => $"with {Sentences.Amount(WaitingUnit.Millicores, change.Millicores)} for each task of {change.Role}",
        Remedy.MemoryPerTask change => $"with {Sentences.Amount(WaitingUnit.Bytes, change.Bytes)} for each task of {change.Role}",
        Remedy.MaxDuration change => $"with a maximum duration of {DurationText.Format(change.Duration)}",
        Remedy.Priority change => $"at {Word(change.To)} priority",
        Remedy.Preemptible => "if it might be evicted, and so might borrow",
        Remedy.Queue change => $"in queue {change.Name}",
        Remedy.LevelCap change => $"if level {change.Raised.Name} allowed a person {Text.Join(", ", Caps(change).Select(cap => cap.What))}",
        Remedy.QueueQuota change => $"if queue {change.Name} had {Text.Join(", ", Quotas(change).Select(quota => Text.Of($"{quota.To} {change.Type} as its {quota.What}")))}",
        Remedy.MoreNodes change => $"with {Sentences.Count(change.Count, "more node")} like {change.Like.Name} of cluster {change.Like.Cluster}",
        _ => throw new ArgumentOutOfRangeException(nameof(remedy), remedy, "unknown remedy"),
    };

    /// <summary>What differs, and the flag that says so where one does.</summary>
    private static IEnumerable<(ChangeView Change, string? Flag)> Changes(JobSpec before, JobSpec after)
    {
        var isFlagged = after.Roles.Count == 1;
        foreach (var (name, role) in after.Roles)
        {
            var (was, now, at) = (before.Roles[name].Resources, role.Resources, $"roles.{name}");
            if (before.Roles[name].Replicas != role.Replicas) yield return Changed($"{at}.replicas", $"{role.Replicas}", isFlagged ? $"--nodes {role.Replicas}" : null);
            var gpus = !isFlagged ? null : now.Accelerators.Count == 1 ? $"--gpus {now.Accelerators[0]}:{now.Gpu}" : $"--gpus {now.Gpu}";
            if (was.Gpu != now.Gpu) yield return Changed($"{at}.resources.gpu", now.Gpu.ToString(CultureInfo.InvariantCulture), gpus);
            if (!was.Accelerators.SequenceEqual(now.Accelerators)) yield return Changed($"{at}.resources.accelerators", $"[{string.Join(", ", now.Accelerators)}]", now.Accelerators.Count == 1 ? gpus : null);
            if (was.Cpu != now.Cpu) yield return Changed($"{at}.resources.cpu", $"{now.Cpu}", isFlagged ? $"--cpu {now.Cpu}" : null);
            if (was.Memory != now.Memory) yield return Changed($"{at}.resources.memory", $"{now.Memory}", isFlagged ? $"--memory {now.Memory}" : null);
        }

        if (!before.Placement.Clusters.SequenceEqual(after.Placement.Clusters)) yield return Changed("placement.clusters", $"[{string.Join(", ", after.Placement.Clusters)}]", null);
        if (before.Placement.Topology != after.Placement.Topology) yield return Changed("placement.topology", $"{{preferred: {Word(after.Placement.Topology!.Preferred!.Value)}}}", null);
        if (before.Limits.MaxDuration != after.Limits.MaxDuration) yield return Changed("limits.maxDuration", DurationText.Format(after.Limits.MaxDuration!.Value), $"--max-duration {DurationText.Format(after.Limits.MaxDuration.Value)}");
        if (before.Priority != after.Priority) yield return Changed("priority", Word(after.Priority), $"--priority {Word(after.Priority)}");
        if (before.Preemptible != after.Preemptible) yield return Changed("preemptible", "true", null);
        if (before.Queue != after.Queue) yield return Changed("queue", after.Queue!, $"--queue {after.Queue}");

        static (ChangeView, string?) Changed(string key, string value, string? flag) => (new ChangeView(key, value), flag);
    }

    private static IEnumerable<ChangeView> AdministratorsChanges(Remedy remedy) => remedy switch
    {
        Remedy.LevelCap change => Caps(change).Select(cap => new ChangeView($"levels.{change.Raised.Name}.{cap.Key}", $"{cap.To}")),
        Remedy.QueueQuota change => Quotas(change).Select(quota => new ChangeView($"queues.{change.Name}.quota.{change.Type}.{quota.Key}", $"{quota.To}")),
        Remedy.MoreNodes change => [new ChangeView($"clusters.{change.Like.Cluster}.nodes", $"{change.Count} more like {change.Like.Name}")],
        _ => [],
    };

    private static IEnumerable<(string Key, Text What, int To)> Caps(Remedy.LevelCap change)
    {
        var (before, raised) = (change.Before, change.Raised);
        if (before.MaxRunning != raised.MaxRunning) yield return ("maxRunning", Sentences.Count(raised.MaxRunning!.Value, "running job"), raised.MaxRunning!.Value);
        if (before.MaxGpus != raised.MaxGpus) yield return ("maxGpus", Sentences.Count(raised.MaxGpus!.Value, "GPU"), raised.MaxGpus!.Value);
        if (before.MaxGpusPerJob != raised.MaxGpusPerJob) yield return ("maxGpusPerJob", $"{Sentences.Count(raised.MaxGpusPerJob!.Value, "GPU")} for one job", raised.MaxGpusPerJob!.Value);
    }

    private static IEnumerable<(string Key, Text What, int To)> Quotas(Remedy.QueueQuota change)
    {
        if (change.Before.Nominal != change.Raised.Nominal) yield return ("nominal", "nominal", change.Raised.Nominal!.Value);
        if (change.Before.BorrowLimit != change.Raised.BorrowLimit) yield return ("borrowLimit", "borrow limit", change.Raised.BorrowLimit!.Value);
    }

    private static string Word<T>(T word)
        where T : struct, Enum => word.ToString().ToLowerInvariant();
}
