using Convoy.Core.Datasets;
using Convoy.Core.Languages;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>Makes a manifest that somebody sent the next version of a data set, once every byte that it names is there.</summary>
public sealed class Publication(IDatasetStore store, IDatasetObjects objects, Claims claims, StorageQuota quota, ManifestShelf manifests, PackShelf shelf, TimeProvider time)
{
    private const int PacksOfQuestion = 1000;

    /// <returns>The version, or why there is none.</returns>
    public async Task<(StoredVersion? Version, IResult? Refusal)> PublishAsync(StoredDataset dataset, Stream content, DatasetTag? tag, string by, CancellationToken cancellationToken)
    {
        try
        {
            if (await quota.RefusalAsync(dataset.Owner, 0, cancellationToken) is { } over) return (null, over);
            using var received = await manifests.ReceiveAsync(content, cancellationToken);
            var bytes = new FileInfo(received.Path).Length;

            // What the manifest names stays from the moment that it is told, so what is seen to be there then is there for good.
            if (await claims.ManifestAsync(dataset.Name, received.Sha256, bytes, cancellationToken) is not { } claim) return (null, Problems.NotFound($"data set '{dataset.Name}'"));
            if (await RefusalAsync(claim, received.Manifest, cancellationToken) is { } refusal) return (null, refusal);
            await manifests.KeepAsync(dataset.Name, received, cancellationToken);
            var version = new StoredVersion(dataset.Name, default, received.Sha256, bytes, received.Manifest.Figures, by, time.GetUtcNow());
            return await store.PublishVersionAsync(version, tag, claim, cancellationToken) is { } published ? (published, null) : (null, GivenUp());
        }
        catch (BadManifestException e)
        {
            return (null, Problems.Invalid("BadManifest", e.Explanation));
        }
    }

    /// <summary>Packs that the data set has not, or that are not what the manifest says.</summary>
    private async Task<IResult?> RefusalAsync(long claim, Manifest manifest, CancellationToken cancellationToken)
    {
        for (var first = 0; first < manifest.Packs; first += PacksOfQuestion)
        {
            var packs = Enumerable.Range(first, Math.Min(PacksOfQuestion, manifest.Packs - first)).Select(manifest.PackAt).ToArray();
            if (await objects.ListPacksAsync(claim, packs, time.GetUtcNow(), cancellationToken) is not { } listed) return GivenUp();
            var had = (await shelf.ThereAsync(listed, cancellationToken)).ToDictionary(pack => pack.Sha256);
            var missing = packs.Where(pack => !had.ContainsKey(pack.Sha256)).ToArray();
            if (missing.Length > 0) return Problems.Conflict("MissingPacks", $"the manifest names packs that were not sent: {Text.Count(missing.Length, "pack")}, the first {missing[0].Sha256}; push again");
            if (packs.FirstOrDefault(pack => !IsSame(manifest, pack, had[pack.Sha256])) is { Length: > 0 } other) return Problems.Invalid("BadManifest", $"the manifest says of pack {other.Sha256} what is not so; push again");
        }

        return null;
    }

    private static IResult GivenUp() => Problems.Conflict("MissingPacks", "the data set was deleted meanwhile, or this took so long that what was sent is no longer kept; push again");

    private static bool IsSame(Manifest manifest, Pack pack, StoredPack stored)
    {
        if (pack.Length != stored.Bytes) return false;
        for (var segment = 0; segment < pack.Segments; segment++)
        {
            if (manifest.SegmentHash(pack.FirstSegment + segment) != Sha256.Read(stored.SegmentHashes.AsSpan(segment * Sha256.Size))) return false;
        }

        return true;
    }
}
