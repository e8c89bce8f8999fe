using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;

namespace Convoy.Server;

/// <summary>Reads the body of a submission, so that everything wrong with its spec is said at once.</summary>
public static class SpecBody
{
    public static async Task<(JobSpec? Spec, IResult? Refusal)> ReadAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var reading = JobSpecReader.ReadRequest(await BytesAsync(http, cancellationToken));
        return reading.Spec is { } spec ? (spec, null) : (null, Problems.InvalidSpec(reading.Problems));
    }

    public static async Task<byte[]> BytesAsync(HttpContext http, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, cancellationToken);
        return body.ToArray();
    }
}
