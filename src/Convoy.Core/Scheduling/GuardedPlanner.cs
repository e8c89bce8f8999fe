namespace Convoy.Core.Scheduling;

/// <summary>Whoever makes plans.</summary>
public delegate Plan Planner(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now);

/// <summary>Whoever proves them; what is left of the plan is safe to apply.</summary>
public delegate CheckedPlan PlanCheck(ClusterSnapshot snapshot, SchedulingPolicy policy, Plan plan, DateTimeOffset now);

/// <param name="Plan">Safe to apply.</param>
/// <param name="Violations">Of every plan that was tried; nothing that violates is in <paramref name="Plan"/>.</param>
/// <param name="Failures">What the planner or the check threw meanwhile.</param>
public sealed record GuardedPlan(Plan Plan, IReadOnlyList<Violation> Violations, IReadOnlyList<Exception> Failures);

/// <summary>
/// Scheduling never stops, whatever is wrong with the planner. In order: the plan without the gangs that violate a guarantee and
/// without their evictions; a plan in which nothing may be evicted or resized; one without the jobs that the planner cannot bear; nothing.
/// </summary>
public sealed class GuardedPlanner(Planner planner, PlanCheck check)
{
    /// <summary>With the checker.</summary>
    public GuardedPlanner(Planner planner)
        : this(planner, PlanChecker.Check)
    {
    }

    public GuardedPlan Plan(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now)
    {
        var violations = new List<Violation>();
        var failures = new List<Exception>();
        if (Try(snapshot) is { } plan) return Guarded(plan);

        // With the same planner: it finds no victims where nobody may be one.
        var peaceful = snapshot with { Running = [.. snapshot.Running.Select(job => job with { Preemptible = false, Roles = [] })] };
        if (Try(peaceful) is { } calm) return Guarded(calm);
        if (failures.Count > 0 && Bearable([.. peaceful.Pending.OrderBy(job => job.Standing.SubmitSequence).ThenBy(job => job.Standing.Id.Value, StringComparer.Ordinal)]) is { Count: > 0 } bearable
            && Try(peaceful with { Pending = bearable }) is { } partial) return Guarded(partial);
        return Guarded(new Plan(snapshot.Revision, [], [], []));

        GuardedPlan Guarded(Plan safe) => new(safe, violations, failures);

        // Null where nothing of it may be applied although something was to be.
        Plan? Try(ClusterSnapshot world)
        {
            try
            {
                var result = check(world, policy, planner(world, policy, now), now);
                violations.AddRange(result.Violations.Except(violations).ToArray());
                return result.Violations.Count == 0 || result.Plan.Gangs.Count > 0 ? result.Plan : null;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The boundary of planning: a mistake in it is told, and a simpler plan tried.
                failures.Add(e);
                return null;
            }
        }

        // Halves what fails until what fails is single jobs: one of them costs about twice its logarithm in plans.
        IReadOnlyList<PendingJob> Bearable(IReadOnlyList<PendingJob> jobs)
        {
            try
            {
                planner(peaceful with { Pending = jobs }, policy, now);
                return jobs;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                var half = jobs.Count / 2;
                return half == 0 ? [] : [.. Bearable([.. jobs.Take(half)]), .. Bearable([.. jobs.Skip(half)])];
            }
        }
    }
}
