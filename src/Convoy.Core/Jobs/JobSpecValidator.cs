using System.Text;
using Convoy.Core.Datasets;
using Convoy.Core.Languages;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Jobs;

/// <summary>What a spec's values must be like. Every problem of a spec is found, in the order of its keys.</summary>
public static class JobSpecValidator
{
    private const int MaxCommandBytes = 128 << 10;
    private const int MaxEnvBytes = 256 << 10;
    private const int MaxLabels = 64;
    private const int MaxDatasets = 32;
    private const int Percent = 100;
    private const int MaxReplicas = 10_000;
    private const int MaxGpus = 1024;
    private const int MaxRdma = 1024;

    /// <summary>No machine has more, and all roles' replicas together still add up without overflow.</summary>
    private const long MaxMemoryBytes = 128L << 40;
    private const long MaxCpuMillicores = 1_000_000_000;
    private const int MaxRestarts = 1000;
    private const int MaxDisplayName = 128;
    private const int MaxImage = 512;
    private static readonly TimeSpan LongestIdle = TimeSpan.FromDays(7);

    /// <summary>What is looked at less often cannot be told to be silent for less.</summary>
    private static readonly TimeSpan LeastHangTimeout = TimeSpan.FromSeconds(1);
    private static readonly Text Closeness = $"must be one of {string.Join(", ", Enum.GetNames<TopologyLevel>().Select(name => name.ToLowerInvariant()))}";

    /// <summary>The root makes the folder that a data set is mounted on, on the machine itself, where it is missing: not in these.</summary>
    private static readonly string[] SystemFolders = ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/root", "/run", "/sbin", "/sys", "/usr", "/var/lib", "/var/log", "/var/run", "/var/spool"];

    /// <summary>In these anything may be mounted, but not on them: a task would find nothing else there.</summary>
    private static readonly string[] SharedFolders = ["/home", "/media", "/mnt", "/opt", "/srv", "/tmp", "/var", "/var/tmp"];
    private static readonly string[] Signals = ["SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2"];

