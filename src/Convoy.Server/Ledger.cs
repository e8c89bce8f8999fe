using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.Channels;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.People;
using Convoy.Store;

namespace Convoy.Server;

/// <summary>
/// The only writer of jobs. Commands are decided one after another on working copies, what they led to is stored in one group
/// commit, and only then it is shown and answered. Unfinished jobs live in memory; the others are fetched when asked for.
/// </summary>
public sealed partial class Ledger(IStore store, JobFeed feed, TimeProvider time, ILogger<Ledger> log) : BackgroundService
{
    private const int LargestBatch = 512;
    private static readonly TimeSpan RereadPeriod = TimeSpan.FromSeconds(1);

    private readonly Channel<Entry> entries = Channel.CreateBounded<Entry>(new BoundedChannelOptions(8192) { SingleReader = true });
    private readonly Dictionary<string, int> unfinishedByOwner = [];
    private ImmutableDictionary<JobId, Job> unfinished = ImmutableDictionary<JobId, Job>.Empty;
    private long lastSequence;
    private volatile bool isSure = true;

    /// <summary>Frozen: what is read from it belongs together.</summary>
    public ImmutableDictionary<JobId, Job> Unfinished => Volatile.Read(ref unfinished);

    /// <summary>
    /// False between a failed commit and the store's word on what of it was kept. A gang may hold machines then that
    /// <see cref="Unfinished"/> shows as free: nothing may be placed.
    /// </summary>
    public bool IsSure => isSure;

    /// <summary>Reads back what the store knows. Before this nothing is decided.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        lastSequence = await store.LastSubmitSequenceAsync(cancellationToken);
        var found = ImmutableDictionary.CreateBuilder<JobId, Job>();
        for (long after = 0; ;)
        {
            var page = await store.ListUnfinishedAsync(after, 1000, cancellationToken);
            foreach (var job in page)
            {
                found.Add(job.Id, job);
                lastSequence = Math.Max(lastSequence, job.Place);
                Count(job.Owner, 1);
                after = job.SubmitSequence;
            }

            if (page.Count == 0) break;
        }

