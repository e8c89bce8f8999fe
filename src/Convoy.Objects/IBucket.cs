namespace Convoy.Objects;

/// <summary>
/// A place for objects with names of their own, on a disk or in a cloud. An object is there whole or not at all. Names are paths of
/// <c>a-z A-Z 0-9 . _ -</c> with slashes, without an empty part and without one that starts with a dot.
/// </summary>
/// <remarks>Every call throws <see cref="ObjectStoreException"/> where the storage failed after what was worth trying again was tried again.</remarks>
public interface IBucket
{
    /// <summary>Null where there is no such object.</summary>
    Task<StoredObject?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>Takes the place of what was there. Durable when it returns; where it throws, what was there before is there still.</summary>
    /// <param name="content">Read once, from where it stands; it has exactly <paramref name="length"/> more bytes.</param>
    Task PutAsync(string name, Stream content, long length, CancellationToken cancellationToken);

    /// <summary>Null where there is no such object. A stream of exactly <paramref name="length"/> bytes, or less where the object ends before: a connection that breaks is taken up where it broke.</summary>
    Task<Stream?> ReadAsync(string name, long offset, long length, CancellationToken cancellationToken);

    /// <summary>In ordinal order of the names.</summary>
    /// <param name="prefix">What every name starts with.</param>
    /// <param name="after">The name to go on behind; empty from the first.</param>
    IAsyncEnumerable<StoredObject> ListAsync(string prefix, string after, CancellationToken cancellationToken);

    /// <summary>Nothing where there is no such object.</summary>
    Task RemoveAsync(string name, CancellationToken cancellationToken);

    /// <summary>An address at which anybody who has it may read the object for so long; null where the store gives none.</summary>
    Uri? LinkTo(string name, TimeSpan validFor);
}

/// <param name="Length">Bytes.</param>
public sealed record StoredObject(string Name, long Length, DateTimeOffset ModifiedAt);
