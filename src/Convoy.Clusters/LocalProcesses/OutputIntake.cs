using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Objects.Outputs;
using Microsoft.Extensions.Logging;

namespace Convoy.Clusters.LocalProcesses;

internal readonly record struct AttemptOutput(JobId Job, int Owner, int Attempt);

/// <summary>
/// Takes the outputs of ended tasks in, on threads of its own that yield to all other work: one attempt of a person's at a time and everybody
/// in turn, so that whoever left most holds up nobody but themselves. Level-triggered: what is to be done lies in people's folders, and is
/// looked for when the cluster opens.
/// </summary>
internal sealed partial class OutputIntake : IDisposable
{
    private const int PeopleAtOnce = 4;
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    private readonly StateLayout layout;
    private readonly OutputStore store;
    private readonly OutputLimits limits;
    private readonly Func<int, int?> uidOf;
    private readonly Func<AttemptOutput, bool> hasEnded;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Lock gate = new();

    /// <summary>By owner; also of one of whom something is being taken in and nothing waits.</summary>
    private readonly Dictionary<int, Queue<Turn>> waiting = [];

    /// <summary>Those of whom something waits and nothing is being taken in.</summary>
    private readonly Queue<int> owners = [];
    private readonly PriorityQueue<Turn, TimeSpan> putOff = new();

    /// <summary>Being taken in; true where the job was forgotten meanwhile.</summary>
    private readonly Dictionary<JobId, bool> current = [];
    private readonly long began;
    private readonly SemaphoreSlim wake = new(0);
    private readonly CancellationTokenSource closing = new();
    private readonly Thread[] threads;

    /// <param name="hasEnded">Whether an attempt found in a person's folder has ended for good.</param>
    public OutputIntake(StateLayout layout, OutputStore store, OutputLimits limits, Func<int, int?> uidOf, Func<AttemptOutput, bool> hasEnded, TimeProvider time, ILogger logger)
    {
        this.layout = layout;
        this.store = store;
        this.limits = limits;
        this.uidOf = uidOf;
        this.hasEnded = hasEnded;
        this.time = time;
        this.logger = logger;
        began = time.GetTimestamp();
        threads = [.. Enumerable.Range(0, PeopleAtOnce).Select(number => new Thread(() => Run(isFirst: number == 0)) { IsBackground = true, Name = "outputs" })];
    }

    public void Start()
    {
        foreach (var thread in threads) thread.Start();
    }

    public void Add(AttemptOutput ended)
    {
        lock (gate) Queue(new Turn(ended, TimeSpan.Zero, 0));
        wake.Release();
    }

    /// <summary>Of a job that is deleted nothing more is kept. Nobody but who deletes it can tell that: a job whose end is no longer remembered keeps its outputs.</summary>
    public void Forget(JobId job)
    {
        lock (gate)
        {
            if (current.ContainsKey(job)) current[job] = true;
        }
    }

    /// <summary>What is being taken in is broken off, and begun anew by the next life.</summary>
    public void Dispose()
    {
        closing.Cancel();
        foreach (var thread in threads.Where(thread => thread.IsAlive)) thread.Join();
        closing.Dispose();
        wake.Dispose();
    }

