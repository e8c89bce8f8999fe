using Convoy.Core.Datasets;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>
/// Who may read a data set and who may publish versions of it: its owner, administrators, and whom it was opened to. For all others it is not there.
/// A task reads what its job names and its owner may read still.
/// </summary>
public sealed class DatasetAccess(IDatasetStore store, IDatasetObjects objects, People people, Ledger ledger)
{
    /// <summary>Null where there is none, or this person may not read it.</summary>
    public async Task<StoredDataset?> FindAsync(string name, Caller caller, CancellationToken cancellationToken)
    {
        if (!DatasetName.TryParse(name, out var parsed)) return null;
        var dataset = await store.GetDatasetAsync(parsed, cancellationToken);
        if (await ReaderOfAsync(caller, cancellationToken) is { } job)
        {
            var named = VersionsOf(job, parsed);
            if (named.Count == 0 || await people.FindAsync(job.Owner, cancellationToken) is not { } owner) return null;
            caller = new Caller(owner.Name, owner.IsAdministrator);

            // Another data set may bear the name by now; the job reads the one that it was submitted with.
            foreach (var version in named) dataset = (await objects.GetRemovedVersionAsync(parsed, version, cancellationToken))?.Of ?? dataset;
        }
        else if (caller.ReportsFor is not null)
        {
            return null;
        }

        return dataset is not null && await MayAsync(dataset, caller, toWrite: false, cancellationToken) ? dataset : null;
    }

    /// <summary>Versions that stay for the caller though they were deleted: those that its job names.</summary>
    public async ValueTask<IReadOnlyList<DatasetVersion>> HeldAsync(Caller caller, DatasetName dataset, CancellationToken cancellationToken) =>
        await ReaderOfAsync(caller, cancellationToken) is { } job ? VersionsOf(job, dataset) : [];

    /// <summary>The unfinished job for which a task reads; null for people.</summary>
    private async ValueTask<Job?> ReaderOfAsync(Caller caller, CancellationToken cancellationToken) =>
        JobId.TryParse(caller.ReportsFor, out var id) && await ledger.FindAsync(id, cancellationToken) is { } reader && !reader.Phase.IsFinished() ? reader : null;

    private static List<DatasetVersion> VersionsOf(Job job, DatasetName dataset) =>
        [.. job.Spec.Datasets.Where(named => named.Name == dataset.Value).Select(named => DatasetVersion.TryParse(named.Version, out var version) ? version : default)];

    public async ValueTask<bool> MayAsync(StoredDataset dataset, Caller caller, bool toWrite, CancellationToken cancellationToken)
    {
        if (caller.MaySee(dataset.Owner)) return true;
        foreach (var grant in dataset.Access)
        {
            if ((grant.MayWrite || !toWrite) && (grant.Who == QueueSpec.Everybody || await IsOfAsync(caller.User, grant.Who, cancellationToken))) return true;
        }

        return false;
    }

    /// <summary>Null for administrators, who read everything.</summary>
    public async ValueTask<DatasetReader?> ReaderAsync(Caller caller, CancellationToken cancellationToken) =>
        caller.IsAdministrator ? null : new DatasetReader(caller.User, [.. await people.QueuesOfAsync(caller.User, cancellationToken), QueueSpec.Everybody]);

    /// <summary>Whether people can be called so: a user, or a queue.</summary>
    public async ValueTask<bool> IsKnownAsync(string who, CancellationToken cancellationToken) =>
        who == QueueSpec.Everybody || await people.FindAsync(who, cancellationToken) is not null || (await people.PolicyAsync(cancellationToken)).Queues.Any(queue => queue.Name == who);

    private async ValueTask<bool> IsOfAsync(string user, string who, CancellationToken cancellationToken) => who == user || await people.MayUseAsync(user, who, cancellationToken);
}
