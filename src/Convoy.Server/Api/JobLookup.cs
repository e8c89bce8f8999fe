using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Store;

namespace Convoy.Server.Api;

/// <summary>From what people call a job to the job, where it is theirs to see.</summary>
public sealed class JobLookup(IStore store, Ledger ledger)
{
    /// <summary>By id, or else the caller's newest of that name; an administrator's view comes second to their own.</summary>
    public async Task<JobRecord?> FindAsync(string idOrName, Caller caller, CancellationToken cancellationToken)
    {
        if (JobId.TryParse(idOrName, out var id) && await store.GetJobAsync(id, cancellationToken) is { } record && caller.MaySee(record.Job.Owner)) return record;
        return await NamedAsync(idOrName, caller, unfinishedOnly: false, 1, cancellationToken) is [var newest, ..] ? newest : null;
    }

    /// <summary>The one job to act upon; more than one where an unfinished name is not unique.</summary>
    public async Task<IReadOnlyList<Job>> FindToChangeAsync(string idOrName, Caller caller, CancellationToken cancellationToken)
    {
        if (JobId.TryParse(idOrName, out var id) && await ledger.FindAsync(id, cancellationToken) is { } job && caller.MaySee(job.Owner)) return [job];
        var named = await NamedAsync(idOrName, caller, unfinishedOnly: true, 20, cancellationToken);
        if (named.Count == 0) named = await NamedAsync(idOrName, caller, unfinishedOnly: false, 1, cancellationToken);
        return [.. named.Select(record => record.Job)];
    }

    private async Task<IReadOnlyList<JobRecord>> NamedAsync(string name, Caller caller, bool unfinishedOnly, int limit, CancellationToken cancellationToken)
    {
        var own = await store.ListJobsAsync(new JobFilter(Owner: caller.User, Name: name, UnfinishedOnly: unfinishedOnly), long.MaxValue, limit, cancellationToken);
        if (own.Count > 0 || !caller.May(Permission.AdministerJobs)) return own;
        return await store.ListJobsAsync(new JobFilter(Name: name, UnfinishedOnly: unfinishedOnly), long.MaxValue, limit, cancellationToken);
    }
}
