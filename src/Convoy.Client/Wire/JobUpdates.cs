using Convoy.Core.Jobs;

namespace Convoy.Client.Wire;

/// <summary>Body of <c>PATCH /api/v1/jobs/{job}</c>; what is left out stays as it is.</summary>
/// <param name="MaxDuration">Such as <c>4h</c>, or <c>none</c>.</param>
public sealed record JobUpdateRequest(string? Queue = null, JobPriority? Priority = null, string? MaxDuration = null);

/// <summary>What may be changed of a job.</summary>
/// <param name="MaxDuration">Null means no limit.</param>
public sealed record JobTermsView(string Queue, JobPriority Priority, string? MaxDuration);

/// <param name="Job">As it is now.</param>
/// <param name="Before">Equal to <paramref name="After"/> where nothing has changed.</param>
public sealed record JobUpdateView(JobView Job, JobTermsView Before, JobTermsView After, int SchemaVersion = 1);
