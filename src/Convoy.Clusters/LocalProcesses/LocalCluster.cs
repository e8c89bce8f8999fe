using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using Convoy.Objects.Outputs;
using Microsoft.Extensions.Logging;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>
/// This machine as a cluster: tasks are processes, each under a supervisor that outlives the platform. The truth lies in the
/// supervisors' folders (<see cref="Convoy.Core.Tasks.TaskFolder"/>) and in the newest wish per job; memory only mirrors it.
/// </summary>
public sealed partial class LocalCluster : ICluster
{
    private readonly LocalMachine machine;
    private readonly IReadOnlyList<NodeObservation> nodes;
    private readonly FileStream folderLock;
    private readonly ILogger logger;
    private readonly Dictionary<JobId, KnownJob> known = [];
    private readonly Dictionary<JobId, LocalJob> live = [];
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly SemaphoreSlim wake = new(0);
    private readonly CancellationTokenSource closing = new();
    private readonly OutputIntake intake;
    private readonly LocalNodeAgent? nodeAgent;
    private Task loop = Task.CompletedTask;
    private Task cleaning = Task.CompletedTask;
    private bool isClosed;

    private LocalCluster(LocalMachine machine, IReadOnlyList<NodeObservation> nodes, FileStream folderLock, ILogger logger)
    {
        this.machine = machine;
        this.nodes = nodes;
        this.folderLock = folderLock;
        this.logger = logger;
        var store = new OutputStore(machine.Layout.Outputs);
        intake = new OutputIntake(machine.Layout, store, machine.Options.OutputLimits, machine.Preparation.UidOf, HasEnded, machine.Time, logger);
        if (machine.Options.NodeProgram is not null) nodeAgent = new LocalNodeAgent(machine.Options, machine.Layout, machine.Time);
        Outputs = new LocalOutputs(machine.Layout, store, machine.Preparation.UidOf);
    }

    public string Name => machine.Options.Name;

    public ITaskOutputs Outputs { get; }

    /// <summary>Takes up what an earlier life left: running tasks go on, ended ones are learnt, prepared ones are started.</summary>
    /// <param name="unpackCode">Unpacks the archive of that SHA-256 into that folder, which exists and is empty.</param>
    /// <exception cref="LocalClusterException">The options make no sense, the folder is in use, or tasks could not reach it.</exception>
    public static async Task<LocalCluster> OpenAsync(
        LocalClusterOptions options, Func<string, string, CancellationToken, Task> unpackCode, TimeProvider time, ILogger<LocalCluster> logger, CancellationToken cancellationToken)
    {
        options = options with { StateFolder = Path.GetFullPath(options.StateFolder), TaskProgram = Path.GetFullPath(options.TaskProgram) };
        if (options.Nodes < 1) throw new LocalClusterException($"{options.Nodes} nodes: there must be at least one");
        if (options.GpusPerNode < 0) throw new LocalClusterException($"{options.GpusPerNode} devices per node: there cannot be fewer than none");
        var layout = new StateLayout(options.StateFolder);
        var folderLock = StateFolders.Open(options, layout);
        try
        {
            if (options.PythonPath is { } client && StateFolders.HasOwnUids(options)) options = options with { PythonPath = PublishedClient.Publish(client, layout) };
            if (StateFolders.HasOwnUids(options)) HandOver.ToPeople(layout, number => options.UidBase!.Value + number);
            var nodes = await LocalNodes.DiscoverAsync(options, cancellationToken);
            var ports = RendezvousPorts.OfThisMachine();
            var preparation = new Preparation(options, layout, ports, StateFolders.Identity(layout), unpackCode);
            var cluster = new LocalCluster(new LocalMachine(options, layout, preparation, ports, new ObservationJournal(), time), nodes, folderLock, logger);
            cluster.Load();
            cluster.machine.Journal.SetNodes(nodes);
            cluster.loop = Task.Run(cluster.RunAsync, CancellationToken.None);
            cluster.intake.Start();
            return cluster;
        }
        catch
        {
            await folderLock.DisposeAsync();
            throw;
        }
    }

