using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Server.Loops;
using Convoy.Store;

namespace Convoy.Server;

/// <summary>
/// A list of jobs as a stream. First <c>reset</c>, the list as one <c>job</c> event each, and <c>synced</c>; from then on a <c>job</c>
/// event for each job that has changed, as it is by then: of several changes at once only the last is told. Who comes back with the id
/// of the last event gets what they missed, or all of it anew.
/// </summary>
public sealed class JobWatch(IStore store, JobChanges changes, SchedulingLoop scheduling, TimeProvider time)
{
    /// <summary>However fast jobs change, a watcher is told this often at most.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>How soon a waiting job's new reason is told; a plan wakes nobody.</summary>
    private static readonly TimeSpan LookAtReasons = TimeSpan.FromSeconds(5);

    /// <param name="filter">Its phase selects what the first list has; later, jobs of every phase are told.</param>
    /// <param name="limit">Of the first list.</param>
    public async Task StreamAsync(EventStream stream, JobFilter filter, int limit, string? lastId, CancellationToken cancellationToken)
    {
        var waiting = new Dictionary<JobId, (Job Job, string? Reason)>();
        var position = changes.PositionOf(lastId);
        LatestPlan? told = null;
        while (true)
        {
            var change = changes.NextChange(filter.Owner);
            var plan = scheduling.Latest;
            if (position is { } from && changes.Since(from, filter, out var upTo) is { } changed)
            {
                position = upTo;
                foreach (var job in changed) await TellAsync(new JobRecord(job, null));
            }
            else
            {
                // The position first: what changes while the list is read is told again.
                position = changes.End;
                waiting.Clear();
                await stream.AddAsync("reset", null, "{}"u8.ToArray(), cancellationToken);
                foreach (var record in await store.ListJobsAsync(filter, long.MaxValue, limit, cancellationToken)) await TellAsync(record);
                await stream.AddAsync("synced", changes.IdOf(position.Value), "{}"u8.ToArray(), cancellationToken);
            }

            if (plan != told)
            {
                foreach (var (job, reason) in waiting.Values.ToArray())
                {
                    if (ReasonOf(job, plan) != reason) await TellAsync(new JobRecord(job, null));
                }

                told = plan;
            }

            await stream.FlushAsync(cancellationToken);
            await stream.WaitAsync(change, LookAtReasons, cancellationToken);
            await Task.Delay(Pause, time, cancellationToken);

            async Task TellAsync(JobRecord record)
            {
                var job = record.Job;
                if (job.Phase != JobPhase.Pending) waiting.Remove(job.Id);
                else if (waiting.Count < limit || waiting.ContainsKey(job.Id)) waiting[job.Id] = (job, ReasonOf(job, plan));
                var view = JobViews.Brief(job, record.ProgressPermille, plan, time.GetUtcNow());
                await stream.AddAsync("job", changes.IdOf(position.Value), JsonSerializer.SerializeToUtf8Bytes(view, RequestLanguage.Json.JobView), cancellationToken);
            }
        }
    }

    private static string? ReasonOf(Job job, LatestPlan plan) => plan.Reasons.TryGetValue(job.Id, out var reason) ? reason.Token.ToString() : null;
}
