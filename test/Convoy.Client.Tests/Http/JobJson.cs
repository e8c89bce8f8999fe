using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Client.Tests.Http;

internal static class JobJson
{
    public const string Id = "j0123456789abcd";

    public static string Of(string id) => JsonSerializer.Serialize(
        new JobView
        {
            Id = id, Name = "digits", User = "ann", Level = "senior", Queue = "ann", Priority = JobPriority.Normal, Framework = Framework.Command, Tasks = 1, Gpus = 0, GpusPerTask = 0,
            Phase = JobPhase.Succeeded, SubmittedAt = DateTimeOffset.UnixEpoch, Restarts = 0, PlatformRestarts = 0, Nodes = [],
        },
        WireJson.Default.JobView);
}
