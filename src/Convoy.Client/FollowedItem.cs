using Convoy.Client.Wire;

namespace Convoy.Client;

/// <summary>One item of a stream about a job; the last one has the job as it is then, and no value.</summary>
public readonly record struct FollowedItem<T>(T? Value, JobView? End)
    where T : class;
