using Convoy.Clusters;
using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Simulation.Tests;

/// <summary>The machines of one cluster: they do what they were last told, when they come to it, and things happen to them.</summary>
internal sealed class Machines
{
    public static readonly TimeSpan LongestGrace = TimeSpan.FromSeconds(10);

    private readonly Timeline timeline;
    private readonly Faults faults;
    private readonly Transcript transcript;
    private readonly Dictionary<string, NodeObservation> nodes;
    private readonly Dictionary<JobId, Assignment> wishes = [];
    private readonly Dictionary<JobId, SimulatedTask[]> gangs = [];
    private readonly HashSet<(JobId Job, int Attempt, int Rank)> started = [];
    private readonly HashSet<JobId> forgotten = [];

    public Machines(string name, Timeline timeline, Faults faults, Transcript transcript)
    {
        (Name, this.timeline, this.faults, this.transcript) = (name, timeline, faults, transcript);
        var (count, devices, assigns) = (timeline.Random.Next(1, 4), timeline.Random.Next(1, 5), timeline.Random.Next(2) == 0);
        var type = timeline.Pick("A100-80G", "H100-80G");
        Shape = [.. Enumerable.Range(0, count).Select(i => new NodeObservation($"{name}-{i}", NodeHealth.Ready, 4000, 64L << 30, type, [.. Enumerable.Range(0, devices)], assigns))];
        nodes = Shape.ToDictionary(node => node.Name);
        Journal = new Journal(timeline, faults);
        Journal.Add(Shape);
        transcript.Write($"{name} has {count} nodes with {devices} {type}{(assigns ? ", assigned" : "")}");
    }

    public string Name { get; }

    public Journal Journal { get; }

    /// <summary>The nodes as they are when they are well.</summary>
    public IReadOnlyList<NodeObservation> Shape { get; }

    /// <summary>Newest attempts, those that have ended too.</summary>
    public IReadOnlyDictionary<JobId, SimulatedTask[]> Gangs => gangs;

    public bool Runs(JobId job) => gangs.TryGetValue(job, out var tasks) && tasks.Any(task => task.IsRunning);

    public bool Forget(JobId job)
    {
        if (gangs.TryGetValue(job, out var tasks) && tasks.Any(task => !task.HasEnded)) return false;
        transcript.Write($"{Name} forgets {job}");
        forgotten.Add(job);
        gangs.Remove(job);
        wishes.Remove(job);
        Journal.Forget(job);
        return true;
    }

    /// <summary>Null where the wish is taken.</summary>
    public Refusal? Take(Assignment wanted)
    {
        var id = wanted.JobId;

        // Its machines know no other job of that id here, and what is on the line may be late.
        if (forgotten.Contains(id)) return new Refusal(id, wanted.Generation, "it was forgotten", Permanent: true);
        var had = wishes.GetValueOrDefault(id);
        if (had?.Generation == wanted.Generation)
        {
            timeline.Require(SimulatedTask.Text(had) == SimulatedTask.Text(wanted), $"generation {had.Generation} of {id} says {SimulatedTask.Text(had)} and {SimulatedTask.Text(wanted)}");
            return null;
        }

        if (had?.Generation > wanted.Generation) return new Refusal(id, wanted.Generation, "a newer generation is known", Permanent: true);
        var isNew = had?.Attempt != wanted.Attempt;
        if (had is not null)
        {
            timeline.Require(wanted.Attempt >= had.Attempt, $"{id} goes back from attempt {had.Attempt} to {wanted.Attempt}");
            timeline.Require(!isNew || gangs[id].All(task => task.HasEnded), $"attempt {wanted.Attempt} of {id} is wanted while attempt {had.Attempt} has not ended");
            timeline.Require(isNew || (had.Wanted, wanted.Wanted) != (WantedState.Stop, WantedState.Run), $"the stopped attempt {wanted.Attempt} of {id} is to run again");
        }

        if (isNew && wanted.Wanted == WantedState.Run)
        {
            if (faults.Happens(Fault.RefusedForGood)) return new Refusal(id, wanted.Generation, "simulated", Permanent: true);
            if (faults.Happens(Fault.RefusedForNow)) return new Refusal(id, wanted.Generation, "simulated", Permanent: false);
        }

        transcript.Write($"{Name} takes generation {wanted.Generation} of {id}: {SimulatedTask.Text(wanted)}");
        wishes[id] = wanted;
        if (isNew)
        {
            Journal.Forget(id);
            gangs[id] = [.. wanted.Tasks.Select(place => new SimulatedTask(wanted, place))];
        }

        foreach (var task in gangs[id])
        {
            if (wanted.Wanted == WantedState.Run) timeline.After(StartDelay(), () => Start(task));
            else if (!task.HasStarted) End(task, TaskState.Lost, null);
            else timeline.After(timeline.Between(0, LongestGrace.TotalSeconds), () => End(task, TaskState.Exited, timeline.Pick(Stopped(0, null), Stopped(null, 15), Stopped(null, 9))));
        }

        return null;

        TimeSpan StartDelay() => faults.Happens(Fault.StartSlow) ? timeline.Between(5, 60) : timeline.Between(0, 3);

        static TaskOutcome Stopped(int? code, int? signal) => new(code, signal, Stopped: true);
    }

