using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;

namespace Convoy.Server;

/// <summary>Reads the body of a submission, so that everything wrong with its spec is said at once.</summary>
public static class SpecBody
{
    public static async Task<(JobSpec? Spec, IResult? Refusal)> ReadAsync(HttpContext http, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, cancellationToken);
        var reading = JobSpecReader.ReadRequest(body.GetBuffer().AsSpan(0, (int)body.Length));
        return reading.Spec is { } spec ? (spec, null) : (null, Problems.InvalidSpec(reading.Problems));
    }
}
