using System.Globalization;
using System.Net;
using Convoy.Client;
using Convoy.Core.Languages;
using Convoy.Core.Resources;
using Convoy.Objects.Outputs;
using Convoy.Server.Datasets;
using Convoy.Server.Operation;

namespace Convoy.Server;

/// <summary>What the operator decides when the server starts. Validated whole before anything is touched.</summary>
public sealed record ServerOptions
{
    public const string Usage = """
        Usage: convoy-server [options]

          --config FILE        options from a file (convoy.yaml): state: /var/lib/convoy, and so on;
                               one that is given here as well goes before the file's
          --state DIR          where everything is kept (default: $XDG_STATE_HOME/convoy, else
                               ~/.local/state/convoy, as root /var/lib/convoy)
          --listen HOST:PORT   address to serve on (default: 127.0.0.1:7788)
          --tls-cert FILE      certificate chain (PEM); needed for an address beyond loopback
          --tls-key FILE       its private key (PEM)
          --nodes M            split this machine into M virtual nodes (default: 1)
          --gpus N             declare N devices per node instead of asking nvidia-smi
          --accelerator TYPE   their type, such as A100-80G
          --task-program FILE  the task supervisor (default: convoy-task beside this program)
          --node-program FILE  the node agent, which has data sets on this machine (default: convoy-node
                               beside this program; without it no job here may name any)
          --disk-reserve SIZE  room kept for what runs; nothing new is taken while less is free
                               (default: a twentieth of the disk, from 16Mi to 2Gi)
          --retention KIND=TIME,...
                               how long after a job's end its logs, code, outputs, checkpoints,
                               events, metrics and record (jobs) are kept, each a duration or
                               forever (default: logs=30d,code=30d,outputs=90d,checkpoints=30d,
                               events=180d,metrics=180d,jobs=365d)
          --datasets s3://BUCKET/PREFIX?endpoint=URL&region=NAME&price-out=0.09
                               the object store for data sets, with AWS_ACCESS_KEY_ID and
                               AWS_SECRET_ACCESS_KEY in the environment (default: below --state)
          --stores NAME=s3://BUCKET?keys=PREFIX&lock=30d,NAME=file:///FOLDER
                               more object stores, for copies: keys from PREFIX_ACCESS_KEY_ID and
                               PREFIX_SECRET_ACCESS_KEY (default: AWS); from one with lock nothing
                               is removed for so long; seal=KEYFILE, there as for --datasets,
                               encrypts what is stored
          --near NAME          the one of them that is near this machine: what jobs here read is
                               copied there first (default: home, which is --datasets)
          --garbage-grace TIME how long packs that no data set needs any more stay there
                               (default: 24h)
          --output-files N     files kept of each task's CONVOY_OUTPUT_DIR (default: 10000000)
          --output-bytes SIZE  bytes kept of it, such as 500Gi (default: 1Ti)
          --grow-after TIME    how long an elastic job keeps its size before it grows (default: 10m)
          --trust-tasks        allow more than one person although all tasks run under one uid
          --write-context FILE write the context 'local' into this file of the command line
          --lang en|zh         language of messages (default: of LC_ALL, LC_MESSAGES or LANG)
          --version, --help
        """;

    private static readonly string[] Switches = ["--trust-tasks"];

    private static readonly string[] TakingValue =
        ["--state", "--listen", "--tls-cert", "--tls-key", "--nodes", "--gpus", "--accelerator", "--task-program", "--node-program", "--disk-reserve", "--retention", "--datasets", "--stores", "--near", "--garbage-grace", "--output-files", "--output-bytes", "--grow-after"];

    public required string State { get; init; }

    public required IPEndPoint Listen { get; init; }

    /// <summary>Where it is reached.</summary>
    public string Url => $"{(TlsCertificate is null ? "http" : "https")}://{Listen}";

    public string? TlsCertificate { get; init; }

    public string? TlsKey { get; init; }

    public int Nodes { get; init; } = 1;

