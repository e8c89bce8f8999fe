using Convoy.Core.Jobs;
using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <param name="Guarantee">Its number in the scheduler's contract.</param>
/// <param name="Job">The gang to drop.</param>
public sealed record Violation(int Guarantee, JobId Job, string Message);

/// <summary>A plan that was checked: what is left of it is safe to apply.</summary>
public sealed record CheckedPlan(Plan Plan, IReadOnlyList<Violation> Violations);

/// <summary>
/// Proves a plan against its snapshot without sharing a line with the scheduler: slow, obvious and independent. A plan
/// may not create or worsen a violation; what was wrong before (a cap lowered, a device dead) halts nothing.
/// </summary>
public static partial class PlanChecker
{
    /// <summary>Drops every gang that violates a guarantee, and checks the rest again until nothing is wrong.</summary>
    public static CheckedPlan Check(ClusterSnapshot snapshot, SchedulingPolicy policy, Plan plan, DateTimeOffset now)
    {
        var violations = Violations(snapshot, policy, plan, now).ToList();
        var bad = violations.Select(violation => violation.Job).ToHashSet();
        while (Without(plan, bad) is { } rest)
        {
            // What was dropped leaves room behind: why others wait was told of the plan as it was made.
            plan = rest;
            var found = Wrongs(new CheckedWorld(snapshot, policy, plan, now)).Where(violation => !bad.Contains(violation.Job)).ToArray();
            violations.AddRange(found);
            bad.UnionWith(found.Select(violation => violation.Job));
        }

        return new CheckedPlan(plan, violations);
    }

    public static IReadOnlyList<Violation> Violations(ClusterSnapshot snapshot, SchedulingPolicy policy, Plan plan, DateTimeOffset now)
    {
        var world = new CheckedWorld(snapshot, policy, plan, now);
        return [.. Wrongs(world), .. EveryJobExplained(world), .. TrueReasons(world), .. Overtaken(world)];
    }

    /// <summary>What must not be applied.</summary>
    private static IEnumerable<Violation> Wrongs(CheckedWorld world) =>
    [
        .. EveryJobOnce(world),
        .. WholeGangs(world),
        .. HealthyNodes(world),
        .. AllowedNodes(world),
        .. Capacity(world),
        .. Caps(world),
        .. Quotas(world),
        .. LegalEvictions(world),
        .. NeededEvictions(world),
        .. Resizes(world),
        .. KeptPromises(world),
    ];

    /// <summary>Null where nothing of the plan is of these jobs.</summary>
    private static Plan? Without(Plan plan, HashSet<JobId> bad)
    {
        var rest = plan with
        {
            Gangs = [.. plan.Gangs.Where(gang => !bad.Contains(gang.Job))],
            Claims = [.. plan.Claims.Where(claim => !bad.Contains(claim.Job))],
            Reservations = [.. plan.Reservations.Where(promise => !bad.Contains(promise.Gang.Job))],
            Evictions = [.. plan.Evictions.Where(eviction => !bad.Contains(eviction.For))],
            Resizes = [.. plan.Resizes.Where(resize => !bad.Contains(resize.Job) && !resize.For.Any(bad.Contains))],
        };
        return Size(rest) == Size(plan) ? null : rest;

        static int Size(Plan plan) => plan.Gangs.Count + plan.Claims.Count + plan.Reservations.Count + plan.Evictions.Count + plan.Resizes.Count;
    }
}
