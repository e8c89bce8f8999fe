using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Server;

/// <summary>Reads a <see cref="SubmitRequest"/> so that everything wrong with its spec is said at once.</summary>
public static class SpecBody
{
    public static async Task<(JobSpec? Spec, IResult? Refusal)> ReadAsync(HttpContext http, CancellationToken cancellationToken)
    {
        try
        {
            var request = await JsonSerializer.DeserializeAsync(http.Request.Body, WireJson.Default.SubmitRequest, cancellationToken);
            return request?.Spec is { } spec ? (spec, null) : (null, Problems.BadRequest("BadBody", "the body has no spec"));
        }
        catch (JsonException e)
        {
            return (null, Problems.BadRequest("BadBody", e.Message));
        }
    }
}
