using System.Security.Cryptography;
using Convoy.Client.Datasets;
using Convoy.Core.Datasets;
using Convoy.Objects;

namespace Convoy.Server.Datasets;

/// <summary>Manifests: in the object store for good, and on this machine's disk those that somebody looked into lately.</summary>
public sealed class ManifestShelf
{
    /// <summary>On this machine. The others come again when they are asked for.</summary>
    private const int MostKept = 64;

    private readonly IBucket bucket;
    private readonly string folder;

    public ManifestShelf(IBucket bucket, StateFolder state)
    {
        this.bucket = bucket;
        folder = state.Manifests;
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        // Of whoever was cut off.
        foreach (var unfinished in Directory.EnumerateFiles(folder, "*.new")) File.Delete(unfinished);
    }

    /// <summary>What somebody sends: read in full before anything else is done with it.</summary>
    /// <exception cref="BadManifestException">It is no manifest, or longer than it may be.</exception>
    public async Task<ReceivedManifest> ReceiveAsync(Stream content, CancellationToken cancellationToken)
    {
        var path = NewFile();
        try
        {
            var hash = await SaveAsync(content, path, cancellationToken);
            return new ReceivedManifest(path, hash);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Puts it into the object store, and keeps it at hand.</summary>
    public async Task KeepAsync(DatasetName dataset, ReceivedManifest manifest, CancellationToken cancellationToken)
    {
        await using (var content = File.OpenRead(manifest.Path))
        {
            await bucket.PutAsync(NameOf(dataset, manifest.Sha256), content, content.Length, cancellationToken);
        }

        File.Move(manifest.Path, FileOf(manifest.Sha256), overwrite: true);
        Forget();
    }

    /// <summary>To be read and disposed of. Null where the object store has it not.</summary>
    public async Task<MappedManifest?> OpenAsync(DatasetName dataset, Sha256 sha256, CancellationToken cancellationToken)
    {
        var file = FileOf(sha256);
        if (!File.Exists(file) && !await FetchAsync(dataset, sha256, file, cancellationToken)) return null;
        try
        {
            File.SetLastAccessTimeUtc(file, DateTime.UtcNow);
            return MappedManifest.Open(file, isTrusted: true);
        }
        catch (FileNotFoundException)
        {
            // Others were wanted more in this very moment.
            return await FetchAsync(dataset, sha256, file, cancellationToken) ? MappedManifest.Open(file, isTrusted: true) : null;
        }
    }

    /// <summary>Its bytes. Null where the object store has it not.</summary>
    public Task<Stream?> ReadAsync(DatasetName dataset, Sha256 sha256, long offset, long length, CancellationToken cancellationToken) => bucket.ReadAsync(NameOf(dataset, sha256), offset, length, cancellationToken);

    private async Task<bool> FetchAsync(DatasetName dataset, Sha256 sha256, string file, CancellationToken cancellationToken)
    {
        var fresh = NewFile();
        try
        {
            await using var content = await bucket.ReadAsync(NameOf(dataset, sha256), 0, long.MaxValue, cancellationToken);
            if (content is null) return false;
            if (await SaveAsync(content, fresh, cancellationToken) != sha256) throw new ObjectStoreException($"the manifest {sha256} of data set {dataset} is damaged in the object store", new InvalidDataException());
            File.Move(fresh, file, overwrite: true);
            Forget();
            return true;
        }
        finally
        {
            File.Delete(fresh);
        }
    }

    private static async Task<Sha256> SaveAsync(Stream content, string path, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite, Options = FileOptions.Asynchronous });
        var buffer = new byte[1 << 17];
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (file.Length + read > int.MaxValue) throw new BadManifestException($"this is no manifest of a data set: it is longer than 2 GiB");
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return Sha256.Read(hash.GetHashAndReset());
    }

    private void Forget()
    {
        foreach (var old in new DirectoryInfo(folder).EnumerateFiles("*.manifest").OrderByDescending(file => file.LastAccessTimeUtc).Skip(MostKept)) old.Delete();
    }

    /// <summary>For what is being received; of whoever was cut off it is gone after the next start.</summary>
    internal string NewFile() => Path.Combine(folder, $"{Guid.NewGuid():N}.new");

    private string FileOf(Sha256 sha256) => Path.Combine(folder, $"{sha256}.manifest");

    private static string NameOf(DatasetName dataset, Sha256 sha256) => $"manifests/{dataset}/{sha256}";
}

/// <summary>A manifest that somebody sent; gone when it is disposed of, unless it was kept.</summary>
/// <exception cref="BadManifestException">It is none.</exception>
public sealed class ReceivedManifest(string path, Sha256 sha256) : IDisposable
{
    private readonly MappedManifest mapped = MappedManifest.Open(path, isTrusted: false);

    public string Path => path;

    public Sha256 Sha256 => sha256;

    /// <summary>Readable until this is disposed of.</summary>
    public Manifest Manifest => mapped.Manifest;

    public void Dispose()
    {
        ((IDisposable)mapped).Dispose();
        File.Delete(path);
    }
}
