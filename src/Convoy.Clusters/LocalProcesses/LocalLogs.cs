using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Core.Tasks;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>Reads the supervisors' logs out of the state folder of a <see cref="LocalCluster"/>, which need not be open.</summary>
public sealed class LocalLogs(string stateFolder) : ITaskLogs
{
    private const int SegmentNameLength = 20;

    /// <summary>A few lines a second: that many milliseconds may pass unnoted even where the index is finest.</summary>
    private const long LeastStepMilliseconds = 500;

    private readonly StateLayout layout = new(Path.GetFullPath(stateFolder));

    public async Task<LogSlice> ReadAsync(JobId job, int attempt, int rank, long offset, int limit, CancellationToken cancellationToken)
    {
        // Asked first: what is written until the end is then seen below.
        var hasEnded = HasEnded(job, attempt, rank);
        while (true)
        {
            var segments = Segments(job, attempt, rank);
            var end = segments.Count == 0 ? 0 : segments[^1].End;
            if (offset >= end) return new LogSlice(offset, default, hasEnded);
            var segment = segments.First(s => s.End > offset);
            var from = Math.Max(offset, segment.Start);
            var buffer = new byte[(int)Math.Min(limit, segment.End - from)];
            try
            {
                using var file = File.OpenHandle(segment.Path, share: FileShare.ReadWrite | FileShare.Delete);
                var count = 0;
                while (count < buffer.Length && await RandomAccess.ReadAsync(file, buffer.AsMemory(count), from - segment.Start + count, cancellationToken) is > 0 and var read) count += read;
                return new LogSlice(from, buffer.AsMemory(0, count), hasEnded && from + count >= end);
            }
            catch (FileNotFoundException)
            {
                // Dropped between the look and the reading: the next look starts behind it.
            }
        }
    }

    public Task<long> EndAsync(JobId job, int attempt, int rank, CancellationToken cancellationToken)
    {
        var segments = Segments(job, attempt, rank);
        return Task.FromResult(segments.Count == 0 ? 0 : segments[^1].End);
    }

    public async Task<long> OffsetAtAsync(JobId job, int attempt, int rank, DateTimeOffset time, CancellationToken cancellationToken)
    {
        var lines = await IndexAsync(job, attempt, rank, cancellationToken);
        // A line stands for what was printed until the next was due; the byte looked for may be among it.
        var step = lines.Zip(lines.Skip(1), (line, next) => next.Milliseconds - line.Milliseconds).DefaultIfEmpty(0).Min();
        var wanted = time.ToUnixTimeMilliseconds() - Math.Max(step, LeastStepMilliseconds);
        var found = lines.FindIndex(line => line.Milliseconds >= wanted);
        return found >= 0 ? lines[found].Offset : await EndAsync(job, attempt, rank, cancellationToken);
    }

    private async Task<List<(long Milliseconds, long Offset)>> IndexAsync(JobId job, int attempt, int rank, CancellationToken cancellationToken)
    {
        var lines = new List<(long, long)>();
        var path = Path.Combine(Folder(job, attempt, rank), TaskFolder.LogIndex);
        if (!File.Exists(path)) return lines;
        await foreach (var line in File.ReadLinesAsync(path, cancellationToken))
        {
            var cells = line.Split(' ');
            // The last line may be half written.
            if (cells.Length == 2 && long.TryParse(cells[0], NumberStyles.None, CultureInfo.InvariantCulture, out var at) && long.TryParse(cells[1], NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
                lines.Add((at, offset));
        }

        return lines;
    }

    private string Folder(JobId job, int attempt, int rank) => Path.Combine(layout.Task(job, attempt, rank), TaskFolder.Log);

    private List<LogSegment> Segments(JobId job, int attempt, int rank)
    {
        var folder = new DirectoryInfo(Folder(job, attempt, rank));
        if (!folder.Exists) return [];
        return [.. folder.EnumerateFiles().Where(file => file.Name.Length == SegmentNameLength && file.Exists)
            .Select(file => new LogSegment(file.FullName, long.Parse(file.Name, NumberStyles.None, CultureInfo.InvariantCulture), file.Length))
            .OrderBy(segment => segment.Start)];
    }

    /// <summary>Nothing more will be written: no supervisor lives, and none will.</summary>
    private bool HasEnded(JobId job, int attempt, int rank)
    {
        var folder = layout.Task(job, attempt, rank);
        // Before that a look at the lock could make a starting supervisor refuse.
        if (File.Exists(Path.Combine(folder, TaskFolder.Started))) return TaskLock.IsFree(folder);
        return File.Exists(layout.Failed(job, attempt)) || IsPast(job, attempt);
    }

    /// <summary>The attempt has ended as a whole, or a later one is known.</summary>
    private bool IsPast(JobId job, int attempt) =>
        DurableFile.Read(layout.Outcome(job)) is { } bytes && System.Text.Json.JsonSerializer.Deserialize(bytes, LocalJson.Default.OutcomeFile) is { } outcome && outcome.Attempt >= attempt;

    private sealed record LogSegment(string Path, long Start, long Length)
    {
        public long End => Start + Length;
    }
}
