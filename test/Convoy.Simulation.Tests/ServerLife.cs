using System.Runtime.CompilerServices;
using Convoy.Core.Scheduling;
using Convoy.Server;
using Convoy.Server.Authentication;
using Convoy.Server.Datasets;
using Convoy.Server.Loops;
using Convoy.Store;
using Convoy.Store.Tests;
using Microsoft.Extensions.Hosting;

namespace Convoy.Simulation.Tests;

/// <summary>
/// One server from its start until it is killed: the real parts, wired as Platform does, whose every continuation comes back here.
/// What is killed between two of them never comes to the second.
/// </summary>
internal sealed class ServerLife : SynchronizationContext
{
    private static readonly byte[] Key = new byte[32];
    private static readonly string Violations = Path.Combine(Path.GetTempPath(), "convoy-simulation-snapshots");

    private readonly Timeline timeline;
    private readonly Faults faults;
    private readonly Transcript transcript;
    private readonly SimulatedStore store;
    private readonly IReadOnlyList<Machines> clusters;
    private readonly BackgroundService[] loops;
    private readonly List<Action> open = [];

    public ServerLife(Timeline timeline, Faults faults, Transcript transcript, ModelStore disk, Audit audit, IReadOnlyList<Machines> clusters, GuardedPlanner planner)
    {
        (this.timeline, this.faults, this.transcript, this.clusters) = (timeline, faults, transcript, clusters);
        var time = new ServerTime(timeline, this);
        var options = new ServerOptions { State = "/", Listen = new(0, 0), TaskProgram = "/", BindTimeout = Simulation.BindTimeout, RemoteBindTimeout = Simulation.BindTimeout, GrowAfter = Simulation.GrowAfter };
        var feed = new JobFeed();
        var restraints = new Restraints();
        store = new SimulatedStore(disk, timeline, faults, audit);
        People = new People(store, options);
        Ledger = new Ledger(store, feed, time, Log<Ledger>());
        Snapshots = new Snapshots(Ledger, Fleet, People, store, restraints, readiness: null, feed, time);
        Scheduling = new SchedulingLoop(Ledger, Fleet, Snapshots, planner, new SnapshotFolder(Violations, Log<SnapshotFolder>()), restraints, feed, time, Log<SchedulingLoop>());
        Admission = new Admission(store, People, new JobDatasets(null!, null!, null!, options, Fleet), Fleet, time);
        ClusterLoop[] clusterLoops = [.. clusters.Select(machines => new ClusterLoop(
            new SimulatedCluster(machines, timeline, faults), Ledger, Fleet, People, new ReportTokens(Key), Scheduling, feed, time, Log<ClusterLoop>()))];
        Deletions = new DeletionLoop(store, new ClusterLoops(clusterLoops), People, time, Log<DeletionLoop>());
        loops = [Ledger, Scheduling, .. clusterLoops, new DeadlineLoop(Ledger, options, Fleet, feed, time, Log<DeadlineLoop>()), Deletions];
    }

    public bool IsDead { get; private set; }

    public bool IsServing { get; private set; }

    public Ledger Ledger { get; }

    public Fleet Fleet { get; } = new();

    public People People { get; }

    public Snapshots Snapshots { get; }

    public Admission Admission { get; }

    public SchedulingLoop Scheduling { get; }

    public IStore Store => store;

    public DeletionLoop Deletions { get; }

    /// <summary>All that was begun has been done, so memory and disk can be compared.</summary>
    public bool IsAtRest => IsServing && store.IsAtRest && timeline.IsStill;

    public void Start() => Send(_ => _ = StartAsync(), null);

    /// <summary>Nothing of it goes on; who waited for an answer gets none.</summary>
    public void Kill()
    {
        transcript.Write("the server dies");
        (IsDead, IsServing) = (true, false);
        store.Sever();
        foreach (var failed in open) timeline.Soon(failed);
        open.Clear();
    }

    /// <summary>Asks as an endpoint does. Who gets no answer does not know what was done.</summary>
    public void Ask<T>(Func<ServerLife, CancellationToken, Task<T>> question, Action<T> answered, Action failed)
    {
        var request = new CancellationTokenSource();
        open.Add(Failed);
        Send(_ => _ = AnswerAsync(), null);
        if (faults.Happens(Fault.HangUp)) timeline.After(timeline.Between(0, 0.1), () => Send(_ => request.Cancel(), null));

        void Failed() => failed();

        async Task AnswerAsync()
        {
            try
            {
                var answer = await question(this, request.Token);
                if (open.Remove(Failed)) timeline.Soon(() => answered(answer));
            }
            catch (Exception e) when (e is LedgerUnavailableException or StoreException or OperationCanceledException)
            {
                if (open.Remove(Failed)) timeline.Soon(failed);
            }
            catch (Exception e)
            {
                timeline.Require(false, $"a question was answered with {e}");
            }
        }
    }

    public override void Post(SendOrPostCallback d, object? state) => timeline.Soon(() => Send(d, state));

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (IsDead) return;
        var outer = Current;
        SetSynchronizationContext(this);
        try
        {
            d(state);
        }
        finally
        {
            SetSynchronizationContext(outer);
        }
    }

    public override SynchronizationContext CreateCopy() => this;

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "ExecuteAsync")]
    private static extern Task ExecuteAsync(BackgroundService loop, CancellationToken cancellationToken);

    private async Task StartAsync()
    {
        foreach (var machines in clusters) Fleet.Register(machines.Name, "simulated", timeline.Now);
        try
        {
            await Ledger.LoadAsync(CancellationToken.None);
            await Snapshots.LoadAsync(CancellationToken.None);
        }
        catch (StoreException)
        {
            // As the program ends when it cannot read its state.
            Kill();
            return;
        }

        transcript.Write($"a server begins with {Ledger.Unfinished.Count} jobs");
        IsServing = true;
        foreach (var loop in loops) _ = WatchAsync(loop);
    }

    /// <summary>StartAsync would run it on the thread pool. A loop that ends takes the server with it.</summary>
    private async Task WatchAsync(BackgroundService loop)
    {
        try
        {
            await ExecuteAsync(loop, CancellationToken.None);
            timeline.Require(false, $"{loop.GetType().Name} has ended");
        }
        catch (Exception e)
        {
            timeline.Require(false, $"{loop.GetType().Name} has ended: {e}");
        }
    }

    private SimulatedLog<T> Log<T>() => new(timeline, transcript);
}
