using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Server.Loops;
using Convoy.Store;

namespace Convoy.Server.Api;

public static class StreamEnd
{
    /// <summary>The last event of every stream about a job: <c>end</c>, with the job as it is.</summary>
    public static Task SendEndAsync(this EventStream stream, JobRecord record, SchedulingLoop scheduling, TimeProvider time, CancellationToken cancellationToken) =>
        stream.SendAsync("end", null, JsonSerializer.SerializeToUtf8Bytes(JobViews.Full(record.Job, record.ProgressPermille, scheduling.Latest, time.GetUtcNow()), RequestLanguage.Json.JobView), cancellationToken);
}
