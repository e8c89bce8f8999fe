using Convoy.Core.Documents;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using Convoy.Server.Datasets;
using Convoy.Store;

namespace Convoy.Server;

/// <summary>Whether a valid spec may become this person's job. Nothing is stored before all of it is answered.</summary>
public sealed class Admission(IStore store, People people, JobDatasets datasets, Fleet fleet, TimeProvider time)
{
    private const int MostQueuesNamed = 20;

    private Feasibility? feasibility;

    /// <summary>The spec as it will be kept, with its queue and level; or the answer that says no.</summary>
    public async Task<(Admitted? Admitted, IResult? Refusal)> AdmitAsync(User owner, JobSpec spec, CancellationToken cancellationToken)
    {
        if (spec.Code?.Workdir is not null)
        {
            return (null, Problems.InvalidSpec([new SpecProblem("code.workdir", "NotUploaded", "a folder of yours is out of the server's reach; upload it and name its archive, as `convoy submit` does")]));
        }

        if (spec.Code?.Archive is { } archive && !await store.HasCodeAsync(owner.Name, archive, cancellationToken))
        {
            return (null, Problems.InvalidSpec([new SpecProblem("code.archive", "CodeNotUploaded", $"you have uploaded no archive {archive}; upload it first")]));
        }

        var policy = await people.PolicyAsync(cancellationToken);
        var queue = spec.Queue ?? owner.Name;
        if (!await people.MayUseAsync(owner.Name, queue, cancellationToken)) return (null, Problems.InvalidSpec([new SpecProblem("queue", "NoSuchQueue", await WhichQueuesAsync(owner.Name, queue, cancellationToken))]));

        (spec, var problems) = await datasets.ResolveAsync(owner, spec, cancellationToken);
        if (problems.Count > 0) return (null, Problems.InvalidSpec(problems));

        var level = LevelOf(owner, policy);
        if (OverCap(spec, level) is { } overCap) return (null, overCap);
        var kept = spec.Limits.MaxDuration is null && level.MaxDuration is not null ? spec with { Limits = spec.Limits with { MaxDuration = level.MaxDuration } } : spec;
        var probe = PendingJob.Of(new Job
        {
            Id = default, Owner = owner.Name, Level = owner.Level, Queue = queue, Spec = kept, SubmitSequence = long.MaxValue, SubmittedAt = time.GetUtcNow(),
        });
        return Infeasible(probe) is { } infeasible ? (null, infeasible) : (new Admitted(kept, queue, level, probe), null);
    }

    /// <summary>Whether this person may have these terms for a job that they have submitted: what is asked of a submission, of what changes.</summary>
    public async Task<(TermsChange? Allowed, IResult? Refusal)> MayChangeAsync(User owner, TermsChange change, CancellationToken cancellationToken)
    {
        if (change.Queue is { } queue && !await people.MayUseAsync(owner.Name, queue, cancellationToken)) return (null, Problems.InvalidSpec([new SpecProblem("queue", "NoSuchQueue", await WhichQueuesAsync(owner.Name, queue, cancellationToken))]));
        var level = LevelOf(owner, await people.PolicyAsync(cancellationToken));
        if (OverDuration(change.MaxDuration, level) is { } overCap) return (null, overCap);
        return (change.ClearsMaxDuration && level.MaxDuration is { } longest ? change with { ClearsMaxDuration = false, MaxDuration = longest } : change, null);
    }

    private Feasibility FeasibilityOn(IReadOnlyList<Node> nodes)
    {
        var known = Volatile.Read(ref feasibility);
        if (known?.Nodes != nodes) Volatile.Write(ref feasibility, known = new Feasibility(nodes));
        return known;
    }

    private static Level LevelOf(User owner, SchedulingPolicy policy) => policy.Levels.FirstOrDefault(level => level.Name == owner.Level) ?? new Level(owner.Level, 0);

    private async ValueTask<Text> WhichQueuesAsync(string owner, string asked, CancellationToken cancellationToken)
    {
        var open = (await people.QueuesOfAsync(owner, cancellationToken)).Where(queue => queue != owner && queue != QueueTree.RootName).ToArray();
        var others = open.Length == 0 ? Text.None : $", and you may use {string.Join(", ", open.Take(MostQueuesNamed))}{(open.Length > MostQueuesNamed ? (Text)$" and {open.Length - MostQueuesNamed} more" : "")}";
        var guess = NearestWord.To(asked, open) is { } near ? (Text)$"; did you mean '{near}'?" : "";
        return $"there is no queue '{asked}' you may use{guess}; yours is '{owner}', everybody's is '{QueueTree.RootName}'{others}; `convoy queue list` shows them";
    }

