using Dapper;

namespace Convoy.Store.Sqlite;

public sealed partial class SqliteStore
{
    private const string SelectPauses = "SELECT part AS Part, changed_by AS ChangedBy, changed_at AS ChangedAt, reason AS Reason FROM pauses ORDER BY part";

    /// <summary>One for each part at most.</summary>
    public Task<IReadOnlyList<Pause>> ListPausesAsync(CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<Pause>>(connection => [.. connection.Query<PauseRow>(SelectPauses).Select(row => row.ToPause())], cancellationToken);

    /// <summary>Takes the place of an earlier one.</summary>
    public Task SavePauseAsync(Pause pause, CancellationToken cancellationToken) => WriteAsync(
        connection => connection.Execute(
            "INSERT OR REPLACE INTO pauses (part, changed_by, changed_at, reason) VALUES (@part, @By, @at, @Reason)",
            new { part = pause.Part.ToString(), pause.By, at = StoredTime.Of(pause.At), pause.Reason }),
        cancellationToken);

    public Task RemovePauseAsync(PausedPart part, CancellationToken cancellationToken) =>
        WriteAsync(connection => connection.Execute("DELETE FROM pauses WHERE part = @part", new { part = part.ToString() }), cancellationToken);

    private sealed class PauseRow
    {
        public required string Part { get; init; }

        public required string ChangedBy { get; init; }

        public required long ChangedAt { get; init; }

        public string? Reason { get; init; }

        public Pause ToPause() => new(Enum.Parse<PausedPart>(Part), ChangedBy, StoredTime.At(ChangedAt), Reason);
    }
}
