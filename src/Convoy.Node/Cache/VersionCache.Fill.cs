using System.Buffers;
using System.Collections.Concurrent;
using Convoy.Core.Datasets;
using Convoy.Core.Languages;

namespace Convoy.NodeAgent.Cache;

public sealed partial class VersionCache
{
    private readonly Lock waking = new();
    private TaskCompletionSource changed = NewSignal();

    /// <summary>Why the newest fill did not bring all that is wanted. Null where it did.</summary>
    public Text? Problem { get; private set; }

    /// <summary>Holds what is wanted until it is cancelled: fills, and fills again when more is wanted or something held was found damaged.</summary>
    public async Task KeepAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task signal;
            lock (waking) signal = changed.Task;
            Problem = await TryFillAsync(cancellationToken);
            if (Problem is null) await signal.WaitAsync(cancellationToken);
            else await Task.WhenAny(signal, Task.Delay(options.BetweenFills, options.Time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<Text?> TryFillAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await FillAsync(cancellationToken);
        }
#pragma warning disable CA1031 // The boundary of the loop: what nobody thought of must not end for good what a job's hit ratio depends on.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            options.Report(e);
            return $"the fill of the cache has failed: {e.Message}";
        }
    }

    /// <summary>Brings what is wanted and not held.</summary>
    /// <returns>Why not all of it; null where nothing is left to bring. What is held is served whatever comes of it.</returns>
    public async Task<Text?> FillAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var problems = new ConcurrentQueue<Text>();
        try
        {
            await Parallel.ForEachAsync(Absent().ToArray(), new ParallelOptions { MaxDegreeOfParallelism = options.RangesAtOnce, CancellationToken = stop.Token }, async (range, token) =>
            {
                var (problem, goesOn) = await BringAsync(range, token);
                if (problem is not null) problems.Enqueue(problem);
                if (!goesOn) await stop.CancelAsync();
            });
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // One of the ranges has said why.
        }

        return problems.TryDequeue(out var first) ? first : null;
    }

    /// <summary>Runs of segments that follow on each other, in the order in which they lie in packs.</summary>
    private IEnumerable<FillRange> Absent()
    {
        var most = Math.Max(1, options.RangeBytes / PackLayout.SegmentBytes);
        foreach (var (file, number) in numbers)
        {
            for (var segment = 0; segment < file.Segments; segment++)
            {
                var count = 0;
                while (count < most && segment + count < file.Segments && IsAbsent(file, segment + count)) count++;
                if (count == 0) continue;
                yield return new FillRange(file, firstSegments[number], segment, count);
                segment += count - 1;
            }
        }
    }

    private bool IsAbsent(PackFile file, int segment) => file.HeldOf(segment) < WantedOf(file, segment);

    private async Task<(Text? Problem, bool GoesOn)> BringAsync(FillRange range, CancellationToken cancellationToken)
    {
        await cache.Filling.WaitAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(options.RangeBytes, PackLayout.SegmentBytes));
        try
        {
            await FetchAsync(range.File, range.First, range.Count, buffer, cancellationToken);
            var damaged = Damaged(range, buffer);
            foreach (var segment in damaged) await FetchAsync(range.File, segment, 1, buffer.AsMemory((segment - range.First) * PackLayout.SegmentBytes), cancellationToken);
            if (damaged.Count > 0) damaged = Damaged(range, buffer);
            cache.Keep(range.File, [.. from segment in Enumerable.Range(range.First, range.Count).Except(damaged) select (segment, (ReadOnlyMemory<byte>)buffer.AsMemory((segment - range.First) * PackLayout.SegmentBytes, WantedOf(range.File, segment)))]);

            // Only now: where it was not waited for, a source that does not heed it may still write into it.
            ArrayPool<byte>.Shared.Return(buffer);
            if (damaged.Count == 0) return (null, true);
            return ($"pack {range.File.Name} has other bytes in the store than were published; tell an administrator", true);
        }
        catch (IOException e) when (Libc.IsFull(e.HResult))
        {
            return ($"the disk of the cache is full; what is not held is read from the store", false);
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            return ($"pack {range.File.Name} cannot be brought: {e.Message}", false);
        }
        finally
        {
            cache.Filling.Release();
        }
    }

    private async Task FetchAsync(PackFile file, int first, int count, Memory<byte> into, CancellationToken cancellationToken)
    {
        var bytes = ((count - 1) * PackLayout.SegmentBytes) + file.LengthOf(first + count - 1);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await source.ReadAsync(file.Name, (long)first * PackLayout.SegmentBytes, into[..bytes], patience.Token).WaitAsync(options.Patience, options.Time, cancellationToken);
        }
        finally
        {
            await patience.CancelAsync();
        }

        counters.Filled(bytes);
    }

    private List<int> Damaged(FillRange range, byte[] buffer) =>
        [.. Enumerable.Range(range.First, range.Count).Where(segment => Sha256.Of(buffer.AsSpan((segment - range.First) * PackLayout.SegmentBytes, range.File.LengthOf(segment))) != manifest.SegmentHash(range.FirstOfPack + segment))];

    private void WakeFill()
    {
        lock (waking)
        {
            changed.TrySetResult();
            changed = NewSignal();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="FirstOfPack">Of all segments of the manifest, the pack's first.</param>
    /// <param name="First">Of the pack's segments.</param>
    private sealed record FillRange(PackFile File, int FirstOfPack, int First, int Count);
}
