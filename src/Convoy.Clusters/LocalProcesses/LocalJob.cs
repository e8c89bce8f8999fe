using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Objects;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>
/// One job's newest wish and how far it has come. Level-triggered: <see cref="Advance"/> does what can be done now and may be
/// called at any time; everything that it needs to know again after a crash lies in the job's folder.
/// </summary>
internal sealed class LocalJob : IAsyncDisposable
{
    private static readonly TimeSpan FullDiskPause = TimeSpan.FromSeconds(2);

    private readonly LocalMachine machine;
    private readonly CancellationTokenSource preparing = new();
    private readonly List<TaskObservation> seen = [];
    private readonly List<LocalTask> tasks = [];
    private readonly bool isOver;
    private readonly HangWatch? hangs;
    private Task<int>? preparation;
    private FailedPreparation? failed;
    private DateTimeOffset prepareAgain = DateTimeOffset.MinValue;

    /// <summary>Tasks below this rank are ready to start, or are to stop.</summary>
    private int prepared;

    /// <param name="isOver">Every task that the attempt had has ended already: those that came too late never start.</param>
    public LocalJob(LocalMachine machine, ClusterAssignment wish, bool isOver)
    {
        this.machine = machine;
        this.isOver = isOver;
        Wish = wish;
        AddTasks();
        var (job, attempt) = (wish.Assignment.JobId, wish.Assignment.Attempt);
        var files = machine.Layout.Person(wish.OwnerNumber);
        hangs = wish.Assignment.Spec.Recovery.HangTimeout is { } timeout ? new HangWatch(timeout, rank => files.Heartbeat(job, attempt, rank), machine.Time) : null;
        failed = DurableFile.Read(machine.Layout.Failed(job, attempt)) is { } bytes ? JsonSerializer.Deserialize(bytes, LocalJson.Default.FailedPreparation) : null;
    }

    public ClusterAssignment Wish { get; private set; }

    /// <summary>Every task has ended, and that is on disk.</summary>
    public bool IsDone { get; private set; }

    private Assignment Assignment => Wish.Assignment;

    /// <summary>A newer generation for the same attempt.</summary>
    public void Change(ClusterAssignment wish)
    {
        Wish = wish;
        AddTasks();
    }

    /// <summary>Does what can be done now; what was seen goes to the journal.</summary>
    public void Advance(Func<ProcessTable> processes)
    {
        if (Assignment.Wanted == WantedState.Stop || isOver) StopAll();
        else if (prepared < tasks.Count && failed is null) Prepare();
        foreach (var rank in Assignment.Released) tasks[rank].Stop();

        // Before its first task has been prepared the gang is nothing yet.
        if (preparation is { IsCompleted: false } && prepared == 0) return;

        if (failed is not null)
        {
            foreach (var task in tasks.Where(task => !task.HasEnded)) See(task.Fail(failed));
        }

        for (var rank = 0; rank < tasks.Count; rank++)
        {
            var task = tasks[rank];
            if (task.HasEnded) continue;

            // A look first: an earlier life may have started it.
            foreach (var news in task.Look(processes)) See(news);
            if (rank < prepared && Assignment.Wanted == WantedState.Run && task.WantsSupervisor) Start(task);
        }

        if (Assignment.Wanted == WantedState.Run && hangs?.Look(tasks) is { } hung) hung.Stop(hangs.Reason);
        if (preparation is not { IsCompleted: false } && tasks.All(task => task.HasEnded)) Finish();
    }

    /// <summary>To be called when it is done. May take as long as people have filled their folders: not to be waited for by other jobs.</summary>
    public void RemoveTemporaryFolders()
    {
        var folders = new PersonFolders(machine.Preparation.UidOf(Wish.OwnerNumber));
        var files = machine.Layout.Person(Wish.OwnerNumber);
        for (var rank = 0; rank < tasks.Count; rank++)
        {
            try
            {
                folders.Remove(files.Temporary(Assignment.JobId, Assignment.Attempt, rank));
            }
            catch (Exception theirs) when (theirs is IOException or UnauthorizedAccessException)
            {
                // The person made something there that cannot be removed; it is theirs.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await preparing.CancelAsync();
        if (preparation is not null) await ((Task)preparation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        preparing.Dispose();
    }

    private void AddTasks()
    {
        var (job, attempt) = (Assignment.JobId, Assignment.Attempt);
        while (tasks.Count < Assignment.Tasks.Count) tasks.Add(new LocalTask(job, attempt, tasks.Count, machine.Layout.Task(job, attempt, tasks.Count), machine.Time));
    }

    private void StopAll()
    {
        if (preparation is { IsCompleted: false }) preparing.Cancel();
        foreach (var task in tasks) task.Stop();
    }

    private void Prepare()
    {
        var wish = Wish;
        if (machine.Time.GetUtcNow() < prepareAgain) return;
        preparation ??= Task.Run(async () =>
        {
            await machine.Preparation.PrepareAsync(wish, preparing.Token);
            return wish.Assignment.Tasks.Count;
        });
        if (!preparation.IsCompleted) return;
        if (preparation.IsCompletedSuccessfully)
        {
            // More may have come meanwhile: they have their turn in the next round.
            prepared = preparation.Result;
            preparation = null;
            return;
        }

        if (preparing.IsCancellationRequested) return;
        var problem = preparation.Exception?.InnerException;
        if (NoSpace.IsCauseOf(problem) || problem is LeftoverException)
        {
            // Nobody's mistake, and it passes: what was made so far is found again.
            preparation = null;
            prepareAgain = machine.Time.GetUtcNow() + FullDiskPause;
            throw new IOException($"it cannot be prepared now: {problem!.Message}", problem);
        }

        var reason = problem?.Message ?? "it was given up";
        if (tasks.Exists(task => task.WasStarted))
        {
            // The gang was whole once, and goes on without what it was to grow by.
            foreach (var task in tasks.Where(task => !task.IsPrepared)) task.Stop();
            (prepared, preparation) = (tasks.Count, null);
            throw new IOException($"what it was to grow by could not be prepared: {reason}");
        }
        failed = new FailedPreparation($"could not be prepared: {reason}", machine.Time.GetUtcNow());
        Directory.CreateDirectory(machine.Layout.Attempt(Assignment.JobId, Assignment.Attempt));
        DurableFile.Write(machine.Layout.Failed(Assignment.JobId, Assignment.Attempt), JsonSerializer.SerializeToUtf8Bytes(failed, LocalJson.Default.FailedPreparation));
    }

    private void Start(LocalTask task)
    {
        try
        {
            task.Start(machine.Options.TaskProgram);
        }
        catch (IOException broken)
        {
            task.Stop();
            See(task.Fail(new FailedPreparation(broken.Message, machine.Time.GetUtcNow())));
        }
    }

    private void See(TaskObservation news)
    {
        seen.Add(news);
        machine.Journal.Add(news);
    }

    private void Finish()
    {
        var (job, attempt) = (Assignment.JobId, Assignment.Attempt);
        var outcome = new OutcomeFile(attempt, seen);
        DurableFile.Write(machine.Layout.Outcome(job), JsonSerializer.SerializeToUtf8Bytes(outcome, LocalJson.Default.OutcomeFile));
        machine.Ports.Give(job, attempt);
        IsDone = true;
    }
}
