using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Objects.Outputs;
using Microsoft.Extensions.Logging;

namespace Convoy.Clusters.LocalProcesses;

internal readonly record struct AttemptOutput(JobId Job, int Owner, int Attempt);

/// <summary>
/// Takes the outputs of ended tasks in, one after the other, on a thread of its own that yields to all other work. Level-triggered: what
/// is to be done lies in people's folders, and is looked for when the cluster opens.
/// </summary>
internal sealed partial class OutputIntake : IDisposable
{
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
    private readonly Queue<AttemptOutput> waiting = [];
    private JobId? current;
    private bool isForgottenMeanwhile;
    private readonly SemaphoreSlim wake = new(0);
    private readonly CancellationTokenSource closing = new();
    private readonly Thread thread;

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
        thread = new Thread(Run) { IsBackground = true, Name = "outputs" };
    }

    public void Start() => thread.Start();

    public void Add(AttemptOutput ended)
    {
        lock (gate) waiting.Enqueue(ended);
        wake.Release();
    }

    /// <summary>Of a job that is deleted nothing more is kept. Nobody but who deletes it can tell that: a job whose end is no longer remembered keeps its outputs.</summary>
    public void Forget(JobId job)
    {
        lock (gate) isForgottenMeanwhile |= current == job;
    }

    /// <summary>What is being taken in is broken off, and begun anew by the next life.</summary>
    public void Dispose()
    {
        closing.Cancel();
        if (thread.IsAlive) thread.Join();
        closing.Dispose();
        wake.Dispose();
    }

    private void Run()
    {
        NativeFiles.YieldToOthers();
        var again = new List<AttemptOutput>();
        try
        {
            again.AddRange(layout.AttemptsWithOutput(closing.Token).Where(hasEnded));
            var (retry, tried) = (TimeSpan.Zero, time.GetTimestamp());
            while (true)
            {
                foreach (var ended in Waiting()) Take(ended, again);
                if (time.GetElapsedTime(tried) >= retry)
                {
                    var due = again.ToArray();
                    again.Clear();
                    foreach (var ended in due) Take(ended, again);
                    tried = time.GetTimestamp();
                    retry = again.Count == 0 || retry < FirstRetry ? FirstRetry : retry * 2 < LongestRetry ? retry * 2 : LongestRetry;
                }

                if (again.Count == 0) wake.Wait(closing.Token);
                else wake.Wait(Max(retry - time.GetElapsedTime(tried), TimeSpan.Zero), closing.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The cluster closes.
        }

        static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
    }

    private IEnumerable<AttemptOutput> Waiting()
    {
        while (true)
        {
            AttemptOutput next;
            lock (gate)
            {
                if (!waiting.TryDequeue(out next)) yield break;
            }

            yield return next;
        }
    }

    private void Take(AttemptOutput ended, List<AttemptOutput> again)
    {
        lock (gate) (current, isForgottenMeanwhile) = (ended.Job, false);
        try
        {
            foreach (var rank in layout.Person(ended.Owner).OutputRanks(ended.Job, ended.Attempt))
            {
                if (IsForgotten()) break;
                Take(ended, rank);
            }
        }
#pragma warning disable CA1031 // One job's trouble (a full disk, say) must not stop the others'; its files stay where they are, and it is tried again.
        catch (Exception trouble) when (trouble is not OperationCanceledException)
#pragma warning restore CA1031
        {
            LogPutOff(logger, ended.Job, ended.Attempt, trouble.Message);
            again.Add(ended);
        }

        bool isForgotten;
        lock (gate) (current, isForgotten) = (null, isForgottenMeanwhile);
        if (!isForgotten) return;
        try
        {
            // What was kept after whoever deleted the job had looked.
            store.Delete(ended.Job);
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            LogPutOff(logger, ended.Job, ended.Attempt, trouble.Message);
        }
    }

    private bool IsForgotten()
    {
        lock (gate) return isForgottenMeanwhile;
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

        if (summary?.FolderStays == true || IsForgotten()) return;
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

    [LoggerMessage(10, LogLevel.Information, "Output of {Job} attempt {Attempt} rank {Rank} is kept: {Files} files, {Bytes} bytes; {Left} entries were left behind")]
    private static partial void LogTaken(ILogger logger, JobId job, int attempt, int rank, long files, long bytes, long left);

    [LoggerMessage(11, LogLevel.Warning, "Output of {Job} attempt {Attempt} stays where it is and is taken in later: {Problem}")]
    private static partial void LogPutOff(ILogger logger, JobId job, int attempt, string problem);

    [LoggerMessage(12, LogLevel.Warning, "{Folder} is kept already and could not be removed: {Problem}")]
    private static partial void LogNotRemoved(ILogger logger, string folder, string problem);
}
