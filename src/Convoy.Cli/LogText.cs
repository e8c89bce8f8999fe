using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;

namespace Convoy.Cli;

/// <summary>
/// Tasks' logs as they printed them, byte for byte; lines of a job of several tasks begin with the task. What belongs to one
/// line comes in pieces and from many tasks at once, so a line is written when it is whole.
/// </summary>
internal sealed class LogText(Stream output, bool prefixed)
{
    /// <summary>A longer line is written in parts rather than held back.</summary>
    private const int LongestHeld = 64 * 1024;
    private readonly Dictionary<(int Attempt, string Role, int Rank), MemoryStream> unfinished = [];

    /// <summary>Writes what comes, and returns the job as it was at the end.</summary>
    public static async Task<JobView> WriteAsync(Call call, JobView job, LogQuery query, Stream output, CancellationToken cancellationToken)
    {
        var text = new LogText(output, TasksOf(job, query) > 1);
        var attempt = 0;
        try
        {
            await foreach (var item in call.Client.ReadLogsAsync(job.Id, query, cancellationToken))
            {
                if (item.End is { } end) return end;
                if (item.Value is not { } chunk) continue;
                if (attempt != 0 && chunk.Attempt > attempt)
                {
                    text.Finish();
                    call.Say($"attempt {chunk.Attempt}:");
                }

                attempt = Math.Max(attempt, chunk.Attempt);
                text.Add(chunk);
            }
        }
        finally
        {
            text.Finish();
        }

        throw new InvalidOperationException("the stream of logs ended without its end event");
    }

    public void Add(LogChunk chunk)
    {
        if (!prefixed)
        {
            output.Write(chunk.Bytes.Span);
            return;
        }

        var key = (chunk.Attempt, chunk.Role, chunk.Rank);
        if (!unfinished.TryGetValue(key, out var line)) unfinished[key] = line = new MemoryStream();
        var rest = chunk.Bytes.Span;
        while (!rest.IsEmpty)
        {
            // A carriage return ends what a progress bar draws: waiting for the line feed would hide the bar.
            var end = rest.IndexOfAny((byte)'\n', (byte)'\r');
            line.Write(end < 0 ? rest : rest[..(end + 1)]);
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (end >= 0) Flush(key, line, ended: true);
            else if (line.Length > LongestHeld) Flush(key, line, ended: false);
        }
    }

    /// <summary>What no line feed came for.</summary>
    public void Finish()
    {
        foreach (var (key, line) in unfinished)
        {
            if (line.Length > 0) Flush(key, line, ended: false);
        }
    }

    /// <summary>Ranks as people count them inside the query, before the tasks are placed.</summary>
    private static int TasksOf(JobView job, LogQuery query)
    {
        if (query.Rank is not null) return 1;
        return job.Spec is not { } spec ? job.Tasks : spec.Roles.Where(role => query.Role is null || role.Key == query.Role).Sum(role => role.Value.Replicas.Max);
    }

    private void Flush((int Attempt, string Role, int Rank) key, MemoryStream line, bool ended)
    {
        var prefix = System.Text.Encoding.UTF8.GetBytes($"[{key.Role} {key.Rank}] ");
        var whole = new byte[prefix.Length + (int)line.Length + (ended ? 0 : 1)];
        prefix.CopyTo(whole, 0);
        line.GetBuffer().AsSpan(0, (int)line.Length).CopyTo(whole.AsSpan(prefix.Length));
        if (!ended) whole[^1] = (byte)'\n';
        output.Write(whole);
        line.SetLength(0);
    }
}