    public async Task<IReadOnlyList<Refusal>> ApplyAsync(IReadOnlyList<ClusterAssignment> assignments, CancellationToken cancellationToken)
    {
        var refusals = new List<Refusal>();
        await turn.WaitAsync(cancellationToken);
        try
        {
            foreach (var wish in assignments)
            {
                if (Take(wish) is { } refusal) refusals.Add(refusal);
            }
        }
        finally
        {
            turn.Release();
            wake.Release();
        }

        return refusals;
    }

    public Task<ClusterReport> ObserveAsync(ReportCursor? since, CancellationToken cancellationToken) => Task.FromResult(machine.Journal.Since(since));

    public Task WaitForChangeAsync(ReportCursor since, CancellationToken cancellationToken) => machine.Journal.WaitAsync(since, cancellationToken);

    /// <summary>Tasks go on running: whoever opens the folder next learns how they ended.</summary>
    public async ValueTask DisposeAsync()
    {
        if (isClosed) return;
        isClosed = true;
        await closing.CancelAsync();
        await loop;
        await cleaning;
        intake.Dispose();
        foreach (var job in live.Values) await job.DisposeAsync();
        await folderLock.DisposeAsync();
        closing.Dispose();
        turn.Dispose();
        wake.Dispose();
    }

    private Refusal? Take(ClusterAssignment wish)
    {
        var wanted = wish.Assignment;
        var had = known.GetValueOrDefault(wanted.JobId);
        if (had?.Generation == wanted.Generation) return null;
        if (WishRules.Refuse(wish, had, nodes) is { } refusal) return refusal;
        try
        {
            WriteWish(wish);
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            return new Refusal(wanted.JobId, wanted.Generation, $"the wish could not be stored: {full.Message}", Permanent: false);
        }

        LogTaken(logger, wish);
        var isSameAttempt = had?.Attempt == wanted.Attempt;
        if (had is not null && !isSameAttempt) machine.Journal.Forget(wanted.JobId, had.Tasks);
        var isOver = isSameAttempt && had!.IsDone;
        known[wanted.JobId] = KnownJob.Of(wish, isDone: isOver && wanted.Tasks.Count == had!.Tasks);
        if (live.TryGetValue(wanted.JobId, out var job)) job.Change(wish);
        else if (!known[wanted.JobId].IsDone) live[wanted.JobId] = new LocalJob(machine, wish, isOver);
        return null;
    }

    private void WriteWish(ClusterAssignment wish)
    {
        var folder = machine.Layout.Job(wish.Assignment.JobId);
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            Native.FlushFolder(machine.Layout.Jobs);
        }

