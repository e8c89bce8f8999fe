namespace Convoy.Core.Datasets;

/// <summary>An object of the store: a pack, which belongs to whatever data sets have it, or a manifest of one data set.</summary>
/// <param name="Dataset">Null for a pack.</param>
public readonly record struct DatasetObject(DatasetName? Dataset, Sha256 Sha256)
{
    public const string Packs = "packs/";
    public const string Manifests = "manifests/";

    public static DatasetObject Pack(Sha256 sha256) => new(null, sha256);

    public static DatasetObject Manifest(DatasetName dataset, Sha256 sha256) => new(dataset, sha256);

    /// <summary>What it is called in the store. Packs are in folders, for disks.</summary>
    public string Name => Dataset is { } dataset ? $"{Manifests}{dataset}/{Sha256}" : $"{Packs}{Sha256.ToString().AsSpan(0, 2)}/{Sha256}";

    /// <summary>False where it is none of ours.</summary>
    public static bool TryParse(string name, out DatasetObject found)
    {
        found = default;
        if (name.Split('/') is not [var kind, var folder, var hash] || !Sha256.TryParse(hash, out var sha256)) return false;
        found = kind + "/" == Manifests && DatasetName.TryParse(folder, out var dataset) ? Manifest(dataset, sha256) : Pack(sha256);
        return found.Name == name;
    }
}