    private static IResult? OverCap(JobSpec spec, Level level)
    {
        var devices = RoleDemand.AllOf(spec).Sum(role => role.Min * role.Each.Devices);
        if (devices > level.MaxGpusPerJob) return Cap($"the job needs {devices} GPUs, and level {level.Name} allows {level.MaxGpusPerJob} per job");
        if (devices > level.MaxGpus) return Cap($"the job needs {devices} GPUs, and level {level.Name} allows a person {level.MaxGpus} altogether");
        if (level.MaxRunning == 0) return Cap($"level {level.Name} allows no running jobs");
        return OverDuration(spec.Limits.MaxDuration, level);
    }

    private static IResult? OverDuration(TimeSpan? asked, Level level) => asked > level.MaxDuration
        ? Cap($"limits.maxDuration is {DurationText.Format(asked.Value)}, and level {level.Name} allows {DurationText.Format(level.MaxDuration.Value)}")
        : null;

    private static IResult Cap(Text why) => Problems.OverCap("ExceedsLevelCap", $"{why}; ask for less, or ask an administrator about your level");

    /// <summary>Only where machines are known: a cluster that has not reported says nothing about what is possible.</summary>
    private IResult? Infeasible(PendingJob job)
    {
        if (!fleet.HasReported) return null;
        var isAny = job.Clusters.Contains("any");
        if (!isAny && job.Clusters.FirstOrDefault(name => !fleet.Clusters.ContainsKey(name)) is { } unknown)
        {
            return Problems.InvalidSpec([new SpecProblem("placement.clusters", "NoSuchCluster", $"there is no cluster '{unknown}'; there are {string.Join(", ", fleet.Clusters.Keys.Order(StringComparer.Ordinal))}")]);
        }

        if (fleet.Clusters.Values.Any(cluster => cluster.LastSeenAt is null && (isAny || job.Clusters.Contains(cluster.Name)))) return null;
        // Of all nodes, for what is kept of them is made anew only when they change; which clusters a job may use it knows itself.
        if (FeasibilityOn(fleet.Nodes).FitsEmpty(job)) return null;
        IReadOnlyList<Node> nodes = isAny ? fleet.Nodes : [.. fleet.Nodes.Where(node => job.Clusters.Contains(node.Cluster))];
        if (nodes.Count == 0) return null;
        var wants = Text.Join(" and ", job.Roles.Select(role => Text.Of($"{Sentences.Count(role.Min, "task")} of {Of(string.Join('|', role.Accelerators), role.Each)}")));
        var close = job.Topology is { IsRequired: true } wish ? (Text)$", all within one {wish.Level.ToString().ToLowerInvariant()}" : "";
        var has = Text.Join("; ", nodes.GroupBy(node => (node.Cluster, node.Accelerator, node.Capacity))
            .OrderBy(group => group.Key.Cluster, StringComparer.Ordinal).Take(8)
            .Select(group => Text.Of($"cluster {group.Key.Cluster} has {Sentences.Count(group.Count(), "node")} of {Of(group.Key.Accelerator, group.Key.Capacity)}")));
        var assumed = job.Roles.Any(role => role.Each == RoleDemand.LeftOut) ? (Text)" (a task that asks for no CPU and no GPU counts as 1 CPU; ask for less with --cpu)" : "";
        return Problems.Invalid("Infeasible", $"the job can never start: it needs {wants}{assumed}{close}; {has}; ask for less, or see `convoy node list`");

        static Text Of(string? type, ResourceVector amount)
        {
            var parts = new List<Text>();
            if (amount.Devices > 0) parts.Add($"{Sentences.Count(amount.Devices, "GPU")}{(string.IsNullOrEmpty(type) ? Text.None : $" ({type})")}");
            if (amount.CpuMillicores > 0) parts.Add(Sentences.Amount(WaitingUnit.Millicores, amount.CpuMillicores));
            if (amount.MemoryBytes > 0) parts.Add(Sentences.Amount(WaitingUnit.Bytes, amount.MemoryBytes));
            if (amount.Rdma > 0) parts.Add(Sentences.Count(amount.Rdma, "RDMA device"));
            return Text.Join(", ", parts);
        }
    }
}

/// <param name="Spec">With the level's maximum duration where the person gave none.</param>
/// <param name="Probe">The job as the scheduler would see it behind all others.</param>
public sealed record Admitted(JobSpec Spec, string Queue, Level Level, PendingJob Probe);
