using System.Text.Json;
using Convoy.Clusters.Remote;
using Convoy.Core.People;
using Convoy.Server.Authentication;
using Microsoft.AspNetCore.Mvc;

namespace Convoy.Server.Api;

/// <summary>What agents call. Its form is theirs and the server's, and no part of the documented API.</summary>
public static class SyncEndpoints
{
    public static void MapSync(this IEndpointRouteBuilder api) =>
        api.MapPost("/clusters/{name}/sync", SyncAsync).Asks(Permission.KeepCluster).WithMetadata(new RequestSizeLimitAttribute(SyncJson.LargestCall)).ExcludeFromDescription();

    private static async Task<IResult> SyncAsync(string name, HttpContext http, JoinedClusters joined, ClusterRequests requests, IHostApplicationLifetime life, CancellationToken cancellationToken)
    {
        if (http.Caller().KeepsCluster != name || joined.HalfOf(name) is not { } half) return Problems.NoSuch($"cluster '{name}' for this token");
        SyncCall call;
        try
        {
            call = SyncJson.ReadCall(await SpecBody.BytesAsync(http, cancellationToken));
        }
        catch (JsonException e)
        {
            return Problems.BadRequest("BadSync", $"the body is no sync call, at {e.Path ?? "$"}; is the agent of another version?");
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, life.ApplicationStopping);
        try
        {
            var answer = await half.SyncAsync(call, (asked, stop) => requests.DecideAsync(name, asked, stop), end.Token);
            return Results.Bytes(JsonSerializer.SerializeToUtf8Bytes(answer, SyncJson.Default.SyncAnswer), "application/json");
        }
        catch (SupersededException)
        {
            return Problems.Conflict("Superseded", $"another agent of cluster '{name}' has begun since; there must be one");
        }
        catch (ObjectDisposedException)
        {
            return Problems.NoSuch($"cluster '{name}' for this token");
        }
    }
}
