using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Core.Json;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using Convoy.Store;

namespace Convoy.Simulation.Tests;

/// <summary>What must hold, checked by who trusts nobody: it keeps its own account of what was stored and asks the machines themselves.</summary>
internal sealed class Audit(Timeline timeline, Transcript transcript, IReadOnlyList<Machines> clusters, IReadOnlyDictionary<string, Level> levelOf)
{
    private static readonly TimeSpan LongestConfusion = TimeSpan.FromSeconds(20);

    private readonly Dictionary<JobId, Job> stored = [];
    private readonly Dictionary<JobId, Job> deleted = [];
    private readonly Dictionary<JobId, DateTimeOffset> changedAt = [];
    private readonly Dictionary<(string Cluster, JobId Job, int Attempt), DateTimeOffset> partialSince = [];
    private DateTimeOffset? confusedSince;

    public IReadOnlyDictionary<JobId, Job> Jobs => stored;

    /// <summary>A change has become durable.</summary>
    public void Stored(JobChange change)
    {
        var (id, before) = (change.Next.Id, stored.GetValueOrDefault(change.Next.Id));
        var after = change.Events.Aggregate(before, JobLifecycle.Evolve)!;
        timeline.Require(!deleted.ContainsKey(id), $"{id} is stored, and it was deleted");
        transcript.Write($"stored {id} revision {after.Revision} {after.Phase}: {string.Join(' ', change.Events.Select(happened => happened.GetType().Name))}");
        timeline.Require(Text(after) == Text(change.Next), $"{id} was stored as {Text(change.Next)}, and its events say {Text(after)}");
        timeline.Require(before is not null || stored.Values.Concat(deleted.Values).All(job => job.SubmitSequence != after.SubmitSequence), $"{id} has a submit sequence that was given already");
        var generation = before?.Generation ?? 0;
        foreach (var next in change.Events.Select(Generation).OfType<long>()) timeline.Require(next == ++generation, $"generation {next} of {id} does not follow {generation - 1}");
        (stored[id], changedAt[id]) = (after, timeline.Now);
        if (after.Current is null) timeline.Require(!clusters.Any(machines => machines.Runs(id)), $"{id} is {after.Phase}, and its tasks run");
        if (change.Events.Any(happened => happened is JobSubmitted or JobRetried or JobAssigned)) RequireCaps(after);
        if (change.Events.Any(happened => happened is JobAssigned)) RequireRoom();
        if (after.Phase == JobPhase.Succeeded) RequireSuccess(after);
        foreach (var stopping in change.Events.OfType<JobStopping>().Where(stopping => stopping.Cause == StopCause.Preempted)) RequireReason(before!, stopping);
    }

    /// <summary>A job is gone for good.</summary>
    public void Deleted(JobId id)
    {
        timeline.Require(stored.Remove(id, out var job) && job.Phase.IsFinished(), $"{id} is deleted, and it is {job?.Phase}");
        deleted[id] = job!;
        transcript.Write($"deleted {id}");
    }

    /// <summary>Every second.</summary>
    /// <param name="calmSince">Since when nothing goes wrong; null where something may.</param>
    public void Look(ServerLife? server, DateTimeOffset? calmSince)
    {
        NoticePartialGangs();
        if (server is null || !server.IsAtRest) return;
        CompareMemory(server);
        if (confusedSince is null) CompareShares(server);
        if (calmSince is not { } since) return;
        foreach (var (gang, at) in partialSince)
        {
            var longest = Simulation.BindTimeout + Machines.LongestGrace + LongestConfusion;
            timeline.Require(timeline.Now - Later(at, since) <= longest, $"attempt {gang.Attempt} of {gang.Job} has run in parts for longer than {longest}");
        }

        if (timeline.Now - since < LongestConfusion) return;
        foreach (var (id, job) in stored)
        {
            if (job.Phase != JobPhase.Pending || timeline.Now - Later(changedAt[id], since) < LongestConfusion) continue;
            timeline.Require(server.Scheduling.Latest.Reasons.ContainsKey(id), $"{id} waits, and nobody says why");
        }
    }

