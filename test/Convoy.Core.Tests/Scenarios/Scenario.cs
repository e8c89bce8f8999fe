using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using Convoy.Core.Simulation;
using Convoy.Core.Tests.Scheduling;

namespace Convoy.Core.Tests.Scenarios;

/// <summary>
/// A story in lines, each a word, perhaps names, and <c>key=value</c>: first what there is (<c>nodes</c>, <c>level</c>, <c>queue</c>,
/// <c>person</c>, <c>policy</c>), then what happens, each line with its time (<c>10m submit big tasks=4 gpus=8 runs=2h</c>).
/// <c>job-{1..3}</c> names three. What a key means stands where it is read, below.
/// </summary>
internal sealed class Scenario
{
    private const string UsualType = "A100-80G";

    private readonly List<Node> nodes = [];
    private readonly List<Level> levels = [.. Level.Defaults];
    private readonly List<QueueSpec> queues = [];
    private readonly Dictionary<string, (string? Level, string? Queue)> people = [];
    private readonly List<(TimeSpan At, string Text, Action<History> Do)> events = [];
    private readonly HashSet<string> names = [];
    private long sequence;

    public TimeSpan? Until { get; private set; }

    /// <summary>Only how often what happened is told, not each time.</summary>
    public bool IsSummary { get; private set; }

    public TimeSpan Tick { get; private set; } = TimeSpan.FromMinutes(1);

    public IReadOnlyList<Node> Nodes => nodes;

    public SchedulingPolicy Policy { get; private set; } = new(Level.Defaults) { MovesJobs = true };

    /// <summary>In the order of time.</summary>
    public IReadOnlyList<(TimeSpan At, string Text, Action<History> Do)> Events { get; private set; } = [];

    public static Scenario Read(IEnumerable<string> lines)
    {
        var scenario = new Scenario();
        foreach (var (number, line) in lines.Index())
        {
            if (line.Length == 0 || line.StartsWith('#')) continue;
            try
            {
                scenario.Add(line);
            }
            catch (FormatException e)
            {
                throw new FormatException($"line {number + 1}: {e.Message}");
            }
        }

        scenario.Policy = scenario.Policy with { Levels = [.. scenario.levels], Queues = scenario.queues };
        QueueTree.Of(scenario.queues).Problems.ShouldBeEmpty();
        scenario.Events = [.. scenario.events.OrderBy(each => each.At)];
        return scenario;
    }

