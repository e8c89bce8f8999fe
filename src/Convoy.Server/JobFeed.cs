using System.Collections.Concurrent;
using System.Collections.Immutable;
using Convoy.Core.Jobs;

namespace Convoy.Server;

/// <summary>
/// Wakes who waits for a job to change. Take <see cref="NextChange"/> first, then read the state, then await: nothing is
/// missed. Listeners are told of every change, in order, on the writer's thread, and must only take a note.
/// </summary>
public sealed class JobFeed
{
    private readonly ConcurrentDictionary<JobId, TaskCompletionSource> waiting = new();
    private ImmutableArray<Action<Job>> listeners = [];

    /// <summary>From the next change on: who has to know of every change listens before anything is published.</summary>
    public void Listen(Action<Job> listener) => ImmutableInterlocked.Update(ref listeners, known => known.Add(listener));

    public void Leave(Action<Job> listener) => ImmutableInterlocked.Update(ref listeners, known => known.Remove(listener));

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
