using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>What is kept in memory of every job, the long finished ones too.</summary>
/// <param name="Tasks">How many tasks the attempt has had so far.</param>
/// <param name="Released">Those of them that were told to stop.</param>
/// <param name="IsDone">All of them have ended.</param>
internal sealed record KnownJob(long Generation, int Attempt, WantedState Wanted, int Tasks, IReadOnlyList<int> Released, bool IsDone)
{
    public static KnownJob Of(ClusterAssignment wish, bool isDone)
    {
        var wanted = wish.Assignment;
        return new KnownJob(wanted.Generation, wanted.Attempt, wanted.Wanted, wanted.Tasks.Count, wanted.Released, isDone);
    }
}

/// <summary>Which wishes are not taken.</summary>
internal static class WishRules
{
    /// <param name="had">What is known of the job; null where nothing is.</param>
    public static Refusal? Refuse(ClusterAssignment wish, KnownJob? had, IReadOnlyList<NodeObservation> nodes)
    {
        if (RefuseByHistory(wish, had) is { } refusal) return refusal;
        var wanted = wish.Assignment;
        if (wanted.Wanted == WantedState.Stop) return null;
        foreach (var task in wanted.Members.Where(task => had?.Attempt != wanted.Attempt || task.Rank >= had!.Tasks))
        {
            var node = nodes.FirstOrDefault(n => n.Name == task.Node);
            if (node is null) return Never(wanted, $"there is no node {task.Node}");
            var missing = task.Devices.Except(node.Devices).ToArray();
            if (missing.Length > 0) return Never(wanted, $"{task.Node} has no device {missing[0]}");
        }

        return null;
    }

    /// <summary>What may not follow what was, whatever the machines are.</summary>
    public static Refusal? RefuseByHistory(ClusterAssignment wish, KnownJob? had)
    {
        var wanted = wish.Assignment;
        if (had is not null)
        {
            if (wanted.Generation < had.Generation) return Never(wanted, $"generation {had.Generation} is known");
            if (wanted.Attempt < had.Attempt) return Never(wanted, $"attempt {had.Attempt} is known");
            // Devices might be given twice.
            if (wanted.Attempt > had.Attempt && !had.IsDone) return new Refusal(wanted.JobId, wanted.Generation, $"attempt {had.Attempt} has not ended yet", Permanent: false);
            if (wanted.Attempt == had.Attempt && (wanted.Tasks.Count < had.Tasks || had.Released.Except(wanted.Released).Any())) return Never(wanted, "an attempt keeps its tasks, and those released do not come back");
            if (wanted.Attempt == had.Attempt && had.Wanted == WantedState.Stop && wanted.Wanted == WantedState.Run) return Never(wanted, "a stopped attempt does not start again");
        }

        return null;
    }

    private static Refusal Never(Assignment wanted, string reason) => new(wanted.JobId, wanted.Generation, reason, Permanent: true);
}
