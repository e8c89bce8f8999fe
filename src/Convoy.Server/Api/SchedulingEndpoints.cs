using Convoy.Core.People;
using Convoy.Server.Authentication;
using Convoy.Server.Loops;

namespace Convoy.Server.Api;

public static class SchedulingEndpoints
{
    public static void MapScheduling(this IEndpointRouteBuilder api) =>
        api.MapGet("/scheduling/snapshot", SnapshotAsync).Asks(Permission.AdministerJobs).Produces<object>(200, "application/json")
            .WithSummary("All that the scheduler would decide from now: machines, jobs, levels; no environment and no secrets");

    private static async Task<IResult> SnapshotAsync(SchedulingLoop scheduling, CancellationToken cancellationToken) =>
        Results.Bytes((await scheduling.CaseAsync(cancellationToken)).ToJson(), "application/json");
}
