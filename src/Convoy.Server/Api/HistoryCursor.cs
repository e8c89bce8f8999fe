using System.Globalization;
using Convoy.Core.Jobs;

namespace Convoy.Server.Api;

/// <summary>Where a history goes on: unfinished jobs by submit sequence, then finished ones by their end.</summary>
/// <param name="Unfinished">From above this sequence.</param>
/// <param name="Finished">Null while there are unfinished ones left.</param>
internal sealed record HistoryCursor(long Unfinished, HistoryCursor.Ended? Finished)
{
    private const string Waits = "u-";
    private const string Ends = "f-";

    /// <summary>Null where the text is no cursor.</summary>
    public static async ValueTask<HistoryCursor?> ReadAsync(string? text, Ledger ledger, CancellationToken cancellationToken)
    {
        if (text is null) return new HistoryCursor(0, null);
        if (text == Ends) return new HistoryCursor(0, new Ended(null));
        if (text.StartsWith(Waits, StringComparison.Ordinal)) return long.TryParse(text[Waits.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? new HistoryCursor(sequence, null) : null;
        return text.StartsWith(Ends, StringComparison.Ordinal) && JobId.TryParse(text[Ends.Length..], out var id) && await ledger.FindAsync(id, cancellationToken) is { } job && job.Phase.IsFinished() && job.Attempts.Count > 0
            ? new HistoryCursor(0, new Ended(job))
            : null;
    }

    public string? Next(IReadOnlyList<Job> page, int limit)
    {
        if (Finished is not null) return page.Count < limit ? null : Ends + page[^1].Id.Value;
        return page.Count < limit ? Ends : Waits + page[^1].SubmitSequence.ToString(CultureInfo.InvariantCulture);
    }

    /// <param name="After">Null at the beginning.</param>
    public sealed record Ended(Job? After);
}
