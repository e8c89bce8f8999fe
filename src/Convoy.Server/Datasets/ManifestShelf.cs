using System.Security.Cryptography;
using Convoy.Client.Datasets;
using Convoy.Core.Datasets;
using Convoy.Objects;

namespace Convoy.Server.Datasets;

/// <summary>Manifests: in the object store for good, and on this machine's disk while they are received.</summary>
public sealed class ManifestShelf
{
    private readonly IBucket bucket;
    private readonly string folder;

    public ManifestShelf(IBucket bucket, StateFolder state)
    {
        this.bucket = bucket;
        folder = state.Received;
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        // Of whoever was cut off.
        foreach (var unfinished in Directory.EnumerateFiles(folder, "*")) File.Delete(unfinished);
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

    public async Task KeepAsync(DatasetName dataset, ReceivedManifest manifest, CancellationToken cancellationToken)
    {
        await using var content = File.OpenRead(manifest.Path);
        await bucket.PutAsync(NameOf(dataset, manifest.Sha256), content, content.Length, cancellationToken);
    }

    /// <summary>Its bytes. Null where the object store has it not.</summary>
    public Task<Stream?> ReadAsync(DatasetName dataset, Sha256 sha256, long offset, long length, CancellationToken cancellationToken) => bucket.ReadAsync(NameOf(dataset, sha256), offset, length, cancellationToken);

    /// <summary>The whole of it, on this machine. Null where the object store has it not as it was.</summary>
    public async Task<ReceivedManifest?> FetchAsync(DatasetName dataset, Sha256 sha256, long bytes, CancellationToken cancellationToken)
    {
        await using var content = await ReadAsync(dataset, sha256, 0, bytes, cancellationToken);
        if (content is null) return null;
        try
        {
            var fetched = await ReceiveAsync(content, cancellationToken);
            if (fetched.Sha256 == sha256) return fetched;
            fetched.Dispose();
            return null;
        }
        catch (BadManifestException)
        {
            return null;
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

    /// <summary>For what is being received; of whoever was cut off it is gone after the next start.</summary>
    internal string NewFile() => Path.Combine(folder, $"{Guid.NewGuid():N}");

    private static string NameOf(DatasetName dataset, Sha256 sha256) => DatasetObject.Manifest(dataset, sha256).Name;
}

/// <summary>A manifest that somebody sent; gone from this machine when it is disposed of.</summary>
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
