using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Clusters.Tests.Doubles;

/// <summary>
/// Objects and the machines that act on them, as behind Kubernetes' API: what is written is acted on later, what happened is told later
/// still, and both go on while nobody watches. Delays come from a seed.
/// </summary>
public sealed class FakeApiServer(int seed)
{
    private readonly Lock gate = new();
    private readonly Random delays = new(seed);
    private readonly Dictionary<JobId, ClusterAssignment> wishes = [];
    private readonly Dictionary<(JobId Job, int Attempt, int Rank), FakePod> pods = [];
    private readonly Dictionary<(JobId Job, int Rank), int> words = [];
    private readonly Dictionary<(JobId Job, int Rank), int> starts = [];
    private Action<TaskObservation>? watchers;

    public IReadOnlyList<NodeObservation> Nodes { get; set; } = [];

    public int StartsOf(JobId job, int rank)
    {
        lock (gate) return starts.GetValueOrDefault((job, rank));
    }

    /// <summary>All that has been told so far, and from then on each event.</summary>
    public IReadOnlyList<TaskObservation> Watch(Action<TaskObservation> watcher)
    {
        lock (gate)
        {
            watchers += watcher;
            return [.. pods.Values.SelectMany(pod => pod.Told)];
        }
    }

    public void Unwatch(Action<TaskObservation> watcher)
    {
        lock (gate) watchers -= watcher;
    }

    /// <summary>Null where the object was written.</summary>
    public (string Reason, bool Permanent)? Write(ClusterAssignment wish)
    {
        lock (gate)
        {
            var wanted = wish.Assignment;
            var old = wishes.GetValueOrDefault(wanted.JobId)?.Assignment;
            if (old?.Generation == wanted.Generation) return null;
            if (old?.Generation > wanted.Generation || old?.Attempt > wanted.Attempt) return ("a newer object is there", true);
            if (old?.Attempt < wanted.Attempt && pods.Values.Any(pod => pod.Id.Job == wanted.JobId && !pod.HasEnded)) return ("its pods are still there", false);
            if (wanted.Wanted == WantedState.Run && old?.Attempt == wanted.Attempt && old.Wanted == WantedState.Stop) return ("it is being deleted", true);
            var isNew = old?.Attempt != wanted.Attempt;
            if (isNew && wanted.Wanted == WantedState.Run && wanted.Tasks.FirstOrDefault(task => !IsPossible(task)) is { } impossible) return ($"{impossible.Node} cannot hold it", true);
            wishes[wanted.JobId] = wish;
            foreach (var task in wanted.Tasks)
            {
                var id = (wanted.JobId, wanted.Attempt, task.Rank);
                if (pods.TryAdd(id, new FakePod(id))) _ = LiveAsync(pods[id]);
            }

            return null;
        }
    }

    /// <summary>How many tasks it had; null where one has not ended.</summary>
    public int? Remove(JobId job)
    {
        lock (gate)
        {
            var ids = pods.Keys.Where(id => id.Job == job).ToArray();
            if (ids.Any(id => !pods[id].HasEnded)) return null;
            foreach (var id in ids) pods.Remove(id);
            wishes.Remove(job);
            foreach (var id in ids) words.Remove((job, id.Rank));
            return ids.Length == 0 ? 0 : ids.Max(id => id.Rank) + 1;
        }
    }

    public void End(JobId job, int rank, int exitCode)
    {
        lock (gate) words[(job, rank)] = exitCode;
    }

    private bool IsPossible(TaskPlacement task) => Nodes.FirstOrDefault(node => node.Name == task.Node) is { } node && task.Devices.All(node.Devices.Contains);

    private bool IsWanted(FakePod pod)
    {
        lock (gate) return wishes[pod.Id.Job].Assignment is { Wanted: WantedState.Run } wanted && wanted.Attempt == pod.Id.Attempt;
    }

    /// <summary>A kubelet's work for one pod.</summary>
    private async Task LiveAsync(FakePod pod)
    {
        await DelayAsync();
        if (!IsWanted(pod))
        {
            await TellAsync(pod, TaskState.Lost, null);
            return;
        }

        lock (gate)
        {
            var key = (pod.Id.Job, pod.Id.Rank);
            starts[key] = starts.GetValueOrDefault(key) + 1;
        }

        await TellAsync(pod, TaskState.Running, null);
        while (true)
        {
            await DelayAsync();
            if (WordFor(pod) is { } code)
            {
                await TellAsync(pod, TaskState.Exited, new TaskOutcome(code));
                return;
            }

            if (IsWanted(pod)) continue;
            await TellAsync(pod, TaskState.Exited, new TaskOutcome(null, Signal: 15, Stopped: true));
            return;
        }
    }

    private int? WordFor(FakePod pod)
    {
        lock (gate) return words.TryGetValue((pod.Id.Job, pod.Id.Rank), out var code) ? code : null;
    }

    private async Task TellAsync(FakePod pod, TaskState state, TaskOutcome? outcome)
    {
        var seen = new TaskObservation(pod.Id.Job, pod.Id.Attempt, pod.Id.Rank, state, DateTimeOffset.UtcNow, outcome);
        await DelayAsync();
        lock (gate)
        {
            pod.Told.Add(seen);
            watchers?.Invoke(seen);
        }
    }

    private Task DelayAsync()
    {
        lock (gate) return Task.Delay(delays.Next(1, 15));
    }

    private sealed record FakePod((JobId Job, int Attempt, int Rank) Id)
    {
        public List<TaskObservation> Told { get; } = [];

        public bool HasEnded => Told.Any(seen => seen.State is TaskState.Exited or TaskState.Lost);
    }
}
