using System.Globalization;
using Convoy.Core.Jobs;

namespace Convoy.Core.Frameworks;

/// <summary>What the cluster knows when it starts a task and the framework wants to be told.</summary>
/// <param name="Hosts">One address per task of the gang, in rank order, as the gang's tasks reach each other.</param>
/// <param name="HeartbeatFile">Touched by whatever reports, so that a task which prints nothing is not taken for hung.</param>
/// <param name="RendezvousPort">A port on rank 0's host that belongs to this gang alone.</param>
public sealed record TaskSurroundings(
    IReadOnlyList<string> Hosts,
    int RendezvousPort,
    string CheckpointDirectory,
    string OutputDirectory,
    string ServerUrl,
    string ReportToken,
    string HeartbeatFile,
    string DeviceVariable = "CUDA_VISIBLE_DEVICES")
{
    /// <summary>Where the node agent is reached; null where there is none.</summary>
    public string? NodeSocket { get; init; }
}

/// <summary>
/// The environment of one task (docs: "What a task finds in its environment"). The user's own variables win over a
/// framework's, never over <c>CONVOY_*</c> or the devices given.
/// </summary>
public static class TaskEnvironment
{
    /// <summary>
    /// As torchrun counts them: a task that comes costs none, one that goes may cost one, because its peers' connections break. Many more
    /// would hide a program that cannot start at all.
    /// </summary>
    private const int ElasticWorkerRestarts = 10;

    /// <summary>How long torchrun waits for more tasks where it could go on with those that came: a gang starts together, and every change of its size waits anew.</summary>
    private const int LastCallSeconds = 10;
    private const string RendezvousOptions = "PET_RDZV_CONF";

    public static IReadOnlyDictionary<string, string> Build(Assignment assignment, int rank, TaskSurroundings surroundings)
    {
        var spec = assignment.Spec;
        var task = assignment.Tasks[rank];
        var role = spec.Roles[task.Role];
        var environment = new SortedDictionary<string, string>(StringComparer.Ordinal);

        // What a program prints is to be seen when it prints it, not when a buffer is full.
        environment["PYTHONUNBUFFERED"] = "1";
        if (spec.Framework == Framework.Pytorch) AddPytorch(environment, assignment, task, role, surroundings);
        foreach (var (name, value) in spec.Env) environment[name] = name == RendezvousOptions && environment.TryGetValue(name, out var ours) ? $"{ours},{value}" : value;

        environment[surroundings.DeviceVariable] = string.Join(',', task.Devices);
        environment["CONVOY_JOB_ID"] = assignment.JobId.Value;
        environment["CONVOY_JOB_NAME"] = spec.Name;
        environment["CONVOY_ATTEMPT"] = Text(assignment.Attempt);
        environment["CONVOY_ROLE"] = task.Role;
        environment["CONVOY_RANK"] = Text(rank);
        environment["CONVOY_WORLD_SIZE"] = Text(assignment.Members.Count());
        environment["CONVOY_NODE_HOSTS"] = string.Join(',', surroundings.Hosts);
        environment["CONVOY_GPUS_PER_NODE"] = Text(role.Resources.Gpu);
        environment["CONVOY_CHECKPOINT_DIR"] = surroundings.CheckpointDirectory;
        environment["CONVOY_OUTPUT_DIR"] = surroundings.OutputDirectory;
        environment["CONVOY_SERVER"] = surroundings.ServerUrl;
        environment["CONVOY_TOKEN"] = surroundings.ReportToken;
        environment["CONVOY_HEARTBEAT"] = surroundings.HeartbeatFile;
        if (spec.Datasets.Count > 0)
        {
            environment["CONVOY_DATASETS"] = string.Join(' ', spec.Datasets.Select(dataset => $"{dataset.Name}={dataset.Version}"));
            environment["CONVOY_DATASETS_SHARE"] = string.Join(' ', spec.Datasets.Select(dataset => $"{dataset.Name}={dataset.Share}"));
            if (surroundings.NodeSocket is { } socket) environment["CONVOY_NODE_SOCKET"] = socket;
        }

        return environment;
    }

    /// <summary>
    /// torchrun reads its options from <c>PET_*</c>. One task is one torchrun, which starts a process per device. A program
    /// that does without it is one process per task, so the ranks of <c>env://</c> are the tasks'.
    /// </summary>
    private static void AddPytorch(SortedDictionary<string, string> environment, Assignment assignment, TaskPlacement task, RoleSpec role, TaskSurroundings surroundings)
    {
        var leader = surroundings.Hosts[0];
        var port = Text(surroundings.RendezvousPort);
        environment["MASTER_ADDR"] = leader;
        environment["MASTER_PORT"] = port;
        environment["PET_NPROC_PER_NODE"] = Text(Math.Max(1, role.Resources.Gpu));
        var elastic = assignment.Spec.Roles.Values.FirstOrDefault(r => r.Replicas.IsElastic);
        if (elastic is not null)
        {
            environment["PET_NNODES"] = $"{elastic.Replicas.Min}:{elastic.Replicas.Max}";
            environment["PET_RDZV_BACKEND"] = "c10d";
            environment["PET_RDZV_ENDPOINT"] = $"{leader}:{port}";
            environment["PET_RDZV_ID"] = $"{assignment.JobId}-{assignment.Attempt}";
            // The first rank alone keeps the store where the others meet, wherever it is: it is the one that never goes.
            environment[RendezvousOptions] = $"is_host={(task.Rank == 0 ? 1 : 0)},last_call_timeout={LastCallSeconds}";
            environment["PET_MAX_RESTARTS"] = Text(ElasticWorkerRestarts);
            return;
        }

        environment["PET_NNODES"] = Text(assignment.Tasks.Count);
        environment["PET_NODE_RANK"] = Text(task.Rank);
        environment["PET_MASTER_ADDR"] = leader;
        environment["PET_MASTER_PORT"] = port;
        if (LaunchesItself(role.Command)) return;
        environment["RANK"] = Text(task.Rank);
        environment["WORLD_SIZE"] = Text(assignment.Tasks.Count);
        environment["LOCAL_RANK"] = "0";
    }

    /// <summary>torchrun sets the ranks of its own children; ranks from outside would be those of another world.</summary>
    private static bool LaunchesItself(IReadOnlyList<string> command) => command.Any(word =>
        word is "torchrun" or "torch.distributed.run" or "torch.distributed.launch" or "accelerate" or "deepspeed" || word.EndsWith("/torchrun", StringComparison.Ordinal));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
