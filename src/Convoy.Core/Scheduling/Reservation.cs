using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>Places promised to a blocked job.</summary>
/// <param name="From">When those who hold them are expected to have gone.</param>
/// <param name="End">When the job is expected to have ended then.</param>
internal sealed record Reservation(PendingJob Job, string? Accelerator, DateTimeOffset From, DateTimeOffset End, IReadOnlyList<Place> Places)
{
    private RunningJob? holder;

    public static IReadOnlyDictionary<JobId, DateTimeOffset> Nobody { get; } = new Dictionary<JobId, DateTimeOffset>();

    /// <summary>The job as it will run then.</summary>
    public RunningJob Holder => holder ??= new StartedGang(Job, Places[0].Cluster, Accelerator, [.. Places]).AsRunning(From);

    /// <summary>Running jobs that the job may evict, and from when.</summary>
    public IReadOnlyDictionary<JobId, DateTimeOffset> MakeWay { get; init; } = Nobody;
}