    private void Run(bool isFirst)
    {
        NativeFiles.YieldToOthers();
        try
        {
            if (isFirst)
            {
                foreach (var left in layout.AttemptsWithOutput(closing.Token).Where(hasEnded)) Add(left);
            }

            while (true)
            {
                var (turn, pause) = Next();
                if (turn is null)
                {
                    wake.Wait(pause, closing.Token);
                    continue;
                }

                var again = Take(turn);
                lock (gate)
                {
                    if (again is not null) putOff.Enqueue(again, time.GetElapsedTime(began) + again.Pause);
                    if (waiting[turn.Ended.Owner].Count > 0) owners.Enqueue(turn.Ended.Owner);
                    else waiting.Remove(turn.Ended.Owner);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The cluster closes.
        }
    }

    private void Queue(Turn turn)
    {
        if (!waiting.TryGetValue(turn.Ended.Owner, out var queue))
        {
            waiting.Add(turn.Ended.Owner, queue = []);
            owners.Enqueue(turn.Ended.Owner);
        }

        queue.Enqueue(turn);
    }

    /// <summary>What to take in now; or nothing, and how long there will be nothing unless more is added.</summary>
    private (Turn? Turn, TimeSpan Pause) Next()
    {
        lock (gate)
        {
            var now = time.GetElapsedTime(began);
            while (putOff.TryPeek(out var due, out var at) && at <= now)
            {
                putOff.Dequeue();
                Queue(due);
            }

            if (owners.TryDequeue(out var owner))
            {
                var turn = waiting[owner].Dequeue();
                current[turn.Ended.Job] = false;
                return (turn, TimeSpan.Zero);
            }

            return (null, putOff.TryPeek(out _, out var next) ? next - now : Timeout.InfiniteTimeSpan);
        }
    }

    /// <returns>Null where it is done, or else when to try again.</returns>
    private Turn? Take(Turn turn)
    {
        var ended = turn.Ended;
        Turn? again = null;
        try
        {
            store.CheckSpace(turn.BytesNeeded);
            foreach (var rank in layout.Person(ended.Owner).OutputRanks(ended.Job, ended.Attempt))
            {
                if (IsForgotten(ended.Job)) break;
                Take(ended, rank);
            }
        }
#pragma warning disable CA1031 // One job's trouble (a full disk, say) must not stop the others'; its files stay where they are, and it is tried again.
        catch (Exception trouble) when (trouble is not OperationCanceledException)
#pragma warning restore CA1031
        {
            // What did not fit is not copied again before there is room for so much.
            again = turn.Later(trouble is OutputSpaceException space ? space.BytesNeeded : 0);
            LogPutOff(logger, ended.Job, ended.Attempt, trouble.Message);
        }

        bool isForgotten;
        lock (gate) current.Remove(ended.Job, out isForgotten);
        if (!isForgotten) return again;
        try
        {
            // What was kept after whoever deleted the job had looked.
            store.Delete(ended.Job);
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            LogPutOff(logger, ended.Job, ended.Attempt, trouble.Message);
        }

        return again;
    }

    private bool IsForgotten(JobId job)
    {
        lock (gate) return current[job];
    }

    private void Take(AttemptOutput ended, int rank)
    {
        var path = layout.Person(ended.Owner).Output(ended.Job, ended.Attempt, rank);
        var summary = store.Summary(ended.Job, ended.Attempt, rank);
        if (summary is null)
        {
            using var folder = OpenFolder.Open(path);
            if (folder.IsInvalid)
            {
                // Whoever deleted the job's outputs was quicker.
                if (NativeFiles.LastErrorNumber == NativeFiles.NoSuchFile) return;
                throw NativeFiles.LastError(path);
            }

            using var taking = store.Begin(ended.Job, ended.Attempt, rank);
            summary = new OutputWalk(taking, limits, (uint?)uidOf(ended.Owner), closing.Token).Run(folder);
            if (summary is not null)
            {
                taking.Finish(summary);
                LogTaken(logger, ended.Job, ended.Attempt, rank, summary.Files, summary.Bytes, summary.LeftBehind);
            }
        }

        if (summary?.FolderStays == true || IsForgotten(ended.Job)) return;
        try
        {
            new PersonFolders(uidOf(ended.Owner)).Remove(path);
        }
        catch (IOException theirs)
        {
            // All of worth is kept. The next life tries again.
            LogNotRemoved(logger, path, theirs.Message);
        }
    }

    /// <param name="Pause">Before it is tried.</param>
    /// <param name="BytesNeeded">At least; what earlier tries found out.</param>
    private sealed record Turn(AttemptOutput Ended, TimeSpan Pause, long BytesNeeded)
    {
        public Turn Later(long bytesNeeded) => new(Ended, Pause == TimeSpan.Zero ? FirstRetry : Pause * 2 < LongestRetry ? Pause * 2 : LongestRetry, bytesNeeded);
    }

    [LoggerMessage(10, LogLevel.Information, "Output of {Job} attempt {Attempt} rank {Rank} is kept: {Files} files, {Bytes} bytes; {Left} entries were left behind")]
    private static partial void LogTaken(ILogger logger, JobId job, int attempt, int rank, long files, long bytes, long left);

    [LoggerMessage(11, LogLevel.Warning, "Output of {Job} attempt {Attempt} stays where it is and is taken in later: {Problem}")]
    private static partial void LogPutOff(ILogger logger, JobId job, int attempt, string problem);

    [LoggerMessage(12, LogLevel.Warning, "{Folder} is kept already and could not be removed: {Problem}")]
    private static partial void LogNotRemoved(ILogger logger, string folder, string problem);
}
