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
public sealed class DatasetAccess(IDatasetStore store, People people, Ledger ledger)
{
    /// <summary>Null where there is none, or this person may not read it.</summary>
    public async Task<StoredDataset?> FindAsync(string name, Caller caller, CancellationToken cancellationToken)
    {
        if (!DatasetName.TryParse(name, out var parsed) || await store.GetDatasetAsync(parsed, cancellationToken) is not { } dataset) return null;
        if (caller.ReportsFor is { } job)
        {
            if (await OwnerOfReaderAsync(job, name, cancellationToken) is not { } owner) return null;
            caller = owner;
        }

        return await MayAsync(dataset, caller, toWrite: false, cancellationToken) ? dataset : null;
    }

    private async ValueTask<Caller?> OwnerOfReaderAsync(string job, string dataset, CancellationToken cancellationToken)
    {
        if (!JobId.TryParse(job, out var id) || await ledger.FindAsync(id, cancellationToken) is not { } reader || reader.Phase.IsFinished()) return null;
        if (!reader.Spec.Datasets.Any(named => named.Name == dataset) || await people.FindAsync(reader.Owner, cancellationToken) is not { } owner) return null;
        return new Caller(owner.Name, owner.IsAdministrator);
    }

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
