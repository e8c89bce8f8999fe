using Convoy.Core.Datasets;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>Who may read a data set and who may publish versions of it: its owner, administrators, and whom it was opened to. For all others it is not there.</summary>
public sealed class DatasetAccess(IDatasetStore store, People people)
{
    /// <summary>Null where there is none, or this person may not read it.</summary>
    public async Task<StoredDataset?> FindAsync(string name, Caller caller, CancellationToken cancellationToken)
    {
        if (!DatasetName.TryParse(name, out var parsed) || await store.GetDatasetAsync(parsed, cancellationToken) is not { } dataset) return null;
        return await MayAsync(dataset, caller, toWrite: false, cancellationToken) ? dataset : null;
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
