using System.Globalization;
using Convoy.Core.Frameworks;
using Convoy.Core.Jobs;
using Convoy.Core.Tasks;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>From an assignment to what each supervisor is told.</summary>
internal static class TaskOrders
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>torchrun's option has room for one digit.</summary>
    private const int AbsentDevice = 9;

    public static TaskOrder Build(ClusterAssignment wish, int rank, int rendezvousPort, LocalClusterOptions options, StateLayout layout, PersonLayout files, int? uid, string machineWideName)
    {
        var assignment = wish.Assignment;
        var (job, attempt) = (assignment.JobId, assignment.Attempt);
        var role = assignment.Spec.Roles[assignment.Tasks[rank].Role];
        var surroundings = new TaskSurroundings(
            [.. assignment.Members.Select(_ => "127.0.0.1")],
            rendezvousPort,
            assignment.Spec.Checkpoint.Path ?? files.Checkpoints(job),
            files.Output(job, attempt, rank),
            options.ServerUrl,
            wish.ReportToken,
            files.Heartbeat(job, attempt, rank))
        {
            NodeSocket = assignment.Spec.Datasets.Count > 0 ? layout.NodeSocket : null,
        };

        // What a login would give, then what the framework and the user say.
        var environment = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = DefaultPath,
            ["HOME"] = files.Home,
            ["TMPDIR"] = files.Temporary(job, attempt, rank),
            ["LANG"] = "C.UTF-8",
            // CUDA counts the fastest first of its own accord; the indexes given are nvidia-smi's.
            ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID",
            // The gang's hosts are all 127.0.0.1, and gloo would look the host's name up.
            ["GLOO_SOCKET_IFNAME"] = "lo",
        };
        // What the person who runs the platform has installed for themselves stays in reach, though HOME is another.
        if (uid is null && Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } home) environment["PYTHONUSERBASE"] = Path.Combine(home, ".local");
        // torchrun 1.13 on Python 3.11 (Debian 12) fails on its own default, which names no stream to redirect. So does a device that is not there.
        if (NeedsPort(assignment) && role.Resources.Gpu <= AbsentDevice) environment["PET_REDIRECTS"] = environment["PET_TEE"] = $"{AbsentDevice}:1";
        foreach (var (name, value) in TaskEnvironment.Build(assignment, rank, surroundings)) environment[name] = value;
        if (options.PythonPath is { } client)
        {
            environment["PYTHONPATH"] = environment.TryGetValue("PYTHONPATH", out var own) && own.Length > 0 ? $"{client}:{own}" : client;
        }

        var console = TaskConsoles.Of(assignment.Spec, environment);
        return new TaskOrder
        {
            Command = role.Command,
            Environment = environment,
            WorkingDirectory = files.Code(job, attempt, rank),
            Uid = uid,
            StopSignal = assignment.Spec.Checkpoint.Signal,
            GraceMilliseconds = (long)assignment.Spec.Checkpoint.Grace.TotalMilliseconds,
            CpuMillicores = role.Resources.Cpu.Millicores,
            MemoryBytes = role.Resources.Memory.Bytes,
            CgroupName = string.Create(CultureInfo.InvariantCulture, $"{machineWideName}-{job}-{attempt}-{rank}"),
            LogBytes = options.LogBytes,
            Console = console,
            Datasets = [.. assignment.Spec.Datasets.Select(dataset => new TaskDataset(dataset.Name, dataset.Version, dataset.Mount) { Share = dataset.Share, StartAt = dataset.StartAt })],
            NodeSocket = assignment.Spec.Datasets.Count > 0 ? layout.NodeSocket : null,
            HoldPorts = rank == 0 && NeedsPort(assignment) ? [rendezvousPort] : [],
        };
    }

    public static bool NeedsPort(Assignment assignment) => assignment.Spec.Framework == Framework.Pytorch;
}