    /// <summary>Not everything that was stored and may ever run has come to its end.</summary>
    public IEnumerable<Job> Unfinished(ServerLife server) => stored.Values.Where(job => !job.Phase.IsFinished() && !(job.Phase == JobPhase.Pending
        && server.Scheduling.Latest.Reasons.TryGetValue(job.Id, out var reason) && reason.Token is WaitingToken.Infeasible or WaitingToken.NoSuchAccelerator));

    public void RequireEnd(IEnumerable<Submission> submissions, ServerLife server)
    {
        var accepted = new HashSet<JobId>();
        foreach (var submission in submissions)
        {
            timeline.Require(stored.ContainsKey(submission.Id) == (submission.IsAccepted && !submission.IsDeleted), $"{submission.Id} is {(submission.IsDeleted ? "deleted and" : submission.IsAccepted ? "accepted and not" : "refused and")} stored");
            timeline.Require(!submission.IsAccepted || submission.IsDeleted || accepted.Add(submission.Id), $"{submission.Id} is there twice");
            timeline.Require(!submission.IsCancelled || submission.IsDeleted || stored[submission.Id].Phase == JobPhase.Cancelled, $"{submission.Id} was to be cancelled");
        }

        timeline.Require(stored.Count == accepted.Count, "a job was stored that nobody submitted");
        timeline.Require(clusters.All(machines => machines.Gangs.Values.SelectMany(gang => gang).All(task => task.HasEnded)), "something still runs, though every job has finished");
        foreach (var job in server.Ledger.Unfinished.Values) timeline.Require(Text(job) == Text(stored[job.Id]), $"{job.Id} in memory is not as stored");
    }

    /// <summary>Neither the disk nor the machines know anything of what was deleted.</summary>
    public bool IsRidOfDeleted(IReadOnlyList<Job> left) => left.Count == 0 && deleted.Keys.All(id => clusters.All(machines => !machines.Gangs.ContainsKey(id)));

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static string Text(Job job) => JsonSerializer.Serialize(job, CoreJson.Default.Job);

    private static long? Generation(JobEvent happened) => happened switch
    {
        JobAssigned assigned => assigned.Generation,
        JobStopping stopping => stopping.Generation,
        _ => null,
    };

    /// <summary>Some of a gang's tasks run, and others do not and have not ended well.</summary>
    private void NoticePartialGangs()
    {
        var partial = clusters.SelectMany(machines => machines.Gangs.Values.Where(gang => gang.Any(task => task.IsRunning) && gang.Any(task => !task.IsRunning && task.Outcome is not { IsSuccess: true }))
            .Select(gang => (machines.Name, gang[0].Job, gang[0].Attempt))).ToHashSet();
        foreach (var gang in partialSince.Keys.Where(gang => !partial.Contains(gang)).ToArray()) partialSince.Remove(gang);
        foreach (var gang in partial) partialSince.TryAdd(gang, timeline.Now);
    }

    /// <summary>After a failed commit the server may be mistaken until it has read again what is stored.</summary>
    private void CompareMemory(ServerLife server)
    {
        var wrong = stored.Values.Where(job => (server.Ledger.Unfinished.GetValueOrDefault(job.Id)?.Revision ?? 0) != (job.Phase.IsFinished() ? 0 : job.Revision)).ToArray();
        confusedSince = wrong.Length == 0 ? null : confusedSince ?? timeline.Now;
        timeline.Require(timeline.Now - (confusedSince ?? timeline.Now) <= LongestConfusion, $"the server's memory has been wrong about {string.Join(' ', wrong.Select(job => $"{job.Id} ({job.Phase})"))}");
    }