    private void Add(string text)
    {
        var line = new ScenarioLine(text);
        switch (line.Word)
        {
            case "nodes":
                nodes.AddRange(line.Names.Select(name => NodeOf(name, line)));
                break;
            case "level":
                Set(levels, line);
                break;
            case "queue":
                queues.Add(QueueOf(line));
                break;
            case "person":
                people.Add(line.Name, (line.Text("level"), line.Text("queue")));
                break;
            case "policy":
                Policy = Policy with
                {
                    UsualDuration = line.Duration("usual") ?? Policy.UsualDuration,
                    ReservationsPerType = line.Number("promises") ?? Policy.ReservationsPerType,
                    AgeBound = line.Duration("age-bound") ?? Policy.AgeBound,
                };
                break;
            case "run":
                (Until, Tick, IsSummary) = (line.Duration("until"), line.Duration("tick") ?? Tick, line.Flag("summary") ?? false);
                break;
            default:
                events.AddRange(Happenings(line, text[(text.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
                break;
        }

        line.MustBeUsed();
    }

    private IEnumerable<(TimeSpan At, string Text, Action<History> Do)> Happenings(ScenarioLine line, string text)
    {
        if (line.Word == "submit") return Submissions(line, text);
        Action<History> happens = line.Word switch
        {
            "cancel" => history => line.Names.ToList().ForEach(name => history.Cancel(Id(name))),
            "lose" => history => line.Names.ToList().ForEach(name => history.SetHealth(name, NodeHealth.Gone)),
            "suspect" => history => line.Names.ToList().ForEach(name => history.SetHealth(name, NodeHealth.Suspect)),
            "return" => history => line.Names.ToList().ForEach(name => history.SetHealth(name, NodeHealth.Ready)),
            "relevel" => Relevel(line),
            _ => throw new FormatException($"'{line.Word}' is nothing that happens"),
        };
        return [(line.At, text, happens)];
    }

    private static Action<History> Relevel(ScenarioLine line)
    {
        var changed = LevelOf(new Level(line.Name, 0), line);
        return history => history.Policy = history.Policy with { Levels = [.. history.Policy.Levels.Select(level => level.Name == changed.Name ? changed with { Rank = level.Rank } : level)] };
    }

    /// <summary><c>every</c>: so long after each other, each with the place in the order of submission that its time gives it.</summary>
    private (TimeSpan At, string Text, Action<History> Do)[] Submissions(ScenarioLine line, string text)
    {
        var (every, work, saves, job) = (line.Duration("every"), line.Duration("runs"), line.Duration("saves"), JobOf(line));
        return [.. line.Names.Select((name, i) =>
        {
            if (!names.Add(name)) throw new FormatException($"there is a job {name} already");
            Action<History> submit = history => history.Submit(job with { Standing = job.Standing with { Id = Id(name), SubmitSequence = ++sequence } }, work, saves);
            return (line.At + ((every ?? TimeSpan.Zero) * i), every is null ? text : $"submit {name}", submit);
        })];
    }

    private PendingJob JobOf(ScenarioLine line)
    {
        var owner = line.Text("by") ?? "somebody";
        var (level, queue) = people.GetValueOrDefault(owner);
        var tasks = line.Text("tasks") is { } text ? Replicas.TryParse(text, out var replicas) ? replicas : throw new FormatException($"'{text}' is no number of tasks") : new Replicas(1, 1);
        var each = new ResourceVector(line.Cpu("cpu") ?? 1000, line.Size("memory") ?? 0, line.Number("gpus") ?? 0) { Milli = line.Number("milli-gpus") ?? 0 };
        var (required, preferred) = (line.Choice<TopologyLevel>("within"), line.Choice<TopologyLevel>("near"));
        return new PendingJob(
            new Standing(default, owner, line.Text("level") ?? level ?? "engineer", line.Text("queue") ?? queue ?? QueueTree.RootName, line.Choice<JobPriority>("priority") ?? JobPriority.Normal, 0),
            0,
            [new RoleDemand("worker", tasks.Min, tasks.Max, each, line.Text("types")?.Split(',') ?? [])],
            ["any"],
            null)
        {
            Preemptible = line.Flag("preemptible") ?? true,
            MaxDuration = line.Duration("at-most"),
            Topology = (required ?? preferred) is { } wish ? new TopologyWish(wish, required is not null) : null,
        };
    }

    private static Node NodeOf(string name, ScenarioLine line)
    {
        var gpus = line.Number("gpus") ?? 0;
        return new Node(
            "local", name, NodeHealth.Ready, line.Cpu("cpu") ?? SimulatedNode.AnyCpuMillicores, line.Size("memory") ?? SimulatedNode.AnyMemoryBytes,
            gpus == 0 ? null : line.Text("accelerator") ?? UsualType, [.. Enumerable.Range(0, gpus)], AssignsDevices: true)
        {
            Topology = line.Text("rack") is { } rack ? ["region", "zone", "block", rack] : [],
        };
    }

    private static void Set(List<Level> levels, ScenarioLine line)
    {
        var index = levels.FindIndex(level => level.Name == line.Name);
        var changed = LevelOf(index < 0 ? new Level(line.Name, 0) : levels[index], line);
        if (index < 0) levels.Add(changed);
        else levels[index] = changed;
    }

    private static Level LevelOf(Level usual, ScenarioLine line) => new(
        usual.Name, line.Number("rank") ?? usual.Rank, line.Number("max-gpus"), line.Number("max-gpus-per-job"), line.Number("max-running"))
    {
        MayPreempt = line.Flag("may-preempt") ?? true,
        Preemptible = line.Flag("preemptible") ?? true,
        MinRunTime = line.Duration("min-run") ?? TimeSpan.Zero,
    };

    private static QueueSpec QueueOf(ScenarioLine line)
    {
        var quota = new Quota(line.Number("nominal"), line.Number("borrow"), line.Number("lend"));
        return new QueueSpec(line.Name, line.Text("parent"), line.Choice<QueueOrdering>("ordering") ?? QueueOrdering.Fair, line.Number("weight") ?? 1)
        {
            Quotas = quota == new Quota() ? new Dictionary<string, Quota>() : new Dictionary<string, Quota> { [UsualType] = quota },
        };
    }

    public static JobId Id(string name) => JobId.FromKey("scenario", name);

    public IEnumerable<string> JobNames => names;
}
