using Convoy.Core.Jobs;

namespace Convoy.Clusters.Tests;

/// <summary>Assignments to try with.</summary>
public static class Wishes
{
    private static int jobs;

    /// <summary>One task per node, in order, with its node's first devices.</summary>
    public static ClusterAssignment Run(IReadOnlyList<string> command, int tasks = 1, int devices = 0, int nodes = 2, int owner = 1, Func<JobSpec, JobSpec>? change = null)
    {
        var spec = new JobSpec
        {
            Name = "trial",
            Roles = new Dictionary<string, RoleSpec>
            {
                ["worker"] = new() { Command = command, Replicas = new Replicas(tasks, tasks), Resources = new ResourceSpec { Gpu = devices } },
            },
            Checkpoint = new CheckpointSpec { Grace = TimeSpan.FromSeconds(10) },
        };
        return new ClusterAssignment(
            new Assignment
            {
                JobId = JobId.FromKey("trial", $"{Environment.ProcessId}-{Interlocked.Increment(ref jobs)}-{Guid.NewGuid()}"),
                Generation = 1,
                Wanted = WantedState.Run,
                Attempt = 1,
                Cluster = "local",
                Owner = $"person{owner}",
                Spec = change?.Invoke(spec) ?? spec,
                Tasks = [.. Enumerable.Range(0, tasks).Select(rank => new TaskPlacement("worker", rank, rank, $"node-{rank % nodes}", [.. Enumerable.Range(0, devices)]))],
            },
            owner,
            "cvy_trial_token");
    }

    public static ClusterAssignment Stopped(this ClusterAssignment wish) =>
        wish with { Assignment = wish.Assignment with { Generation = wish.Assignment.Generation + 1, Wanted = WantedState.Stop, StopCause = StopCause.Cancelled } };

    /// <summary>The same attempt with one more task, on the node whose turn it is.</summary>
    public static ClusterAssignment Grown(this ClusterAssignment wish, int nodes = 2)
    {
        var (had, rank) = (wish.Assignment, wish.Assignment.Tasks.Count);
        return wish with { Assignment = had with { Generation = had.Generation + 1, Tasks = [.. had.Tasks, had.Tasks[0] with { RoleIndex = rank, Rank = rank, Node = $"node-{rank % nodes}" }] } };
    }

    /// <summary>The same attempt without these ranks.</summary>
    public static ClusterAssignment Without(this ClusterAssignment wish, params int[] ranks) =>
        wish with { Assignment = wish.Assignment with { Generation = wish.Assignment.Generation + 1, Released = [.. wish.Assignment.Released, .. ranks] } };

    public static ClusterAssignment NextAttempt(this ClusterAssignment wish) =>
        wish with { Assignment = wish.Assignment with { Generation = wish.Assignment.Generation + 1, Wanted = WantedState.Run, Attempt = wish.Assignment.Attempt + 1, StopCause = null } };
}
