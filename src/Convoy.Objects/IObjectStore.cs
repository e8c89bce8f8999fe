namespace Convoy.Objects;

/// <summary>
/// Objects named by the SHA-256 of their bytes, 64 lower-case hexadecimal digits. An object is there whole or not at all, and never
/// changes. Uploads come in pieces and survive a crash of either side.
/// </summary>
public interface IObjectStore
{
    Task<bool> HasAsync(string sha256, CancellationToken cancellationToken);

    /// <summary>Null where there is no such object.</summary>
    Task<Stream?> OpenReadAsync(string sha256, CancellationToken cancellationToken);

    /// <summary>Bytes kept so far of this owner's unfinished upload; 0 where there is none.</summary>
    Task<long> GetUploadOffsetAsync(string owner, string sha256, CancellationToken cancellationToken);

    /// <summary>
    /// Appends a piece that begins at <paramref name="offset"/> of an object of <paramref name="length"/> bytes. What arrives before a broken
    /// connection is kept. One upload of an owner takes one piece at a time.
    /// </summary>
    /// <exception cref="ObjectStoreException">The storage failed or is full; what was kept before is still there.</exception>
    Task<UploadProgress> AppendUploadAsync(string owner, string sha256, long offset, long length, Stream piece, CancellationToken cancellationToken);

    /// <summary>All objects, in no order. What comes or goes meanwhile may be left out.</summary>
    IEnumerable<string> List();

    /// <summary>False where it is not there, or was put there again since.</summary>
    bool Remove(string sha256, DateTimeOffset untouchedSince);

    /// <summary>Forgets unfinished uploads that nobody has touched since.</summary>
    Task SweepUploadsAsync(DateTimeOffset untouchedSince, CancellationToken cancellationToken);
}

/// <param name="Offset">Bytes kept so far.</param>
public sealed record UploadProgress(UploadState State, long Offset);

public enum UploadState
{
    Unfinished,

    /// <summary>The object is there, durably.</summary>
    Complete,

    /// <summary>Another number of bytes is kept; nothing was appended.</summary>
    OffsetMismatch,

    /// <summary>The whole had another hash; the upload was forgotten.</summary>
    HashMismatch,

    /// <summary>More bytes came than the object was said to have; the upload was forgotten.</summary>
    TooLarge,
}

/// <summary>The storage failed.</summary>
public sealed class ObjectStoreException(string message, Exception inner) : Exception(message, inner);
