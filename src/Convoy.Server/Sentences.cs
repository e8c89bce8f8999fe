using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Server;

/// <summary>Events, failures and waiting reasons in words. The codes beside them are what programs read.</summary>
public static class Sentences
{
    public static (string Type, Text Message) Of(JobEvent happened) => happened switch
    {
        JobSubmitted e => ("Submitted", $"submitted by {e.Owner} to queue {e.Queue}"),
        JobAssigned e => ("Assigned", $"attempt {e.Attempt}: {Count(e.Tasks.Count, "task")} on {string.Join(", ", e.Tasks.Select(task => task.Node).Distinct())}"),
        TaskStarted e => ("TaskStarted", $"attempt {e.Attempt}: rank {e.Rank} started"),
        TaskEnded { Outcome: null } e => ("TaskEnded", $"attempt {e.Attempt}: rank {e.Rank} is lost"),
        TaskEnded e => ("TaskEnded", $"attempt {e.Attempt}: rank {e.Rank} ended with {How(e.Outcome.Code, e.Outcome.Signal)}{(e.Outcome.OutOfMemory ? (Text)", out of memory" : "")}"),
        TerminalOpened e => ("TerminalOpened", $"attempt {e.Attempt}: {e.By} opened its terminal"),
        JobResized { Failure: { } failure } e => ("Replaced", $"attempt {e.Attempt}: rank {e.Released[0]} is replaced by rank {e.Added[0].Rank} on {e.Added[0].Node}, counted as a restart: {Of(failure)}"),
        JobResized e => ("Resized", e.Added.Count > 0
            ? (Text)$"attempt {e.Attempt}: grew from {e.Before} to {Count(e.After, "task")}, on {string.Join(", ", e.Added.Select(task => task.Node).Distinct())}"
            : $"attempt {e.Attempt}: shrank from {e.Before} to {Count(e.After, "task")}{(e.For.Count == 0 ? (Text)", for what was added did not come to run" : $" for {string.Join(", ", e.For)}")}"),
        JobRunning e => ("Running", $"attempt {e.Attempt}: every task has started"),
        JobStopping e => ("Stopping", $"told to stop ({e.Cause}{(e.By is null ? Text.None : $" by {e.By}")}){(e.Failure is null ? Text.None : $": {Of(e.Failure)}")}"),
        JobRequeued e => ("Requeued", $"back in the queue after {e.Cause}{(e.Counted ? (Text)", counted as a restart" : "")}{(e.NotBefore is { } until ? (Text)$"; not before {until:HH:mm:ss} UTC" : "")}"),
        JobSuspended e => ("Suspended", $"suspended by {e.By}"),
        JobResumed e => ("Resumed", $"resumed by {e.By}"),
        JobUpdated e => ("Updated", $"updated by {e.By}: {Changes(e.Before, e.After)}"),
        JobRetried e => ("Retried", $"submitted again by {e.By}"),
        JobSucceeded => ("Succeeded", "every task ended with exit code 0"),
        JobFailed e => ("Failed", Of(e.Failure)),
        JobCancelled e => ("Cancelled", $"cancelled by {e.By}"),
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "unknown event"),
    };

    public static Text Of(TaskFailure failure)
    {
        var how = failure.ExitCode is null && failure.Signal is null ? null : How(failure.ExitCode, failure.Signal);
        var message = Text.Recalled(failure.Message);
        return (how, message) switch
        {
            (null, null) => (Text)$"rank {failure.Rank} ({failure.Role}) on {failure.Node} [{failure.Class}]",
            (null, _) => $"rank {failure.Rank} ({failure.Role}) on {failure.Node} {message} [{failure.Class}]",
            (_, null) => $"rank {failure.Rank} ({failure.Role}) on {failure.Node} ended with {how} [{failure.Class}]",
            _ => $"rank {failure.Rank} ({failure.Role}) on {failure.Node} ended with {how}: {message} [{failure.Class}]",
        };
    }

    /// <summary>When a job that waits out its backoff goes on, and what made it stop.</summary>
    public static Text StartsAgain(Job job, DateTimeOffset now)
    {
        var seconds = Math.Ceiling((job.NotBefore!.Value - now).TotalSeconds);
        if (job.Failure is not { } failure || failure.Attempt != job.Attempts[^1].Number) return $"starts again in {seconds:0} s, after {job.Attempts[^1].StopCause}";
        var count = failure.Class is FailureClass.User or FailureClass.Resource ? (Text)$"restart {job.Restarts} of {job.Spec.Recovery.MaxRestarts}" : "not counted as a restart of its own";
        return $"starts again in {seconds:0} s ({count}), after {Of(failure)}";
    }

    public static Text Of(WaitingReason reason)
    {
        var needs = Text.Of($"needs {Amount(reason.Unit, reason.Needed)}");
        var free = reason.Free == 1 && reason.Unit is WaitingUnit.Devices ? (Text)$"{Amount(reason.Unit, reason.Free)} is free" : $"{Amount(reason.Unit, reason.Free)} are free";
        Text message = reason.Token switch
        {
            WaitingToken.Held when reason.Until is { } until => $"waits until {until:yyyy-MM-dd HH:mm:ss} UTC before it starts again",
            WaitingToken.DatasetNotReady when reason.IsStuck => $"{Percent(reason)} % of its data is where it can run, {Size(reason.Free)} of {Size(reason.Needed)}, and the rest cannot be copied now",
            WaitingToken.DatasetNotReady when reason.Until is { } ready => $"{Percent(reason)} % of its data is where it can run, {Size(reason.Free)} of {Size(reason.Needed)}; the rest at about {ready:HH:mm:ss} UTC",
            WaitingToken.DatasetNotReady => $"{Percent(reason)} % of its data is where it can run, {Size(reason.Free)} of {Size(reason.Needed)}",
            WaitingToken.ExceedsLevelCap when reason.Unit == WaitingUnit.Jobs => "you have as many running jobs as your level allows",
            WaitingToken.ExceedsLevelCap => $"needs {Amount(reason.Unit, reason.Needed)} more, and your level leaves {Amount(reason.Unit, reason.Free)}",
            WaitingToken.WaitingForPreemption when reason.Unit == WaitingUnit.Jobs && reason.Needed == 1 => $"{Amount(reason.Unit, reason.Needed)} makes way for it, and it starts when that has stopped",
            WaitingToken.WaitingForPreemption when reason.Unit == WaitingUnit.Jobs => $"{Amount(reason.Unit, reason.Needed)} make way for it, and it starts when those have stopped",
            WaitingToken.WaitingForPreemption => $"{needs}; jobs make way for it, and it starts when they have stopped",
            WaitingToken.ExceedsQueueQuota => $"{needs}, and {QueueOf(reason)} may never have more than {Amount(reason.Unit, reason.Free)}",
            WaitingToken.WaitingForQuota => $"{needs}, and the quota of {QueueOf(reason)} leaves {Amount(reason.Unit, reason.Free)} now",
            WaitingToken.InsufficientResources => $"{needs}; {free}",
            WaitingToken.TopologyUnsatisfied => $"{needs} closer together than they are free; {free}",
            WaitingToken.Fragmented => $"{needs}; {free}, but at most {Amount(reason.Unit, reason.LargestFreeBlock)} on one node, and its tasks do not fit into the gaps",
            WaitingToken.Reserved => $"{needs}; what is free is kept for a job ahead of it",
            WaitingToken.Infeasible => $"{needs} in a shape that no cluster has, even when empty",
            WaitingToken.NoSuchAccelerator => $"{needs} of a type that no node has",
            WaitingToken.ClusterUnreachable => "none of the clusters it may use is reporting",
            _ => needs,
        };
        return reason.EarliestStart is { } start ? (Text)$"{message}; machines are promised to it from about {start:yyyy-MM-dd HH:mm} UTC" : message;

        static long Percent(WaitingReason reason) => reason.Needed == 0 ? 100 : (long)((Int128)reason.Free * 100 / reason.Needed);
        static string Size(long bytes) => new ByteSize(bytes).ToRoundedText();
        static Text QueueOf(WaitingReason reason) => reason.Queue is { } queue ? (Text)$"queue {queue}" : "its queue";
    }

    /// <summary>The next thing to try.</summary>
    public static Text? Advice(WaitingReason reason) => reason.Token switch
    {
        WaitingToken.Held => (Text)"nothing to do: it starts again by itself",
        WaitingToken.WaitingForPreemption => "nothing to do: it starts by itself",
        WaitingToken.DatasetNotReady when reason.IsStuck => "it is tried again and again; the log of the server, and for administrators `convoy dataset replicate`, say what is wrong",
        WaitingToken.DatasetNotReady => "nothing to do: it is copied, and the job starts by itself; `convoy dataset replicate` shows how far that is",
        WaitingToken.ExceedsLevelCap => "wait for your other jobs to end, cancel one of them, or ask an administrator about your level",
        WaitingToken.ExceedsQueueQuota => "ask for less, submit it to another queue, or ask an administrator for quota; `convoy queue list` shows them",
        WaitingToken.WaitingForQuota => "wait until others of the queue have ended, or submit it to another queue; `convoy queue list` shows what each uses",
        WaitingToken.TopologyUnsatisfied => "wait, or make placement.topology preferred instead of required",
        WaitingToken.InsufficientResources when reason.JobsAhead == 0 => "wait, or ask for less; `convoy node list` shows what is free",
        WaitingToken.InsufficientResources => "wait, or ask for less; `convoy queue` shows who is ahead",
        WaitingToken.Fragmented => "ask for fewer devices per task, or wait until a node is emptier; `convoy node list` shows the gaps",
        WaitingToken.Reserved => "wait; a smaller job that is not in the way of the one ahead would start",
        WaitingToken.Infeasible => "cancel it and ask for less per task; `convoy node list` shows the machines",
        WaitingToken.NoSuchAccelerator => "name a type that `convoy node list` shows",
        WaitingToken.ClusterUnreachable => "`convoy cluster list` shows when each was last seen",
        _ => null,
    };

    public static Text Amount(WaitingUnit unit, long amount) => unit switch
    {
        WaitingUnit.Devices => Count(amount, "GPU"),
        WaitingUnit.Millicores => $"{new CpuQuantity(amount)} CPU",
        WaitingUnit.Bytes => $"{new ByteSize(amount).ToRoundedText()} memory",
        WaitingUnit.MilliDevices => $"{amount.ToString(CultureInfo.InvariantCulture)} thousandths of a GPU",
        WaitingUnit.Rdma => Count(amount, "RDMA device"),
        _ => Count(amount, "running job"),
    };

    public static Text Count(long number, [Noun] string noun) => Text.Count(number, noun);

    private static Text Changes(JobTerms before, JobTerms after)
    {
        var changes = new List<Text>();
        if (before.Queue != after.Queue) changes.Add($"queue {before.Queue} → {after.Queue}");
        if (before.Priority != after.Priority) changes.Add($"priority {Word(before.Priority)} → {Word(after.Priority)}");
        if (before.MaxDuration != after.MaxDuration) changes.Add($"maxDuration {Longest(before)} → {Longest(after)}");
        return Text.Join(", ", changes);

        static string Word(JobPriority priority) => priority.ToString().ToLowerInvariant();
        static Text Longest(JobTerms terms) => terms.MaxDuration is { } longest ? Text.Verbatim(DurationText.Format(longest)) : "none";
    }

    private static Text How(int? code, int? signal) => code is null ? (Text)$"signal {signal}" : $"exit code {code}";
}