    /// <summary>Once a second: nodes come and go, supervisors die, the observer restarts.</summary>
    public void Tick()
    {
        if (faults.Happens(Fault.ClusterRestarts)) Journal.Restart();
        foreach (var node in Shape)
        {
            if (nodes[node.Name].Health != NodeHealth.Ready) continue;
            if (faults.Happens(Fault.NodeLost)) Turn(node, NodeHealth.Gone);
            else if (faults.Happens(Fault.NodeUnwell)) Turn(node, timeline.Pick(NodeHealth.Suspect, NodeHealth.Quarantined, NodeHealth.Draining));
        }
    }

    private void Turn(NodeObservation node, NodeHealth health)
    {
        transcript.Write($"{node.Name} is {health}");
        nodes[node.Name] = node with { Health = health };
        timeline.After(timeline.Between(0, 10), () => Journal.Add([.. Shape.Select(shape => nodes[shape.Name])]));
        if (health == NodeHealth.Gone)
        {
            foreach (var task in gangs.Values.SelectMany(gang => gang).Where(task => task.Place.Node == node.Name)) Lose(task);
        }

        if (health == NodeHealth.Ready) return;
        timeline.After(timeline.Between(5, 60), () => Turn(node, NodeHealth.Ready));
    }

    private void Start(SimulatedTask task)
    {
        if (task.HasStarted || task.HasEnded || wishes[task.Job] is not { Wanted: WantedState.Run } wanted || wanted.Attempt != task.Attempt) return;
        if (nodes[task.Place.Node].Health == NodeHealth.Gone)
        {
            timeline.After(timeline.Between(1, 5), () => Start(task));
            return;
        }

        timeline.Require(started.Add((task.Job, task.Attempt, task.Place.Rank)), $"{task} starts twice");
        task.Run();
        transcript.Write($"{Name} starts {task}");
        RequireRoom(nodes[task.Place.Node]);
        Observe(task, TaskState.Running, null);
        var (after, state, outcome) = Fate(task);
        timeline.After(after, () => End(task, state, outcome));
        if (faults.Happens(Fault.SupervisorLost)) timeline.After(timeline.Between(0, 30), () => Lose(task));
    }

    private (TimeSpan After, TaskState State, TaskOutcome Outcome) Fate(SimulatedTask task)
    {
        var after = timeline.Between(0, timeline.Pick(0.1, 5, 60));
        if (task.MayHang && faults.Happens(Fault.TaskHangs)) after = TimeSpan.FromDays(100);
        if (faults.Happens(Fault.TaskFails)) return (after, TaskState.Exited, new TaskOutcome(timeline.Random.Next(1, 4)));
        if (faults.Happens(Fault.TaskKilled)) return (after, TaskState.Exited, new TaskOutcome(null, Signal: timeline.Pick(9, 11), OutOfMemory: timeline.Random.Next(2) == 0));
        return (after, TaskState.Exited, new TaskOutcome(0, DeviceError: faults.Happens(Fault.DeviceError)));
    }

    /// <summary>It is gone at once; that is noticed later.</summary>
    private void Lose(SimulatedTask task)
    {
        if (!task.IsRunning) return;
        task.Vanish();
        transcript.Write($"{Name} loses {task}");
        timeline.After(timeline.Between(0, 10), () => Observe(task, TaskState.Lost, null));
    }

    private void End(SimulatedTask task, TaskState state, TaskOutcome? outcome)
    {
        if (task.HasEnded || (task.HasStarted && !task.IsRunning)) return;
        transcript.Write($"{Name} ends {task}: {state} {outcome?.Code} {outcome?.Signal}");
        Observe(task, state, outcome);
    }

    private void Observe(SimulatedTask task, TaskState state, TaskOutcome? outcome)
    {
        if (state is TaskState.Exited or TaskState.Lost) task.End(state, outcome);
        Journal.Add(new TaskObservation(task.Job, task.Attempt, task.Place.Rank, state, timeline.Now, outcome));
    }

    /// <summary>The machines count for themselves what runs on them.</summary>
    private void RequireRoom(NodeObservation node)
    {
        var here = gangs.Values.SelectMany(gang => gang).Where(task => task.IsRunning && task.Place.Node == node.Name).ToArray();
        var sum = here.Aggregate(default(ResourceVector), (sum, task) => sum + task.Needs);
        timeline.Require(sum.FitsIn(new ResourceVector(node.CpuMillicores, node.MemoryBytes, node.Devices.Count)), $"{node.Name} is oversubscribed by {string.Join(", ", here.AsEnumerable())}");
        var devices = here.SelectMany(task => task.Place.Devices).ToArray();
        timeline.Require(devices.Distinct().Count() == devices.Length && devices.All(node.Devices.Contains), $"devices of {node.Name} are shared or not there: {string.Join(", ", here.AsEnumerable())}");
    }
}