    public static IReadOnlyList<SpecProblem> Problems(JobSpec spec)
    {
        var problems = new List<SpecProblem>();
        Check(IsDnsLabel(spec.Name), "name", "must be 1 to 63 of a-z, 0-9 and '-', with '-' neither first nor last; displayName may be anything");
        Check(spec.Queue is null || IsDnsLabel(spec.Queue), "queue", "must be 1 to 63 of a-z, 0-9 and '-', with '-' neither first nor last");
        Check(Enum.IsDefined(spec.Priority), "priority", "must be one of low, normal, high");
        Check(Enum.IsDefined(spec.Framework), "framework", "must be one of pytorch, command");
        Check(spec.Roles.Count > 0, "roles", "must have at least one role, such as worker");
        foreach (var (name, role) in spec.Roles) CheckRole(name, role);
        if (spec.Code is { } code) CheckCode(code);
        CheckDatasets();
        CheckEnv();
        CheckCheckpoint();
        CheckRecovery();
        CheckPlacement();
        Check(spec.Limits.MaxDuration is null || spec.Limits.MaxDuration > TimeSpan.Zero, "limits.maxDuration", "must be longer than nothing");
        if (spec.Interactive is { } interactive) CheckInteractive(interactive);
        CheckLabels();
        Check(spec.DisplayName is null || (spec.DisplayName.Length is > 0 and <= MaxDisplayName && !spec.DisplayName.Any(char.IsControl)), "displayName", $"must be 1 to {MaxDisplayName} characters without control characters");
        return problems;

        void Check(bool holds, string path, Text message)
        {
            if (!holds) problems.Add(new SpecProblem(path, "BadValue", message));
        }

        void CheckRole(string name, RoleSpec role)
        {
            var path = $"roles.{name}";
            Check(RoleOrder.Names.Contains(name), path, $"must be one of {string.Join(", ", RoleOrder.Names)}");
            var replicas = role.Replicas;
            Check(replicas.Min >= 1 && replicas.Max >= replicas.Min && replicas.Max <= MaxReplicas, $"{path}.replicas", $"must be 1 to {MaxReplicas}, and a range must rise");
            if (replicas.IsElastic)
            {
                Check(spec.Framework == Framework.Pytorch && spec.Roles.Count == 1, $"{path}.replicas", "a range (an elastic job) needs framework pytorch and exactly one role");
            }

            Check(role.Command.Count > 0 && role.Command[0].Length > 0, $"{path}.command", "must name a program");
            Check(!role.Command.Any(HasNul), $"{path}.command", "must have no NUL characters");
            Check(role.Command.Sum(word => (long)Encoding.UTF8.GetByteCount(word) + 1) <= MaxCommandBytes, $"{path}.command", "is longer than 128 KiB; put long arguments in a file");
            Check(role.Image is null || (role.Image.Length is > 0 and <= MaxImage && !role.Image.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))), $"{path}.image", $"must be 1 to {MaxImage} characters without spaces or control characters, such as registry.example.org/team/train:1.2");
            var resources = role.Resources;
            Check(resources.Gpu is >= 0 and <= MaxGpus, $"{path}.resources.gpu", $"must be 0 to {MaxGpus}");
            Check(resources.Memory.Bytes <= MaxMemoryBytes, $"{path}.resources.memory", "must be at most 128Ti");
            Check(resources.Cpu.Millicores <= MaxCpuMillicores, $"{path}.resources.cpu", "must be at most 1000000");
            Check(resources.Rdma is >= 0 and <= MaxRdma, $"{path}.resources.rdma", $"must be 0 to {MaxRdma}");
            var types = new HashSet<string>();
            for (var i = 0; i < resources.Accelerators.Count; i++)
            {
                var type = resources.Accelerators[i];
                Check(IsAcceleratorName(type), $"{path}.resources.accelerators[{i}]", "must be 1 to 63 of letters, digits, '.', '_' and '-'");
                Check(types.Add(type), $"{path}.resources.accelerators[{i}]", $"'{type}' comes twice");
            }
        }

        void CheckCode(CodeSpec code)
        {
            Check(code.Workdir is null != code.Archive is null, "code", "must have exactly one of workdir and archive");
            Check(code.Workdir is null || (code.Workdir.Length > 0 && !HasNul(code.Workdir)), "code.workdir", "must be a folder");
            Check(code.Archive is null || (code.Archive.Length == 64 && code.Archive.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'))), "code.archive", "must be 64 lower-case hexadecimal digits");
        }

        void CheckDatasets()
        {
            Check(spec.Datasets.Count <= MaxDatasets, "datasets", $"must be at most {MaxDatasets}");
            var (names, mounts) = (new HashSet<string>(), new HashSet<string>());
            for (var i = 0; i < spec.Datasets.Count; i++)
            {
                var (dataset, path) = (spec.Datasets[i], $"datasets[{i}]");
                Check(DatasetName.TryParse(dataset.Name, out _), $"{path}.name", "must be a data set's name: 1 to 63 of a-z, 0-9 and '-', with '-' neither first nor last");
                Check(names.Add(dataset.Name), $"{path}.name", $"'{dataset.Name}' comes twice");
                Check(DatasetVersion.TryParse(dataset.Version, out _) || DatasetTag.TryParse(dataset.Version, out _), $"{path}.version", "must be a version such as v3, or a tag such as latest");
                Check(dataset.Share is >= 0 and <= Percent, $"{path}.share", $"must be 0 to {Percent}");
                Check(dataset.StartAt is >= 0 and <= Percent, $"{path}.startAt", $"must be 0 to {Percent}");
                if (dataset.Mount is not { } mount) continue;
                Check(IsPlainPath(mount), $"{path}.mount", "must be an absolute path such as /data/kitti, without '.', '..' and empty parts");
                Check(!IsOfTheSystem(mount), $"{path}.mount", "is a folder of the system, or lies in one: the folder is made on the machine; take one such as /data/kitti or /mnt/kitti");
                Check(!mounts.Any(other => mount == other || mount.StartsWith(other + "/", StringComparison.Ordinal) || other.StartsWith(mount + "/", StringComparison.Ordinal)), $"{path}.mount", $"'{mount}' is taken by another data set, or lies within its files");
                mounts.Add(mount);
            }
        }

        void CheckEnv()
        {
            foreach (var (name, value) in spec.Env)
            {
                Check(IsVariableName(name), $"env.{name}", "a variable's name must be letters, digits and '_', and not begin with a digit");
                Check(!name.StartsWith("CONVOY_", StringComparison.Ordinal), $"env.{name}", "names that begin with CONVOY_ are the platform's own");
                Check(!HasNul(value), $"env.{name}", "must have no NUL characters");
            }

            Check(spec.Env.Sum(pair => (long)Encoding.UTF8.GetByteCount(pair.Key) + Encoding.UTF8.GetByteCount(pair.Value) + 2) <= MaxEnvBytes, "env", "is longer than 256 KiB altogether");
        }

        void CheckCheckpoint()
        {
            var path = spec.Checkpoint.Path;
            Check(path is null || (path.StartsWith('/') && path.Length <= 4096 && !path.Any(char.IsControl) && !path.Split('/').Contains("..")), "checkpoint.path", "must be an absolute path without '..'");
            Check(Signals.Contains(spec.Checkpoint.Signal), "checkpoint.signal", $"must be one of {string.Join(", ", Signals)}");
            Check(spec.Checkpoint.Grace >= TimeSpan.Zero && spec.Checkpoint.Grace <= TimeSpan.FromHours(1), "checkpoint.grace", "must be 0s to 1h");
        }

        void CheckRecovery()
        {
            Check(spec.Recovery.MaxRestarts is >= 0 and <= MaxRestarts, "recovery.maxRestarts", $"must be 0 to {MaxRestarts}");
            Check(spec.Recovery.HangTimeout is null || spec.Recovery.HangTimeout >= LeastHangTimeout, "recovery.hangTimeout", "must be at least 1s");
            Check(!spec.Recovery.ReplaceFailedTasks || spec.Roles.Values.Any(role => role.Replicas.IsElastic), "recovery.replaceFailedTasks", "needs an elastic role, such as replicas \"2..8\": only there do the others go on");
            Check(!spec.Recovery.ReplaceFailedTasks || spec.Recovery.MaxRestarts > 0, "recovery.replaceFailedTasks", "needs recovery.maxRestarts: each replacement counts as a restart");
            var codes = spec.Recovery.RetryExitCodes;
            var seen = new HashSet<int>();
            for (var i = 0; i < codes.Count; i++)
            {
                Check(codes[i] is >= 1 and <= 255, $"recovery.retryExitCodes[{i}]", "must be 1 to 255");
                Check(seen.Add(codes[i]), $"recovery.retryExitCodes[{i}]", $"{codes[i]} comes twice");
            }
        }

        void CheckPlacement()
        {
            var clusters = spec.Placement.Clusters;
            Check(clusters.Count > 0, "placement.clusters", "must name clusters, or any");
            for (var i = 0; i < clusters.Count; i++) Check(IsDnsLabel(clusters[i]), $"placement.clusters[{i}]", "must be a cluster's name, or any");
            if (spec.Placement.Topology is { } topology)
            {
                Check(topology.Required is null != topology.Preferred is null, "placement.topology", "must have exactly one of required and preferred");
                Check(topology.Required is not { } required || Enum.IsDefined(required), "placement.topology.required", Closeness);
                Check(topology.Preferred is not { } preferred || Enum.IsDefined(preferred), "placement.topology.preferred", Closeness);
            }
        }

        void CheckInteractive(InteractiveSpec wanted)
        {
            Check(spec.Roles.Count == 1 && spec.Roles.Values.All(role => role.Replicas is { Min: 1, Max: 1 }), "interactive", "needs exactly one task: one role, of one replica");
            Check(spec.Framework == Framework.Command, "interactive", "needs framework command");
            Check(spec.Recovery.MaxRestarts == 0, "interactive", "starts once: who typed into it would find another program; leave recovery.maxRestarts out");
            Check(wanted.IdleTimeout >= TimeSpan.FromSeconds(1) && wanted.IdleTimeout <= LongestIdle, "interactive.idleTimeout", "must be 1s to 7d");
        }

        void CheckLabels()
        {
            Check(spec.Labels.Count <= MaxLabels, "labels", $"must be at most {MaxLabels}");
            foreach (var (key, value) in spec.Labels)
            {
                Check(IsLabelKey(key), $"labels.{key}", "a label's key must be 1 to 63 of letters, digits, '.', '_' and '-', with a letter or digit first and last, and perhaps a DNS name and '/' before it");
                Check(value.Length == 0 || IsLabelPart(value), $"labels.{key}", "must be at most 63 of letters, digits, '.', '_' and '-', with a letter or digit first and last");
            }
        }
    }

    public static bool IsDnsLabel(string text) =>
        text.Length is > 0 and <= 63 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') && text[0] != '-' && text[^1] != '-';

    public static bool IsAcceleratorName(string text) => text.Length is > 0 and <= 63 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private static bool IsPlainPath(string path) =>
        path.Length is > 1 and <= 4096 && path[0] == '/' && !path.Any(char.IsControl) && path[1..].Split('/').All(part => part is not ("" or "." or ".."));

    private static bool IsOfTheSystem(string path) => SharedFolders.Contains(path) || SystemFolders.Any(folder => path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal));

    private static bool IsVariableName(string text) => text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    /// <summary>As Kubernetes has it: an optional DNS subdomain and a slash, then a name.</summary>
    private static bool IsLabelKey(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return IsLabelPart(text);
        return slash <= 253 && text[..slash].Split('.').All(IsDnsLabel) && IsLabelPart(text[(slash + 1)..]);
    }

    private static bool IsLabelPart(string text) =>
        text.Length is > 0 and <= 63 && IsAcceleratorName(text) && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]);

    private static bool HasNul(string text) => text.Contains('\0', StringComparison.Ordinal);
}
