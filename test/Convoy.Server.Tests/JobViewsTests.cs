using Convoy.Core.Jobs;
using Convoy.Server.Loops;

namespace Convoy.Server.Tests;

public sealed class JobViewsTests
{
    [Theory]
    [InlineData(JobPhase.Running, "node-1")]
    [InlineData(JobPhase.Succeeded, "node-1")]
    [InlineData(JobPhase.Pending, "")]
    [InlineData(JobPhase.Suspended, "")]
    public void A_job_that_waits_again_names_no_nodes(JobPhase phase, string nodes)
    {
        var job = new Job
        {
            Id = JobId.FromKey("mei", "1"),
            Owner = "mei",
            Level = "engineer",
            Queue = "mei",
            SubmitSequence = 1,
            SubmittedAt = DateTimeOffset.UnixEpoch,
            Phase = phase,
            Spec = new JobSpec { Name = "digits", Roles = new Dictionary<string, RoleSpec> { ["worker"] = new() { Command = ["true"] } } },
            Attempts = [new Attempt { Number = 1, Cluster = "local", AssignedAt = DateTimeOffset.UnixEpoch, Tasks = [new TaskRun(new TaskPlacement("worker", 0, 0, "node-1", []))] }],
        };

        string.Join(',', JobViews.Brief(job, null, LatestPlan.None, DateTimeOffset.UnixEpoch).Nodes).ShouldBe(nodes);
    }
}