    /// <summary>Every attempt that ever was is charged once, however many servers saw a part of it.</summary>
    private void CompareShares(ServerLife server)
    {
        var (snapshot, _, now, _) = server.Snapshots.Take(new SchedulingPolicy([]));
        var usage = new UsageAccounts(FairShare.DefaultHalfLife, now);
        foreach (var job in stored.Values.Concat(deleted.Values))
        {
            foreach (var part in job.Attempts.SelectMany(attempt => AttemptUsage.AllOf(job, attempt))) usage.Charge(part);
        }

        var expected = usage.Shares(QueueTree.Default, snapshot.Nodes, now).Users;
        foreach (var person in levelOf.Keys)
        {
            var (known, should) = (snapshot.UserShares.GetValueOrDefault(person), expected.GetValueOrDefault(person));
            timeline.Require(Math.Abs(known - should) <= 16, $"{person}'s share is {known}, and what was stored makes it {should}");
        }
    }

    private void RequireCaps(Job changed)
    {
        var level = levelOf[changed.Owner];
        var own = stored.Values.Where(job => job.Owner == changed.Owner && !job.Phase.IsFinished()).ToArray();
        var running = own.Select(RunningJob.Of).OfType<RunningJob>().ToArray();
        timeline.Require(!(own.Length > level.MaxSubmitted), $"{changed.Owner} has {own.Length} unfinished jobs");
        timeline.Require(!(running.Length > level.MaxRunning), $"{changed.Owner} has {running.Length} running jobs");
        timeline.Require(!(running.Sum(job => job.Places.Sum(place => place.Taken.Devices)) > level.MaxGpus), $"{changed.Owner} has more devices than the level allows");
    }

    /// <summary>What was promised to jobs, whether or not the machines know of it yet.</summary>
    private void RequireRoom()
    {
        var places = stored.Values.Select(RunningJob.Of).OfType<RunningJob>().SelectMany(job => job.Places.Select(place => (job.Cluster, place))).ToLookup(held => (held.Cluster, held.place.Node), held => held.place);
        foreach (var node in clusters.SelectMany(machines => machines.Shape.Select(node => Node.Of(machines.Name, node))))
        {
            var here = places[(node.Cluster, node.Name)].ToArray();
            var devices = here.SelectMany(place => place.Devices).ToArray();
            timeline.Require(here.Aggregate(default(ResourceVector), (sum, place) => sum + place.Taken).FitsIn(node.Capacity), $"{node.Name} is promised twice");
            timeline.Require(devices.Distinct().Count() == devices.Length, $"devices {string.Join(' ', devices.Order())} of {node.Name} are promised twice");
        }
    }

    /// <summary>Who makes way does so for somebody of a higher standing who waits, and loses neither its place nor one of its own restarts.</summary>
    private void RequireReason(Job victim, JobStopping stopping)
    {
        var other = stored[JobId.Parse(stopping.By!)];
        timeline.Require(other.Phase == JobPhase.Pending, $"{victim.Id} makes way for {other.Id}, which is {other.Phase}");
        timeline.Require(
            levelOf[other.Owner].Rank > levelOf[victim.Owner].Rank || (other.Owner == victim.Owner && other.Spec.Priority > victim.Spec.Priority)
            || (levelOf[other.Owner].Rank == levelOf[victim.Owner].Rank && stopping.At - victim.Attempts[^1].AssignedAt >= victim.Spec.Limits.MaxDuration && other.Place < victim.Place),
            $"{victim.Id} of {victim.Owner} makes way for {other.Id} of {other.Owner}");
        transcript.Write($"{victim.Id} makes way for {other.Id}");
    }

    private void RequireSuccess(Job job)
    {
        var gang = clusters.Single(machines => machines.Name == job.Attempts[^1].Cluster).Gangs[job.Id];
        timeline.Require(gang.Length == job.Attempts[^1].Tasks.Count && gang.All(task => task.Attempt == job.Attempts.Count && task.Outcome is { IsSuccess: true }), $"{job.Id} has succeeded, and not all its tasks have");
    }
}