        DurableFile.Write(machine.Layout.Wish(wish.Assignment.JobId), JsonSerializer.SerializeToUtf8Bytes(wish, LocalJson.Default.ClusterAssignment));
    }

    private void Load()
    {
        foreach (var folder in Directory.EnumerateDirectories(machine.Layout.Jobs))
        {
            if (!JobId.TryParse(Path.GetFileName(folder), out var id)) continue;
            try
            {
                // Without a wish the server was never told that it was taken, and sends it again.
                if (DurableFile.Read(machine.Layout.Wish(id)) is { } bytes) Load(JsonSerializer.Deserialize(bytes, LocalJson.Default.ClusterAssignment)!);
            }
            catch (JsonException broken)
            {
                LogUnreadable(logger, folder, broken.Message);
            }
        }
    }

    private void Load(ClusterAssignment wish)
    {
        var (id, attempt) = (wish.Assignment.JobId, wish.Assignment.Attempt);
        var outcome = DurableFile.Read(machine.Layout.Outcome(id)) is { } bytes ? JsonSerializer.Deserialize(bytes, LocalJson.Default.OutcomeFile) : null;
        var isOver = outcome?.Attempt == attempt;
        var isDone = isOver && outcome!.CountEnded() == wish.Assignment.Tasks.Count;
        known[id] = KnownJob.Of(wish, isDone);
        if (isDone)
        {
            foreach (var seen in outcome!.Tasks) machine.Journal.Add(seen);
            return;
        }

        if (!isOver && DurableFile.Read(machine.Layout.Gang(id, attempt)) is { } gang) machine.Ports.Keep(id, attempt, JsonSerializer.Deserialize(gang, LocalJson.Default.GangFile)!.RendezvousPort);
        live[id] = new LocalJob(machine, wish, isOver);
    }

    private async Task RunAsync()
    {
        var troubles = new Dictionary<JobId, string>();
        while (!closing.IsCancellationRequested)
        {
            var processes = new Lazy<ProcessTable>(ProcessTable.Read);
            await KeepNodeAgentAsync();
            foreach (var id in (await LiveAsync()).Jobs) await AdvanceAsync(id, processes, troubles);
            try
            {
                await wake.WaitAsync(UntilNextRound((await LiveAsync()).Tasks), closing.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task KeepNodeAgentAsync()
    {
        if (nodeAgent is null) return;
        await turn.WaitAsync(CancellationToken.None);
        try
        {
            if (live.Values.Any(job => job.Wish.Assignment.Spec.Datasets.Count > 0)) nodeAgent.Ensure();
        }
        catch (IOException trouble)
        {
            LogNoNodeAgent(logger, trouble.Message);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>A look takes some 30 µs per task: the more there are the rarer, so that looking never takes more than a few per cent of a core.</summary>
    private TimeSpan UntilNextRound(int liveTasks)
    {
        if (liveTasks == 0) return Timeout.InfiniteTimeSpan;
        var fair = TimeSpan.FromMilliseconds(Math.Min(liveTasks * 2, 1000));
        return fair > machine.Options.PollPeriod ? fair : machine.Options.PollPeriod;
    }

    private async Task<(JobId[] Jobs, int Tasks)> LiveAsync()
    {
        await turn.WaitAsync(CancellationToken.None);
        try
        {
            return ([.. live.Keys], live.Keys.Sum(id => known[id].Tasks));
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>No attempt follows another before that has ended. In a folder made of a copy, what is not known ended with the one it was copied from.</summary>
    private bool HasEnded(AttemptOutput output)
    {
        turn.Wait(closing.Token);
        try
        {
            return known.TryGetValue(output.Job, out var job) ? output.Attempt < job.Attempt || (output.Attempt == job.Attempt && job.IsDone) : LocalArchive.IsRestored(machine.Layout.Root);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>One after the other, beside the loop: a task may have left millions of files.</summary>
    private static async Task CleanAsync(Task before, LocalJob job)
    {
        await before;
        await Task.Run(job.RemoveTemporaryFolders);
    }

    private async Task AdvanceAsync(JobId id, Lazy<ProcessTable> processes, Dictionary<JobId, string> troubles)
    {
        await turn.WaitAsync(CancellationToken.None);
        try
        {
            var job = live[id];
            job.Advance(() => processes.Value);
            troubles.Remove(id);
            if (!job.IsDone) return;
            live.Remove(id);
            known[id] = known[id] with { IsDone = true };
            await job.DisposeAsync();
            cleaning = CleanAsync(cleaning, job);
            intake.Add(new AttemptOutput(id, job.Wish.OwnerNumber, job.Wish.Assignment.Attempt));
        }
#pragma warning disable CA1031 // One job's trouble (a full disk, say) must not stop the others; it is tried again next round.
        catch (Exception trouble)
#pragma warning restore CA1031
        {
            if (troubles.GetValueOrDefault(id) != trouble.Message) LogTrouble(logger, id, trouble.Message);
            troubles[id] = trouble.Message;
        }
        finally
        {
            turn.Release();
        }
    }
}
