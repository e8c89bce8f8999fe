using System.Text;
using Convoy.Core.Languages;
using Convoy.Objects;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>An object that says whose the others are: two platforms that shared a place would remove each other's packs.</summary>
public sealed class OwnerMark(IBucket bucket, IDatasetObjects objects)
{
    private const string Name = "owner";
    private const int LongestMark = 100;

    /// <summary>Makes the place this platform's where it is nobody's. False where it is another's.</summary>
    public async Task<bool> IsOursAsync(CancellationToken cancellationToken)
    {
        var ours = await objects.GetInstallationAsync(Guid.NewGuid().ToString("n"), cancellationToken);
        if (await ReadAsync(cancellationToken) is { } there) return there == ours;
        using (var content = new MemoryStream(Encoding.ASCII.GetBytes(ours), writable: false)) await bucket.PutAsync(Name, content, content.Length, cancellationToken);

        // Of two at once the later one's stays.
        return await ReadAsync(cancellationToken) == ours;
    }

    private async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        await using var content = await bucket.ReadAsync(Name, 0, LongestMark, cancellationToken);
        if (content is null) return null;
        using var reader = new StreamReader(content, Encoding.ASCII);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}

/// <summary>The place where data sets are to lie is another platform's.</summary>
/// <param name="option">That names it.</param>
public sealed class ForeignPlaceException(string option) : Exception($"the object store of {option} is another platform's"), IExplained
{
    public Text Explanation { get; } = $"the object store of {option} belongs to another platform, and each would remove what it does not know of; give it another prefix, or, where this is that platform and its database was lost, remove the object 'owner' there";
}