        unfinished = found.ToImmutable();
    }

    /// <summary>The job as stored, unfinished or not.</summary>
    public async ValueTask<Job?> FindAsync(JobId id, CancellationToken cancellationToken) =>
        Unfinished.TryGetValue(id, out var job) ? job : (await store.GetJobAsync(id, cancellationToken))?.Job;

    /// <summary>Decides and stores. Answers when it is durable, with the job as it is then.</summary>
    public Task<LedgerAnswer> TellAsync(JobId id, JobCommand command, CancellationToken cancellationToken) =>
        EnterAsync(new Entry(id, _ => command, null), cancellationToken);

    /// <summary>
    /// Decides and stores all of the commands, each of another job, or none: where one is refused, nothing happens to the others.
    /// They are stored in one transaction, so a crash leaves all of them or none, too.
    /// </summary>
    public Task<IReadOnlyList<LedgerAnswer>> TellTogetherAsync(IReadOnlyList<(JobId Job, JobCommand Command)> commands, CancellationToken cancellationToken) =>
        EnterAllAsync(new Entry([.. commands.Select(command => new Telling(command.Job, _ => command.Command))], null), cancellationToken);

    /// <summary>Takes a job in, unless its owner has as many unfinished ones as <paramref name="maxSubmitted"/>.</summary>
    public Task<LedgerAnswer> SubmitAsync(JobId id, User owner, string queue, JobSpec spec, int? maxSubmitted, CancellationToken cancellationToken) =>
        EnterAsync(new Entry(id, sequence => new JobCommand.Submit(id, owner.Name, owner.Level, queue, spec, sequence), (owner.Name, maxSubmitted)), cancellationToken);

    /// <summary>Makes a finished job wait again, as another submission of its owner's.</summary>
    /// <param name="attempt">See <see cref="JobCommand.Retry"/>.</param>
    public Task<LedgerAnswer> RetryAsync(JobId id, string by, int? attempt, User owner, TimeSpan? maxDuration, int? maxSubmitted, CancellationToken cancellationToken) =>
        EnterAsync(new Entry(id, sequence => new JobCommand.Retry(by, attempt, owner.Level, maxDuration, sequence), (owner.Name, maxSubmitted)), cancellationToken);

    /// <summary>Why a person with so many unfinished jobs may submit no more; null where they may.</summary>
    public static Decision.Rejected? OverSubmitted(string owner, int unfinished, int? maxSubmitted) => unfinished >= maxSubmitted
        ? new Decision.Rejected("ExceedsLevelCap", $"{owner} has {unfinished} unfinished jobs, as many as the level allows; wait until one ends, or cancel one")
        : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Entry>();
        while (await entries.Reader.WaitToReadAsync(stoppingToken))
        {
            batch.Clear();
            while (batch.Count < LargestBatch && entries.Reader.TryRead(out var entry)) batch.Add(entry);
            IReadOnlyList<Entry> unsure;
            try
            {
                unsure = await DecideAndStoreAsync(batch, CancellationToken.None);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The boundary of the loop: whatever the store said, every caller is answered, and the next batch gets its chance.
                LogBatchFailed(log, e, batch.Count);
                isSure = false;
                foreach (var entry in batch) entry.Answer.TrySetException(new LedgerUnavailableException("the change could not be stored", e));
                unsure = batch;
            }

            await RereadAsync(unsure, stoppingToken);
            isSure = true;
        }
    }

    private async Task<LedgerAnswer> EnterAsync(Entry entry, CancellationToken cancellationToken) => (await EnterAllAsync(entry, cancellationToken))[0];

    private async Task<IReadOnlyList<LedgerAnswer>> EnterAllAsync(Entry entry, CancellationToken cancellationToken)
    {
        await entries.Writer.WriteAsync(entry, cancellationToken);
        await using var givenUp = cancellationToken.UnsafeRegister((_, token) => entry.Answer.TrySetCanceled(token), null);
        return await entry.Answer.Task;
    }

    /// <summary>Every entry is answered. Returns those of which memory knows less than the store.</summary>
    private async Task<IReadOnlyList<Entry>> DecideAndStoreAsync(List<Entry> batch, CancellationToken cancellationToken)
    {
        var working = new Dictionary<JobId, Working>();
        var submitted = new Dictionary<string, int>();
        var decisions = new List<(Entry Entry, Decision[] Decisions)>(batch.Count);
        foreach (var entry in batch)
        {
            foreach (var (id, _) in entry.Tellings)
            {
                if (!working.ContainsKey(id)) working[id] = new Working(await FindAsync(id, cancellationToken));
            }

            try
            {
                var decided = entry.Tellings.Select(telling => Decide(entry, telling, working[telling.Id], submitted)).ToArray();
                if (decided.All(decision => decision is Decision.Accepted))
                {
                    // What each job becomes is found out before anything is kept of any.
                    var next = entry.Tellings.Select((telling, i) => working[telling.Id].After(((Decision.Accepted)decided[i]).Events)).ToArray();
                    for (var i = 0; i < next.Length; i++) working[entry.Tellings[i].Id].Append(((Decision.Accepted)decided[i]).Events, next[i]);
                }

                decisions.Add((entry, decided));
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The boundary of one command: a mistake in its decision takes no other job's command with it.
                LogBatchFailed(log, e, 1);
                entry.Answer.TrySetException(new LedgerUnavailableException("the command could not be decided", e));
            }
        }

        var changed = working.Values.Where(job => job.Events.Count > 0).ToArray();
        var outcomes = changed.Length == 0 ? [] : await store.CommitAsync([.. changed.Select(job => job.Change)], cancellationToken);
        Debug.Assert(outcomes.Count == changed.Length, "the store answers every change");
        var conflicts = changed.Where((_, i) => outcomes[i] == CommitOutcome.Conflict).Select(job => job.Now!.Id).ToHashSet();
        Show([.. changed.Where(job => !conflicts.Contains(job.Now!.Id))]);
        if (conflicts.Count > 0) isSure = false;
        foreach (var (entry, decided) in decisions)
        {
            if (entry.Ids.Where(conflicts.Contains).ToArray() is [var lost, ..]) entry.Answer.TrySetException(new LedgerUnavailableException($"job {lost} was changed by another writer", null));
            else entry.Answer.TrySetResult([.. decided.Select((decision, i) => new LedgerAnswer(decision, working[entry.Tellings[i].Id].Now))]);
        }

        return [.. batch.Where(entry => entry.Ids.Any(conflicts.Contains))];
    }

    private Decision Decide(Entry entry, Telling telling, Working job, Dictionary<string, int> submitted)
    {
        var decision = JobLifecycle.Decide(job.Now, telling.Command(lastSequence + 1), time.GetUtcNow());
        if (entry.Submission is not { } submission || decision is not Decision.Accepted { Events: [JobSubmitted or JobRetried, ..] }) return decision;
        var before = unfinishedByOwner.GetValueOrDefault(submission.Owner) + submitted.GetValueOrDefault(submission.Owner);
        if (OverSubmitted(submission.Owner, before, submission.MaxSubmitted) is { } over) return over;

        submitted[submission.Owner] = submitted.GetValueOrDefault(submission.Owner) + 1;
        lastSequence++;
        return decision;
    }

    private void Show(IReadOnlyList<Working> stored)
    {
        var next = unfinished.ToBuilder();
        foreach (var job in stored)
        {
            var now = job.Now!;
            var was = next.ContainsKey(now.Id);
            if (now.Phase.IsFinished()) next.Remove(now.Id);
            else next[now.Id] = now;
            if (was == now.Phase.IsFinished()) Count(now.Owner, was ? -1 : 1);
        }

        Volatile.Write(ref unfinished, next.ToImmutable());
        Instruments.UnfinishedJobs.Set(unfinished.Count);
        foreach (var job in stored)
        {
            if (job.Now!.Phase.IsFinished()) Instruments.Finished(job.Now);
            feed.Publish(job.Now);
        }
    }

    /// <summary>After a failure nobody knows what was stored. Nothing is decided before the store has said it; who asks meanwhile is told so.</summary>
    private async Task RereadAsync(IEnumerable<Entry> batch, CancellationToken cancellationToken)
    {
        foreach (var id in batch.SelectMany(entry => entry.Ids).Distinct())
        {
            while (await TryRereadAsync(id) is { } broken)
            {
                LogUnknown(log, broken, id);
                while (entries.Reader.TryRead(out var entry)) entry.Answer.TrySetException(new LedgerUnavailableException("the store does not answer", broken));
                await Task.Delay(RereadPeriod, time, cancellationToken);
            }
        }
    }

    private async Task<StoreException?> TryRereadAsync(JobId id)
    {
        try
        {
            if ((await store.GetJobAsync(id, CancellationToken.None))?.Job is not { } job) return null;
            var known = unfinished.ContainsKey(id);
            Volatile.Write(ref unfinished, job.Phase.IsFinished() ? unfinished.Remove(id) : unfinished.SetItem(id, job));
            if (known == job.Phase.IsFinished()) Count(job.Owner, known ? -1 : 1);
            feed.Publish(job);
            return null;
        }
        catch (StoreException broken)
        {
            return broken;
        }
    }

    private void Count(string owner, int change)
    {
        var count = unfinishedByOwner.GetValueOrDefault(owner) + change;
        if (count == 0) unfinishedByOwner.Remove(owner);
        else unfinishedByOwner[owner] = count;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} commands could not be stored")]
    private static partial void LogBatchFailed(ILogger log, Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "What is stored of {Job} is unknown; it is asked again")]
    private static partial void LogUnknown(ILogger log, Exception exception, JobId job);

    /// <param name="Command">Made with the submit sequence that a new job gets.</param>
    private sealed record Telling(JobId Id, Func<long, JobCommand> Command);

    private sealed record Entry(IReadOnlyList<Telling> Tellings, (string Owner, int? MaxSubmitted)? Submission)
    {
        public Entry(JobId id, Func<long, JobCommand> command, (string Owner, int? MaxSubmitted)? submission)
            : this([new Telling(id, command)], submission)
        {
        }

        public IEnumerable<JobId> Ids => Tellings.Select(telling => telling.Id);

        public TaskCompletionSource<IReadOnlyList<LedgerAnswer>> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Working(Job? before)
    {
        public long ExpectedRevision { get; } = before?.Revision ?? 0;

        public Job? Now { get; private set; } = before;

        public List<JobEvent> Events { get; } = [];

        public JobChange Change => new(ExpectedRevision, Events, Now!);

        /// <summary>Throws where one of them is impossible.</summary>
        public Job? After(IReadOnlyList<JobEvent> events) => events.Aggregate(Now, JobLifecycle.Evolve);

        public void Append(IReadOnlyList<JobEvent> events, Job? next)
        {
            Now = next;
            Events.AddRange(events);
        }
    }
}

/// <param name="Job">The job after the decision; null where there is none.</param>
public sealed record LedgerAnswer(Decision Decision, Job? Job);

/// <summary>The change was not stored, or nobody knows whether; asking again is safe.</summary>
public sealed class LedgerUnavailableException(string message, Exception? inner) : Exception(message, inner);