    /// <summary>Devices per node; null asks nvidia-smi.</summary>
    public int? Gpus { get; init; }

    public string? Accelerator { get; init; }

    public required string TaskProgram { get; init; }

    /// <summary>The node agent; there may be no such file.</summary>
    public string NodeProgram { get; init; } = "";

    /// <summary>Kept of each task's output at most.</summary>
    public long OutputFiles { get; init; } = OutputLimits.Default.Files;

    /// <inheritdoc cref="OutputFiles"/>
    public long OutputBytes { get; init; } = OutputLimits.Default.Bytes;

    /// <summary>Where the bytes of data sets lie.</summary>
    public DatasetPlace Datasets { get; init; } = DatasetPlace.Disk;

    /// <summary>Where copies of them lie, by name.</summary>
    public IReadOnlyDictionary<string, DatasetPlace> Stores { get; init; } = new Dictionary<string, DatasetPlace>();

    /// <summary>The store that is near the local cluster.</summary>
    public string Near { get; init; } = DatasetStores.HomeName;

    /// <summary>How long objects of data sets stay after nothing needs them any more.</summary>
    public TimeSpan GarbageGrace { get; init; } = TimeSpan.FromHours(24);

    public bool TrustTasks { get; init; }

    public string? WriteContext { get; init; }

    /// <summary>Room kept for what runs; null is a part of the disk.</summary>
    public ByteSize? DiskReserve { get; init; }

    public Retention Retention { get; init; } = Retention.Default;

