using Convoy.Core.Resources;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>How much a person may have stored in data sets: what their level says.</summary>
public sealed class StorageQuota(People people, IDatasetObjects objects)
{
    /// <summary>In bytes; null for no limit.</summary>
    public async ValueTask<long?> MostAsync(string owner, CancellationToken cancellationToken)
    {
        if (await people.FindAsync(owner, cancellationToken) is not { } person) return null;
        return (await people.PolicyAsync(cancellationToken)).Levels.FirstOrDefault(level => level.Name == person.Level)?.MaxStored?.Bytes;
    }

    /// <summary>Null where there is room for so many bytes more.</summary>
    public async Task<IResult?> RefusalAsync(string owner, long more, CancellationToken cancellationToken)
    {
        if (await MostAsync(owner, cancellationToken) is not { } most) return null;
        var over = await objects.GetStoredBytesAsync(owner, cancellationToken) + more - most;
        return over > 0 ? await RefusalOfAsync(owner, over, cancellationToken) : null;
    }

    /// <param name="over">Bytes above the limit.</param>
    public async Task<IResult> RefusalOfAsync(string owner, long over, CancellationToken cancellationToken) => Problems.OverCap(
        "OverQuota",
        $"the data sets of {owner} may have {new ByteSize(await MostAsync(owner, cancellationToken) ?? 0).ToRoundedText()}, and this is {new ByteSize(over).ToRoundedText()} more; delete what is not needed (`convoy dataset usage` shows what has how much), or ask an administrator for more");
}
