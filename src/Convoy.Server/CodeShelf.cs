using Convoy.Core.Jobs;
using Convoy.Store.Sqlite;

namespace Convoy.Server;

/// <summary>Sees to it that an archive that a submission names is not removed before the job is there that keeps it.</summary>
public sealed class CodeShelf(SqliteStore store, TimeProvider time)
{
    public Task TouchAsync(string owner, string sha256, CancellationToken cancellationToken) => store.TouchCodeAsync(owner, sha256, time.GetUtcNow(), cancellationToken);

    public Task TouchAsync(string owner, JobSpec spec, CancellationToken cancellationToken) =>
        spec.Code?.Archive is { } archive ? TouchAsync(owner, archive, cancellationToken) : Task.CompletedTask;
}
