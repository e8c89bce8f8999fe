using Convoy.Core.Datasets;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>Finds the version that is meant by a version or a tag.</summary>
public sealed class DatasetLookup(IDatasetStore store, IDatasetObjects objects)
{
    /// <param name="held">Versions that are found though they were deleted.</param>
    public async Task<StoredVersion?> FindAsync(StoredDataset dataset, string wanted, IReadOnlyList<DatasetVersion> held, CancellationToken cancellationToken) =>
        (dataset.IsRemoved ? null : await FindAsync(dataset, wanted, cancellationToken))
        ?? (DatasetVersion.TryParse(wanted, out var version) && held.Contains(version) ? (await objects.GetRemovedVersionAsync(dataset.Name, version, cancellationToken))?.Version : null);

    public async Task<StoredVersion?> FindAsync(StoredDataset dataset, string wanted, CancellationToken cancellationToken)
    {
        if (!DatasetVersion.TryParse(wanted, out var version))
        {
            if (!DatasetTag.TryParse(wanted, out var tag) || (await store.ListTagsAsync(dataset.Name, cancellationToken)).FirstOrDefault(known => known.Tag == tag) is not { } pointer) return null;
            version = pointer.Version;
        }

        return await store.GetVersionAsync(dataset.Name, version, cancellationToken);
    }
}
