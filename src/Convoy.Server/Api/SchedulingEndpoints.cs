using Convoy.Core.People;
using Convoy.Server.Authentication;

namespace Convoy.Server.Api;

public static class SchedulingEndpoints
{
    public static void MapScheduling(this IEndpointRouteBuilder api) =>
        api.MapGet("/scheduling/snapshot", SnapshotAsync).Asks(Permission.AdministerJobs).Produces<object>(200, "application/json")
            .WithSummary("All that the scheduler would decide from now: machines, jobs, levels; no environment and no secrets");

    private static async Task<IResult> SnapshotAsync(Snapshots snapshots, CancellationToken cancellationToken) =>
        Results.Bytes((await snapshots.TakeAsync(cancellationToken)).ToJson(), "application/json");
}