    /// <summary>How often it is looked for what has been kept for long enough.</summary>
    public TimeSpan UpkeepPeriod { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Of what the program says to who starts it. People are answered in theirs, and the log is English.</summary>
    public Language Language { get; init; }

    /// <summary>How long a gang may take from its assignment until all its tasks have started.</summary>
    public TimeSpan BindTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The same on clusters where images are pulled.</summary>
    public TimeSpan RemoteBindTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>See <see cref="Core.Scheduling.SchedulingPolicy.LeastTimeAtOneSize"/>.</summary>
    public TimeSpan GrowAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The options, or all that is wrong with the arguments.</summary>
    public static (ServerOptions? Options, IReadOnlyList<Text> Errors) Parse(IReadOnlyList<string> args)
    {
        var errors = new List<Text>();
        var values = ProgramArguments.Read(args, Switches, [.. TakingValue, "--config", "--write-context", "--lang"], errors);
        if (values.GetValueOrDefault("--config") is { } config)
        {
            foreach (var (name, value) in ConfigFile.Read(Path.GetFullPath(config), TakingValue, Switches, errors)) values.TryAdd(name, value);
        }

        var listen = Endpoint(values.GetValueOrDefault("--listen", "127.0.0.1:7788"), errors);
        var options = new ServerOptions
        {
            State = Path.GetFullPath(values.GetValueOrDefault("--state") is { Length: > 0 } state ? state : DefaultState()),
            Listen = listen,
            TlsCertificate = ExistingFile("--tls-cert"),
            TlsKey = ExistingFile("--tls-key"),
            Nodes = Count("--nodes", 1, 1024) ?? 1,
            Gpus = Count("--gpus", 0, 1024),
            Accelerator = values.GetValueOrDefault("--accelerator"),
            TaskProgram = ExistingFile("--task-program") ?? Path.Combine(AppContext.BaseDirectory, "convoy-task"),
            NodeProgram = ExistingFile("--node-program") ?? Path.Combine(AppContext.BaseDirectory, "convoy-node"),
            OutputFiles = Count("--output-files", 0, int.MaxValue) ?? OutputLimits.Default.Files,
            OutputBytes = Size("--output-bytes") ?? OutputLimits.Default.Bytes,
            GrowAfter = Duration("--grow-after") ?? TimeSpan.FromMinutes(10),
            TrustTasks = values.ContainsKey("--trust-tasks"),
            WriteContext = values.GetValueOrDefault("--write-context"),
            DiskReserve = Size("--disk-reserve") is { } kept ? new ByteSize(kept) : null,
            Retention = values.GetValueOrDefault("--retention") is { } retention ? Retention.Default.With(retention, "--retention", errors) ?? Retention.Default : Retention.Default,
            Datasets = values.GetValueOrDefault("--datasets") is { } place ? DatasetPlace.Parse("--datasets", place, Environment.GetEnvironmentVariable, errors) ?? DatasetPlace.Disk : DatasetPlace.Disk,
            Stores = DatasetStores.Parse(values.GetValueOrDefault("--stores", ""), Environment.GetEnvironmentVariable, errors),
            Near = values.GetValueOrDefault("--near", DatasetStores.HomeName),
            GarbageGrace = Duration("--garbage-grace") ?? TimeSpan.FromHours(24),
            Language = ProgramArguments.LanguageOf(args),
        };
        if (values.GetValueOrDefault("--lang") is { } tag && LanguageTags.Parse(tag) is null) errors.Add($"--lang takes en or zh, not '{tag}'");
        if (options.Datasets.Lock is not null) errors.Add($"lock is for the copies of --stores: what is deleted goes from --datasets");
        if (errors.Count == 0 && options.Near != DatasetStores.HomeName && !options.Stores.ContainsKey(options.Near)) errors.Add($"--near names a store of --stores, or {DatasetStores.HomeName}, not '{options.Near}'");
        if (options.TlsCertificate is null != options.TlsKey is null) errors.Add("--tls-cert and --tls-key belong together");
        if (!IPAddress.IsLoopback(listen.Address) && options.TlsCertificate is null)
        {
            errors.Add($"--listen {listen} is beyond loopback: tokens would travel in the clear; give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a TLS proxy");
        }

        if (options.Accelerator is not null && options.Gpus is null) errors.Add("--accelerator names the devices that --gpus declares; give --gpus too");
        if (errors.Count == 0 && !File.Exists(options.TaskProgram)) errors.Add($"the task supervisor {options.TaskProgram} is missing; give --task-program FILE");
        return errors.Count == 0 ? (options, errors) : (null, errors);

        int? Count(string name, int least, int most)
        {
            if (values.GetValueOrDefault(name) is not { } text) return null;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
            errors.Add($"{name} takes a number from {least} to {most}, not '{text}'");
            return null;
        }

        long? Size(string name)
        {
            if (values.GetValueOrDefault(name) is not { } text) return null;
            if (ByteSize.TryParse(text, out var size)) return size.Bytes;
            errors.Add($"{name} takes a size such as 500Gi, not '{text}'");
            return null;
        }

        TimeSpan? Duration(string name)
        {
            if (values.GetValueOrDefault(name) is not { } text) return null;
            if (DurationText.TryParse(text, out var duration)) return duration;
            errors.Add($"{name} takes a time such as 10m or 30s, not '{text}'");
            return null;
        }

        string? ExistingFile(string name)
        {
            if (values.GetValueOrDefault(name) is not { } path) return null;
            if (!File.Exists(path)) errors.Add($"{name} {path}: there is no such file");
            return Path.GetFullPath(path);
        }
    }

    private static IPEndPoint Endpoint(string text, List<Text> errors)
    {
        var normal = text.StartsWith("localhost:", StringComparison.Ordinal) ? "127.0.0.1" + text["localhost".Length..] : text;
        if (normal.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(normal, out var endpoint) && endpoint.Port > 0) return endpoint;
        errors.Add($"--listen takes ADDRESS:PORT such as 127.0.0.1:7788, not '{text}'");
        return new IPEndPoint(IPAddress.Loopback, 0);
    }

    /// <summary>As root, tasks run under uids of their own, which cannot pass root's home.</summary>
    internal static string DefaultState()
    {
        if (Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } home) return Path.Combine(home, "convoy");
        return Environment.IsPrivilegedProcess ? "/var/lib/convoy" : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "convoy");
    }
}
