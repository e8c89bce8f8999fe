using System.Collections.Concurrent;
using Convoy.Core.Jobs;

namespace Convoy.Server;

/// <summary>
/// Wakes who waits for a job to change. Take <see cref="NextChange"/> first, then read the state, then await: nothing is
/// missed. Listeners are told of every change, in order, on the writer's thread, and must only take a note.
/// </summary>
public sealed class JobFeed
{
    private readonly ConcurrentDictionary<JobId, TaskCompletionSource> waiting = new();
    private readonly List<Action<Job>> listeners = [];

    /// <summary>Before anything is published.</summary>
    public void Listen(Action<Job> listener) => listeners.Add(listener);

    public Task NextChange(JobId id) => waiting.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Publish(Job job)
    {
        foreach (var listener in listeners) listener(job);
        Wake(job.Id);
    }

    /// <summary>Something that belongs to the job is new, though the job itself is not: metrics, progress.</summary>
    public void Wake(JobId id)
    {
        if (waiting.TryRemove(id, out var change)) change.TrySetResult();
    }
}
