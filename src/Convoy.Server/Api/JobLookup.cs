using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Store;

namespace Convoy.Server.Api;

/// <summary>From what people call a job to the job, where it is theirs to see.</summary>
public sealed class JobLookup(IStore store, Ledger ledger)
{
    /// <summary>So many are listed where a name means several.</summary>
    private const int MostNamed = 20;

    /// <summary>By id, or else the caller's newest of that name; an administrator's view comes second to their own.</summary>
    public async Task<JobRecord?> FindAsync(string idOrName, Caller caller, CancellationToken cancellationToken)
    {
        if (JobId.TryParse(idOrName, out var id) && await store.GetJobAsync(id, cancellationToken) is { } record && caller.MaySee(record.Job.Owner)) return record;
        foreach (var owner in OwnersFor(caller))
        {
            if (await store.ListJobsAsync(new JobFilter(Owner: owner, Name: idOrName), long.MaxValue, 1, cancellationToken) is [var newest, ..]) return newest;
        }

        return null;
    }

    /// <summary>The one job to act upon; more than one where an unfinished name is not unique.</summary>
    public async Task<IReadOnlyList<Job>> FindToChangeAsync(string idOrName, Caller caller, CancellationToken cancellationToken)
    {
        if (JobId.TryParse(idOrName, out var id) && await ledger.FindAsync(id, cancellationToken) is { } job && caller.MaySee(job.Owner)) return [job];
        foreach (var owner in OwnersFor(caller))
        {
            var named = await store.ListJobsAsync(new JobFilter(Owner: owner, Name: idOrName, UnfinishedOnly: true), long.MaxValue, MostNamed, cancellationToken);
            if (named.Count == 0) named = await store.ListJobsAsync(new JobFilter(Owner: owner, Name: idOrName), long.MaxValue, 1, cancellationToken);
            if (named.Count > 0) return [.. named.Select(record => record.Job)];
        }

        return [];
    }

    /// <summary>A name means one of the caller's own jobs, even one that has finished, before it means another's; null stands for everybody.</summary>
    private static IEnumerable<string?> OwnersFor(Caller caller) => caller.May(Permission.AdministerJobs) ? [caller.User, null] : [caller.User];
}
