using System.Globalization;
using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Clusters;
using Convoy.Core.Jobs;
using Convoy.Server.Api;
using Convoy.Server.Loops;
using Convoy.Store;

namespace Convoy.Server;

/// <summary>Null means any, or all.</summary>
/// <param name="Tail">Only the last so many lines.</param>
public sealed record LogRequest(int? Attempt, string? Role, int? Rank, DateTimeOffset? Since, int? Tail, bool Follow);

/// <summary>Where a reader stands: the attempt, and the next byte of each rank it reads. Text form <c>2:0=512,1=80</c>.</summary>
public sealed record LogCursor(int Attempt, IReadOnlyDictionary<int, long> Offsets)
{
    public static LogCursor? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > 1 << 20) return null;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !int.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) || attempt < 1) return null;
        var offsets = new Dictionary<int, long>();
        foreach (var part in text[(colon + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = part.Split('=');
            if (pair.Length != 2
                || !int.TryParse(pair[0], NumberStyles.None, CultureInfo.InvariantCulture, out var rank)
                || !long.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)) return null;
            offsets[rank] = offset;
        }

        return new LogCursor(attempt, offsets);
    }

    public override string ToString() => $"{Attempt.ToString(CultureInfo.InvariantCulture)}:{string.Join(',', Offsets.Select(o => string.Create(CultureInfo.InvariantCulture, $"{o.Key}={o.Value}")))}";
}

/// <summary>Reads several tasks' logs as one stream, from attempt to attempt, without a gap or a repeat.</summary>
public sealed class LogReader(IEnumerable<ITaskLogs> logs, IStore store, Ledger ledger, JobFeed feed, SchedulingLoop scheduling, TimeProvider time)
{
    private const int SliceBytes = 64 << 10;
    private const int TailBytes = 8 << 20;

    /// <summary>How soon new output is looked for.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    private readonly ITaskLogs logs = logs.Single();

    public async Task StreamAsync(EventStream stream, JobId id, LogRequest wanted, LogCursor? cursor, CancellationToken cancellationToken)
    {
        var job = (await ledger.FindAsync(id, cancellationToken))!;
        var number = cursor?.Attempt ?? wanted.Attempt ?? Math.Max(1, job.Attempts.Count);
        while (true)
        {
            job = await AttemptAsync(stream, id, number, wanted, cursor, cancellationToken);
            if (!wanted.Follow || wanted.Attempt is not null || (job.Phase.IsFinished() && job.Attempts.Count <= number)) break;
            number++;
            cursor = null;
            wanted = wanted with { Since = null, Tail = null };
        }

        feed.Wake(id);
        await stream.SendEndAsync((await store.GetJobAsync(id, cancellationToken))!, scheduling, time, cancellationToken);
    }

    /// <summary>Returns when nothing of the attempt is left to read; when following, also not before it has ended.</summary>
    private async Task<Job> AttemptAsync(EventStream stream, JobId id, int number, LogRequest wanted, LogCursor? cursor, CancellationToken cancellationToken)
    {
        SortedDictionary<int, long>? offsets = null;
        while (true)
        {
            var change = feed.NextChange(id);
            var job = (await ledger.FindAsync(id, cancellationToken))!;
            var attempt = job.Attempts.Count >= number ? job.Attempts[number - 1] : null;
            var sent = false;
            if (attempt is not null)
            {
                var tasks = attempt.Tasks.Select(task => task.Placement).Where(task => (wanted.Role ?? task.Role) == task.Role && (wanted.Rank ?? task.Rank) == task.Rank).ToArray();
                offsets ??= await StartAsync(id, number, tasks, wanted, cursor, cancellationToken);
                foreach (var task in tasks) offsets.TryAdd(task.Rank, 0); // A gang may grow while it is read.
                foreach (var task in tasks) sent |= await SendNextAsync(stream, id, number, task, offsets, cancellationToken);
            }

            if (sent) continue;
            if (!wanted.Follow || attempt?.EndedAt is not null || job.Phase.IsFinished()) return job;
            await stream.WaitAsync(change, attempt is null ? Timeout.InfiniteTimeSpan : LookAgain, cancellationToken);
        }
    }

    private async Task<bool> SendNextAsync(EventStream stream, JobId id, int number, TaskPlacement task, SortedDictionary<int, long> offsets, CancellationToken cancellationToken)
    {
        var slice = await logs.ReadAsync(id, number, task.Rank, offsets[task.Rank], SliceBytes, cancellationToken);
        if (slice.Bytes.IsEmpty) return false;
        offsets[task.Rank] = slice.Offset + slice.Bytes.Length;
        var chunk = new LogChunk(number, task.Role, task.Rank, slice.Offset, slice.Bytes);
        await stream.SendAsync("log", new LogCursor(number, offsets).ToString(), JsonSerializer.SerializeToUtf8Bytes(chunk, RequestLanguage.Json.LogChunk), cancellationToken);
        return true;
    }

    private async Task<SortedDictionary<int, long>> StartAsync(JobId id, int number, TaskPlacement[] tasks, LogRequest wanted, LogCursor? cursor, CancellationToken cancellationToken)
    {
        var offsets = new SortedDictionary<int, long>();
        foreach (var rank in tasks.Select(task => task.Rank))
        {
            if (cursor?.Attempt == number && cursor.Offsets.TryGetValue(rank, out var offset))
            {
                offsets[rank] = offset;
                continue;
            }

            var start = wanted.Since is { } since ? await logs.OffsetAtAsync(id, number, rank, since, cancellationToken) : 0;
            offsets[rank] = wanted.Tail is { } lines ? Math.Max(start, await TailAsync(id, number, rank, lines, cancellationToken)) : start;
        }

        return offsets;
    }

    /// <summary>Where the last lines begin; at most the last few megabytes are looked at.</summary>
    private async Task<long> TailAsync(JobId id, int number, int rank, int lines, CancellationToken cancellationToken)
    {
        var end = await logs.EndAsync(id, number, rank, cancellationToken);
        if (lines == 0) return end;
        var from = end;
        var left = lines;
        while (from > 0 && end - from < TailBytes)
        {
            var begin = Math.Max(0, from - SliceBytes);
            var slice = await logs.ReadAsync(id, number, rank, begin, (int)(from - begin), cancellationToken);
            for (var i = slice.Bytes.Length - 1; i >= 0; i--)
            {
                // The newline that ends the last line begins no line.
                if (slice.Bytes.Span[i] == '\n' && slice.Offset + i + 1 < end && --left <= 0) return slice.Offset + i + 1;
            }

            if (slice.Offset > begin) return slice.Offset;
            from = begin;
        }

        return from;
    }
}
