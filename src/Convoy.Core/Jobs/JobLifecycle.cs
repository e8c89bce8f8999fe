namespace Convoy.Core.Jobs;

/// <summary>
/// The life of a job as two pure functions: <see cref="Decide"/> turns a command into events or a refusal,
/// <see cref="Evolve"/> applies one event. docs/job-lifecycle.md is drawn from the transitions table.
/// </summary>
public static class JobLifecycle
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);

    /// <summary>A terminal that is opened again and again is noted once in so long: each note makes plans that know the job stale.</summary>
    private static readonly TimeSpan TerminalOpenings = TimeSpan.FromMinutes(1);

    private static readonly Decision.Rejected Stale = new("Stale", "the job has changed since the plan was made");

    public static Decision Decide(Job? job, JobCommand command, DateTimeOffset now) => (job, command) switch
    {
        (null, JobCommand.Submit submit) => Accept(new JobSubmitted(now, submit.Id, submit.Owner, submit.Level, submit.Queue, submit.Spec, submit.SubmitSequence)),
        (null, _) => new Decision.Rejected("NotFound", "there is no such job"),
        (_, JobCommand.Submit) => new Decision.Rejected("AlreadyExists", $"job {job.Id} exists"),
        (_, JobCommand.Assign assign) => Assign(job, assign, now),
        (_, JobCommand.Observe observe) => Observe(job, observe, now),
        (_, JobCommand.Refuse refuse) => refuse.Generation != job.Generation ? Decision.Nothing
            : job.Phase == JobPhase.Starting ? Stop(job, StopCause.NotBound, null, null, now)
            : job.Phase == JobPhase.Running ? WithoutThoseThatNeverRan(job, now)
            : Decision.Nothing,
        (_, JobCommand.Cancel cancel) => Cancel(job, cancel, now),
        (_, JobCommand.Suspend suspend) => Suspend(job, suspend, now),
        (_, JobCommand.OpenTerminal open) => job.Current is { } running && job.Spec.Interactive is not null
            ? now - running.TerminalOpenedAt is { } since && since >= TimeSpan.Zero && since < TerminalOpenings ? Decision.Nothing : Accept(new TerminalOpened(now, running.Number, open.By))
            : new Decision.Rejected("NotRunning", $"nobody can type into job {job.Id} now: it is {job.Phase}"),
        (_, JobCommand.Resume resume) => Resume(job, resume, now),
        (_, JobCommand.Update update) => Update(job, update, now),
        (_, JobCommand.Retry retry) => Retry(job, retry, now),
        (_, JobCommand.Preempt preempt) => preempt.Revision == job.Revision && job.Phase is JobPhase.Starting or JobPhase.Running && job.Spec.Preemptible
            ? Accept(new JobStopping(now, job.Generation + 1, StopCause.Preempted, preempt.For.Value, null) { EvictionCause = preempt.Cause })
            : Stale,
        (_, JobCommand.Resize resize) => resize.Revision == job.Revision && job.Phase is JobPhase.Starting or JobPhase.Running ? Resize(job, resize, now) : Stale,
        (_, JobCommand.Drain drain) => job.Phase is JobPhase.Starting or JobPhase.Running && job.Current is { } attempt && attempt.Cluster == drain.Cluster && attempt.Members.Any(task => task.Placement.Node == drain.Node)
            ? Stop(job, StopCause.Drained, drain.By, null, now)
            : Decision.Nothing,
        (_, JobCommand.ExpectWaiting expect) => job.Phase == JobPhase.Pending && job.Revision == expect.Revision ? Decision.Nothing : Stale,
        (_, JobCommand.CheckDeadlines check) => CheckDeadlines(job, check.BindTimeout, now),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "unknown command"),
    };

    /// <summary>When <see cref="JobCommand.CheckDeadlines"/> will next have something to do; null where never.</summary>
    public static DateTimeOffset? NextDeadline(Job job, TimeSpan bindTimeout) => job.Phase switch
    {
        JobPhase.Starting => job.Attempts[^1].AssignedAt + bindTimeout,
        JobPhase.Running => Earlier(job.Attempts[^1].RunningAt + job.Spec.Limits.MaxDuration, BoundBy(job.Attempts[^1], bindTimeout)),
        _ => null,
    };

    public static Job Evolve(Job? job, JobEvent happened)
    {
        var next = happened is JobSubmitted submitted
            ? new Job
            {
                Id = submitted.Id,
                Owner = submitted.Owner,
                Level = submitted.Level,
                Queue = submitted.Queue,
                Spec = submitted.Spec,
                SubmitSequence = submitted.SubmitSequence,
                SubmittedAt = submitted.At,
            }
            : Apply(job ?? throw new ArgumentNullException(nameof(job)), happened);
        if (!JobTransitions.Allows(job?.Phase, happened, next.Phase)) throw new InvalidOperationException($"job {next.Id} may not go from {job?.Phase} to {next.Phase} by {happened.GetType().Name}");
        return next with { Revision = (job?.Revision ?? 0) + 1 };
    }

    private static Job Apply(Job job, JobEvent happened) => happened switch
    {
        JobAssigned e => job with
        {
            Phase = JobPhase.Starting,
            Generation = e.Generation,
            NotBefore = null,
            Attempts = [.. job.Attempts, new Attempt { Number = e.Attempt, Cluster = e.Cluster, Accelerator = e.Accelerator, AssignedAt = e.At, Tasks = [.. e.Tasks.Select(p => new TaskRun(p))] }],
        },
        TaskStarted e => WithTask(job, e.Rank, task => task with { State = TaskState.Running, StartedAt = e.At }),
        TaskEnded e => WithTask(job, e.Rank, task => task with { State = e.Outcome is null ? TaskState.Lost : TaskState.Exited, EndedAt = e.At, Outcome = e.Outcome }),
        TerminalOpened e => WithAttempt(job, attempt => attempt with { TerminalOpenedAt = e.At }),
        JobResized e => WithAttempt(job, attempt => JobResizing.Apply(attempt, e)) with { Generation = e.Generation, Restarts = job.Restarts + (e.Failure is null ? 0 : 1) },
        JobRunning e => WithAttempt(job, attempt => attempt with { RunningAt = e.At }) with { Phase = JobPhase.Running },
        JobStopping e => WithAttempt(job, attempt => attempt with { StopCause = e.Cause, StoppedBy = e.By, EvictedFor = e.Cause == StopCause.Preempted ? JobId.Parse(e.By!) : attempt.EvictedFor, EvictionCause = e.EvictionCause ?? attempt.EvictionCause }) with
        {
            Phase = JobPhase.Stopping,
            Generation = e.Generation,
            Failure = e.Failure ?? job.Failure,
            CancelledBy = e.Cause == StopCause.Cancelled ? e.By : job.CancelledBy,
        },
        JobRequeued e => EndAttempt(job, e.At) with
        {
            Phase = JobPhase.Pending,
            Restarts = job.Restarts + (e.Counted ? 1 : 0),
            PlatformRestarts = job.PlatformRestarts + (e.Counted ? 0 : 1),
            NotBefore = e.NotBefore,
        },
        JobSuspended e => (job.Attempts.Count == 0 ? job : WithAttempt(EndAttempt(job, e.At), attempt => attempt with { EvictionCause = null })) with { Phase = JobPhase.Suspended },
        JobResumed => job with { Phase = JobPhase.Pending, NotBefore = null },
        JobUpdated e => Moved(job, e) with
        {
            Queue = e.After.Queue,
            Spec = job.Spec with { Queue = e.After.Queue == e.Before.Queue ? job.Spec.Queue : e.After.Queue, Priority = e.After.Priority, Limits = job.Spec.Limits with { MaxDuration = e.After.MaxDuration } },
            Submitted = job.Submitted ?? new SubmittedTerms(job.Spec.Queue, job.Spec.Priority, job.Spec.Limits.MaxDuration),
        },
        JobRetried e => job with
        {
            Phase = JobPhase.Pending,
            Level = e.Level,
            Spec = job.Spec with { Limits = job.Spec.Limits with { MaxDuration = e.MaxDuration } },
            Retried = new Retrial(e.At, e.Place, job.Attempts.Count),
            Restarts = 0,
            PlatformRestarts = 0,
            NotBefore = null,
            Failure = null,
            CancelledBy = null,
            EndedAt = null,
        },
        JobSucceeded e => EndAttempt(job, e.At) with { Phase = JobPhase.Succeeded, EndedAt = e.At, Failure = null },
        JobFailed e => EndAttempt(job, e.At) with { Phase = JobPhase.Failed, EndedAt = e.At, Failure = e.Failure },
        JobCancelled e => EndAttempt(job, e.At) with { Phase = JobPhase.Cancelled, EndedAt = e.At, CancelledBy = e.By },
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "unknown event"),
    };

    private static Decision Assign(Job job, JobCommand.Assign assign, DateTimeOffset now) =>
        job.Phase != JobPhase.Pending || job.Revision != assign.Revision
            ? Stale
            : Accept(new JobAssigned(now, job.Attempts.Count + 1, job.Generation + 1, assign.Cluster, assign.Accelerator, assign.Tasks));

    /// <summary>Where those that stay have all started, a job that gives up others runs.</summary>
    private static Decision Resize(Job job, JobCommand.Resize resize, DateTimeOffset now)
    {
        var decision = JobResizing.Decide(job, resize, now);
        return decision is Decision.Accepted { Events: [var resized] } && IsWholeAtLast(Evolve(job, resized)) ? new Decision.Accepted([resized, new JobRunning(now, job.Attempts.Count)]) : decision;
    }

    private static bool IsWholeAtLast(Job job) => job.Phase == JobPhase.Starting && job.Attempts[^1].Members.All(t => t.State is TaskState.Running || t.Outcome is { IsSuccess: true });

    /// <summary>Takes observations in the order in which they happened, so that the failure named is the first one.</summary>
    private static Decision Observe(Job job, JobCommand.Observe observe, DateTimeOffset now)
    {
        var events = new List<JobEvent>();
        foreach (var seen in observe.Tasks.OrderBy(t => t.At).ThenBy(t => t.Rank))
        {
            if (job.Current is not { } attempt || seen.Attempt != attempt.Number || seen.Rank < 0 || seen.Rank >= attempt.Tasks.Count) continue;
            var task = attempt.Tasks[seen.Rank];
            if (task.HasEnded) continue;
            if (task.State == TaskState.Assigned && seen.State is TaskState.Running or TaskState.Exited) Happened(new TaskStarted(seen.At, attempt.Number, seen.Rank));
            if (seen.State is TaskState.Exited or TaskState.Lost) Happened(new TaskEnded(seen.At, attempt.Number, seen.Rank, seen.State == TaskState.Lost ? null : seen.Outcome));
            foreach (var consequence in Consequences(job, seen, now)) Happened(consequence);
        }

        return new Decision.Accepted(events);

        void Happened(JobEvent e)
        {
            events.Add(e);
            job = Evolve(job, e);
        }
    }

    private static IEnumerable<JobEvent> Consequences(Job job, TaskObservation seen, DateTimeOffset now)
    {
        var attempt = job.Current!;
        var task = attempt.Tasks[seen.Rank];
        if (IsWholeAtLast(job))
        {
            yield return new JobRunning(seen.At, attempt.Number);
            job = job with { Phase = JobPhase.Running };
        }

        // What the gang was to grow by, and never ran or came too late, it goes on without.
        if (task is { IsMember: true, HasEnded: true, Outcome: not { IsSuccess: true } } && (JobResizing.IsTooLate(job, task) ? JobResizing.Event(job, [], [seen.Rank], [], now)
            : task.State == TaskState.Lost ? JobResizing.WithoutThoseThatNeverRan(job, other => other == task, now) : null) is { } smaller && job.Phase == JobPhase.Running)
        {
            yield return smaller;
            job = Evolve(job, smaller);
            task = job.Attempts[^1].Tasks[seen.Rank];
        }

        var unwell = task is { IsMember: true, HasEnded: true, Outcome: not { IsSuccess: true } };
        if (unwell && JobResizing.Replacement(job, task, ExitClasses.FailureOf(attempt, task), now) is { } replaced)
        {
            yield return replaced;
            yield break;
        }

        if (job.Phase is JobPhase.Starting or JobPhase.Running && unwell)
        {
            var failure = ExitClasses.FailureOf(attempt, task);
            var stopping = new JobStopping(now, job.Generation + 1, task.State == TaskState.Lost ? StopCause.NodeLost : StopCause.TaskFailed, null, failure);
            yield return stopping;
            job = Evolve(job, stopping);
        }

        if (!job.Current!.Tasks.All(t => t.HasEnded)) yield break;
        yield return job.Phase == JobPhase.Stopping ? Settle(job, now) : new JobSucceeded(now);
    }

    /// <summary>Every task of a stopping attempt has ended: where does the job go?</summary>
    private static JobEvent Settle(Job job, DateTimeOffset now)
    {
        var attempt = job.Attempts[^1];
        var cause = attempt.StopCause!.Value;
        // It had finished by itself before anybody could stop it. (Exit code 0 after a request is how a job that saved itself says so.)
        if (cause != StopCause.Cancelled && attempt.Members.All(t => t.Outcome is { IsSuccess: true, Stopped: false })) return new JobSucceeded(now);
        return cause switch
        {
            StopCause.Cancelled => new JobCancelled(now, job.CancelledBy!),
            StopCause.Suspended => new JobSuspended(now, attempt.StoppedBy ?? job.Owner),
            StopCause.MaxDuration => new JobFailed(now, job.Failure!),
            StopCause.Preempted or StopCause.Drained => new JobRequeued(now, cause, Counted: false, NotBefore: null),
            StopCause.NodeLost or StopCause.NotBound => new JobRequeued(now, cause, Counted: false, now + Backoff(Mishaps(job))),
            StopCause.TaskFailed when job.Failure!.Class is FailureClass.Platform or FailureClass.Infrastructure =>
                new JobRequeued(now, cause, Counted: false, now + Backoff(Mishaps(job))),
            StopCause.TaskFailed when ExitClasses.MayRetry(job.Spec.Recovery, job.Failure!, job.Restarts) =>
                new JobRequeued(now, cause, Counted: true, now + Backoff(job.Restarts)),
            _ => new JobFailed(now, job.Failure!),
        };
    }

    private static Decision Stop(Job job, StopCause cause, string? by, TaskFailure? failure, DateTimeOffset now) =>
        Accept(new JobStopping(now, job.Generation + 1, cause, by, failure));

    private static Decision Cancel(Job job, JobCommand.Cancel cancel, DateTimeOffset now) => job.Phase switch
    {
        JobPhase.Pending or JobPhase.Suspended => Accept(new JobCancelled(now, cancel.By)),
        JobPhase.Stopping when job.Attempts[^1].StopCause == StopCause.Cancelled => Decision.Nothing,
        JobPhase.Starting or JobPhase.Running or JobPhase.Stopping => Stop(job, StopCause.Cancelled, cancel.By, null, now),
        JobPhase.Cancelled => Decision.Nothing,
        _ => Finished(job),
    };

    private static Decision Suspend(Job job, JobCommand.Suspend suspend, DateTimeOffset now) => job.Phase switch
    {
        JobPhase.Pending => Accept(new JobSuspended(now, suspend.By)),
        JobPhase.Starting or JobPhase.Running => Stop(job, StopCause.Suspended, suspend.By, null, now),
        JobPhase.Suspended => Decision.Nothing,
        JobPhase.Stopping when job.Attempts[^1].StopCause == StopCause.Suspended => Decision.Nothing,
        // An attempt that is being requeued anyway may as well not start again.
        JobPhase.Stopping when job.Attempts[^1].StopCause is StopCause.Preempted or StopCause.Drained or StopCause.NodeLost or StopCause.NotBound => Stop(job, StopCause.Suspended, suspend.By, null, now),
        JobPhase.Stopping => new Decision.Rejected("Stopping", $"job {job.Id} is stopping ({job.Attempts[^1].StopCause}); wait until it has stopped"),
        _ => Finished(job),
    };

    private static Decision Resume(Job job, JobCommand.Resume resume, DateTimeOffset now) => job.Phase switch
    {
        JobPhase.Suspended => Accept(new JobResumed(now, resume.By)),
        JobPhase.Stopping => new Decision.Rejected("Stopping", $"job {job.Id} is still stopping; resume it when it is Suspended"),
        JobPhase.Pending or JobPhase.Starting or JobPhase.Running => Decision.Nothing,
        _ => Finished(job),
    };

    private static Decision Update(Job job, JobCommand.Update update, DateTimeOffset now)
    {
        if (job.Phase.IsFinished()) return Finished(job);
        var before = JobTerms.Of(job);
        var after = update.Change.Of(before);
        if (after == before) return Decision.Nothing;
        if (after.MaxDuration != before.MaxDuration && job.Phase == JobPhase.Running && now - job.Attempts[^1].RunningAt >= after.MaxDuration)
        {
            return new Decision.Rejected("HasRunLonger", $"job {job.Id} has run longer than {Resources.DurationText.Format(after.MaxDuration.Value)} already, and would be stopped at once; give it more time, or cancel it");
        }

        return Accept(new JobUpdated(now, update.By, before, after));
    }

    private static Decision Retry(Job job, JobCommand.Retry retry, DateTimeOffset now)
    {
        // Asked for again by who got no answer.
        if (job.Attempts.Count >= retry.Attempt) return Decision.Nothing;
        if (job.Phase.IsFinished()) return Accept(new JobRetried(now, retry.By, retry.Level, retry.MaxDuration, retry.Place));
        return job.Retried is not null
            ? Decision.Nothing
            : new Decision.Rejected("NotFinished", $"job {job.Id} has not finished (it is {job.Phase}); only a finished job can be retried");
    }

    private static Decision CheckDeadlines(Job job, TimeSpan bindTimeout, DateTimeOffset now)
    {
        if (NextDeadline(job, bindTimeout) is not { } due || now < due) return Decision.Nothing;
        if (job.Phase == JobPhase.Starting) return Stop(job, StopCause.NotBound, null, null, now);
        if (BoundBy(job.Attempts[^1], bindTimeout) <= now) return WithoutThoseThatNeverRan(job, now);
        var first = job.Attempts[^1].Tasks[0].Placement;
        var failure = new TaskFailure(job.Attempts[^1].Number, first.Role, first.Rank, first.Node, null, null, FailureClass.User,
            $"ran longer than limits.maxDuration ({Resources.DurationText.Format(job.Spec.Limits.MaxDuration!.Value)})");
        return Stop(job, StopCause.MaxDuration, null, failure, now);
    }

    /// <summary>Of a job that runs. One that would be too small without them, as one of its own was to be replaced, starts again as a whole.</summary>
    private static Decision WithoutThoseThatNeverRan(Job job, DateTimeOffset now) =>
        JobResizing.WithoutThoseThatNeverRan(job, _ => true, now) is { } smaller ? Accept(smaller)
        : job.Attempts[^1].Members.Any(task => task.StartedAt is null) ? Stop(job, StopCause.NotBound, null, null, now)
        : Decision.Nothing;

    /// <summary>When what the gang is to grow by has to have started; null where it has.</summary>
    private static DateTimeOffset? BoundBy(Attempt attempt, TimeSpan bindTimeout) => attempt.Members.Any(task => task.State == TaskState.Assigned) ? attempt.ResizedAt + bindTimeout : null;

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other : one;

    /// <summary>Platform restarts that were no evictions: to have been evicted, or drained, is no sign that anything is broken.</summary>
    private static int Mishaps(Job job) => job.PlatformRestarts - job.AttemptsSinceRetry.Count(attempt => attempt.StopCause is StopCause.Preempted or StopCause.Drained);

    private static TimeSpan Backoff(int restarts) =>
        restarts >= 6 ? LongestBackoff : TimeSpan.FromTicks(Math.Min(FirstBackoff.Ticks << restarts, LongestBackoff.Ticks));

    private static Decision.Rejected Finished(Job job) => new("AlreadyFinished", $"job {job.Id} has already finished ({job.Phase})");

    private static Decision.Accepted Accept(JobEvent happened) => new([happened]);

    private static Job WithAttempt(Job job, Func<Attempt, Attempt> change) => job with { Attempts = [.. job.Attempts.Take(job.Attempts.Count - 1), change(job.Attempts[^1])] };

    private static Job WithTask(Job job, int rank, Func<TaskRun, TaskRun> change) => WithAttempt(job, attempt =>
    {
        var tasks = attempt.Tasks.ToArray();
        tasks[rank] = change(tasks[rank]);
        return attempt with { Tasks = tasks };
    });

    /// <summary>What its attempts have held until now stays charged to the queue that it leaves.</summary>
    private static Job Moved(Job job, JobUpdated update) => update.Before.Queue == update.After.Queue ? job : job with
    {
        Attempts = [.. job.Attempts.Select(attempt => attempt.Stays is [.., { Until: var until }] && until >= (attempt.EndedAt ?? update.At)
            ? attempt
            : attempt with { Stays = [.. attempt.Stays, new QueueStay(update.Before.Queue, attempt.EndedAt ?? update.At)] })],
    };

    private static Job EndAttempt(Job job, DateTimeOffset at) => job.Phase.HoldsDevices() ? WithAttempt(job, attempt => attempt with { EndedAt = at }) : job;
}
