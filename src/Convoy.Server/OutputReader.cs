using System.Globalization;
using Convoy.Client.Wire;
using Convoy.Clusters;
using Convoy.Core.Jobs;
using Convoy.Objects.Outputs;
using Convoy.Server.Api;

namespace Convoy.Server;

/// <param name="AllAttempts">Else one: the one asked for, or the newest that has any.</param>
/// <param name="Prefix">Only paths that begin like this.</param>
public sealed record OutputRequest(TaskChoice Tasks, bool AllAttempts, string Prefix);

/// <summary>Where a list goes on: text form <c>2:0:512</c>, or <c>2:1:</c> at a task's beginning.</summary>
public sealed record OutputCursor(int Attempt, int Rank, long? From)
{
    public static OutputCursor? Parse(string text)
    {
        var parts = text.Split(':');
        if (parts.Length != 3 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var rank)) return null;
        if (parts[2].Length == 0) return new OutputCursor(attempt, rank, null);
        return long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var from) ? new OutputCursor(attempt, rank, from) : null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Attempt}:{Rank}:{From}");
}

/// <summary>Lists the outputs of several tasks as one.</summary>
public sealed class OutputReader(ITaskOutputs outputs)
{
    /// <summary>Null where the cursor is none that a page gave.</summary>
    public async Task<OutputListView?> ReadAsync(Job job, OutputRequest wanted, OutputCursor? cursor, int limit, CancellationToken cancellationToken)
    {
        var tasks = (await outputs.ListAsync(job.Id, cancellationToken)).Where(task => Placement(job, task) is { } placed && (wanted.Tasks.Role ?? placed.Role) == placed.Role && (wanted.Tasks.Rank ?? task.Rank) == task.Rank).ToArray();

        // A page goes on in its attempt, though a newer one may have ended by now.
        int? attempt = wanted.AllAttempts ? null : cursor?.Attempt ?? wanted.Tasks.Attempt ?? tasks.LastOrDefault(task => task.IsKept || HasEnded(job, task.Attempt))?.Attempt;
        var chosen = tasks.Where(task => wanted.AllAttempts || task.Attempt == attempt).ToArray();
        var kept = chosen.Where(task => task.IsKept).ToArray();
        var items = new List<OutputFileView>();
        string? next = null;
        foreach (var task in kept.Where(task => cursor is null || (task.Attempt, task.Rank).CompareTo((cursor.Attempt, cursor.Rank)) >= 0))
        {
            if (items.Count == limit)
            {
                next = new OutputCursor(task.Attempt, task.Rank, null).ToString();
                break;
            }

            var from = cursor is not null && (task.Attempt, task.Rank) == (cursor.Attempt, cursor.Rank) ? cursor.From : null;
            if (await outputs.ReadAsync(job.Id, task.Attempt, task.Rank, wanted.Prefix, from, limit - items.Count, cancellationToken) is not { } page) return null;
            items.AddRange(page.Entries.Select(entry => View(job, task, entry)));
            if (page.Next is not { } position) continue;
            next = new OutputCursor(task.Attempt, task.Rank, position).ToString();
            break;
        }

        var waiting = chosen.Count(task => !task.IsKept && HasEnded(job, task.Attempt));
        return new OutputListView(items, next)
        {
            Attempt = attempt,
            Totals = cursor is null ? await TotalsAsync(job.Id, kept, cancellationToken) : null,
            Waiting = waiting,
            Running = tasks.Count(task => !task.IsKept && !HasEnded(job, task.Attempt)),
        };
    }

    private static bool HasEnded(Job job, int attempt) => job.Attempts[attempt - 1].EndedAt is not null;

    private static TaskPlacement? Placement(Job job, TaskOutput task) =>
        task.Attempt <= job.Attempts.Count ? job.Attempts[task.Attempt - 1].Tasks.Select(run => run.Placement).FirstOrDefault(placed => placed.Rank == task.Rank) : null;

    private static OutputFileView View(Job job, TaskOutput task, OutputEntry entry) => new(
        task.Attempt, Placement(job, task)!.Role, task.Rank, entry.Path, entry.Size, entry.ModifiedAt, (entry.Mode & (int)UnixFileMode.UserExecute) != 0, entry.Sha256, entry.LeftBehind?.ToString(), entry.Target);

    private async Task<OutputTotalsView> TotalsAsync(JobId job, IEnumerable<TaskOutput> tasks, CancellationToken cancellationToken)
    {
        var totals = new OutputTotalsView(0, 0, 0);
        foreach (var task in tasks)
        {
            if (await outputs.SummaryAsync(job, task.Attempt, task.Rank, cancellationToken) is { } one) totals = new OutputTotalsView(totals.Files + one.Files, totals.Bytes + one.Bytes, totals.LeftBehind + one.LeftBehind);
        }

        return totals;
    }
}
