using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Scheduling;
using Convoy.Store.Tests;

namespace Convoy.Simulation.Tests;

/// <summary>
/// The whole system from one seed: people, one server after another, the disk and the machines, while everything goes wrong that may.
/// Then nothing goes wrong any more, and everything must come to its end.
/// </summary>
internal sealed class Simulation
{
    public static readonly TimeSpan BindTimeout = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Storm = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan LongestEnding = TimeSpan.FromHours(3);

    private readonly int seed;
    private readonly Faults faults;
    private readonly ModelStore disk = new();
    private readonly Audit audit;
    private readonly List<Machines> clusters = [];
    private readonly List<Person> people = [];
    private ServerLife? server;
    private DateTimeOffset? calmSince;
    private int stepsToKill = -1;

    private Simulation(int seed)
    {
        this.seed = seed;
        Timeline = new Timeline(seed);
        Transcript = new Transcript(Timeline);
        faults = new Faults(Timeline.Random);
        Transcript.Write($"faults: {faults}");
        string[] names = ["east", "west"];
        foreach (var name in names.Take(Timeline.Random.Next(1, 3))) clusters.Add(new Machines(name, Timeline, faults, Transcript));
        audit = new Audit(Timeline, Transcript, clusters, Populate());
    }

    public Timeline Timeline { get; }

    public Transcript Transcript { get; }

    /// <summary>Nobody begins anything new.</summary>
    public bool IsClosing { get; private set; }

    /// <summary>The transcript of a life in which nothing happened that must not.</summary>
    public static string Run(int seed)
    {
        var simulation = new Simulation(seed);
        try
        {
            simulation.Run();
            return simulation.Transcript.ToString();
        }
        catch (Exception e)
        {
            throw new SimulationException($"CONVOY_SEED={seed} shows it again: {e.Message}\n{simulation.Transcript.Tail(80)}", e);
        }
    }

    public void Ask<T>(Func<ServerLife, CancellationToken, Task<T>> question, Action<T> answered, Action failed)
    {
        if (server is { IsServing: true }) server.Ask(question, answered, failed);
        else Timeline.Soon(failed);
    }

    private void Run()
    {
        Begin();
        EverySecond();
        foreach (var person in people) Timeline.After(Timeline.Between(0, 10), person.Act);
        for (var round = 0; round < 2; round++)
        {
            StepUntil(Timeline.Now + Storm);
            Change(isCalm: true);
            StepUntil(Timeline.Now + Calm);
            Change(isCalm: false);
        }

        StepUntil(Timeline.Now + Storm);
        IsClosing = true;
        Change(isCalm: true);
        var submissions = people.SelectMany(person => person.Submissions).ToArray();
        for (var latest = Timeline.Now + LongestEnding; !IsOver(submissions); Step())
        {
            Timeline.Require(Timeline.Now < latest, $"there is no end: {string.Join(' ', audit.Jobs.Values.Where(job => !job.Phase.IsFinished()).Select(job => $"{job.Id} ({job.Phase})"))}");
        }

        audit.RequireEnd(submissions, server!);
        Timeline.Step();
    }

    private Dictionary<string, Level> Populate()
    {
        Level[] levels = [new("intern", 10, MaxGpus: 3, MaxRunning: 2, MaxSubmitted: 3), new("engineer", 20, MaxGpusPerJob: 4, MaxSubmitted: 20), new("senior", 30)];
        (string Name, Level Level)[] names = [("ann", levels[0]), ("bob", levels[1]), ("eve", levels[2])];
        foreach (var level in levels) disk.SaveLevelAsync(level, CancellationToken.None);
        foreach (var (name, level) in names)
        {
            disk.AddUserAsync(name, level.Name, isAdministrator: false, Timeline.Now, CancellationToken.None);
            people.Add(new Person(this, name));
        }

        return names.ToDictionary(person => person.Name, person => person.Level);
    }

    private bool IsOver(IEnumerable<Submission> submissions) =>
        server is { IsAtRest: true } && submissions.All(submission => submission.IsSettled) && !audit.Unfinished(server).Any()
        && audit.IsRidOfDeleted(disk.ListBeingDeletedAsync(0, 1, CancellationToken.None).Result);

    private void StepUntil(DateTimeOffset end)
    {
        while (Timeline.Now < end) Step();
    }

    private void Step()
    {
        Timeline.Step();
        if (stepsToKill >= 0 && stepsToKill-- == 0) server!.Kill();
        if (server is { IsDead: true })
        {
            server = null;
            Timeline.After(Timeline.Between(0.1, 20), Begin);
        }
    }

    private void Begin()
    {
        server = new ServerLife(Timeline, faults, Transcript, disk, audit, clusters, new GuardedPlanner(Scheduler.Plan));
        server.Start();
    }

    private void EverySecond()
    {
        Timeline.After(TimeSpan.FromSeconds(1), EverySecond);
        foreach (var machines in clusters) machines.Tick();
        if (faults.Happens(Fault.StoreOutage))
        {
            faults.StoreIsOut = true;
            Timeline.After(Timeline.Between(1, 15), () => faults.StoreIsOut = false);
        }

        // Not now but between any two steps of what goes on.
        if (stepsToKill < 0 && server is { IsDead: false } && faults.Happens(Fault.ServerKilled)) stepsToKill = Timeline.Random.Next(200);
        audit.Look(server, calmSince);
    }

    private void Change(bool isCalm)
    {
        Transcript.Write(isCalm ? "calm" : "storm");
        faults.AreOn = !isCalm;
        faults.StoreIsOut = false;
        stepsToKill = -1;
        calmSince = isCalm ? Timeline.Now : null;
    }
}
