using System.CommandLine;
using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Cli.Submission;

/// <summary>The flags of submit that say what a job is, on top of a job file or instead of one.</summary>
internal sealed class JobFlags
{
    private delegate bool Parser<T>(string text, out T value);

    public Option<string?> Name { get; } = Options.Text("--name", "NAME", "A DNS label (default: made from the command)");

    public Option<GpuRequest?> Gpus { get; } =
        Parsed<GpuRequest?>("--gpus", "[TYPE:]N", "GPUs of each node, perhaps of one type: 8 or A100-80G:8", "a number, or a type and a number such as A100-80G:8", GpuRequest.TryParse);

    public Option<Replicas?> Nodes { get; } = Parsed<Replicas?>(
        "--nodes", "N[..M]", "Nodes to run on, or a range for an elastic job: 4 or 2..8", "a number such as 4, or a range such as 2..8",
        (text, out value) => (value = Replicas.TryParse(text, out var replicas) ? replicas : null) is not null);

    public Option<CpuQuantity?> Cpu { get; } = Parsed<CpuQuantity?>(
        "--cpu", "CORES", "CPU cores of each node, such as 8 or 500m", "a number of cores such as 4 or 500m",
        (text, out value) => (value = CpuQuantity.TryParse(text, out var cpu) ? cpu : null) is not null);

    public Option<ByteSize?> Memory { get; } = Parsed<ByteSize?>(
        "--memory", "SIZE", "Memory of each node, such as 64Gi", "a size such as 512Mi or 64Gi",
        (text, out value) => (value = ByteSize.TryParse(text, out var size) ? size : null) is not null);

    public Option<string?> Image { get; } = Options.Text("--image", "IMAGE", "Container image, for clusters of containers (default: the cluster's own)");

    public Option<string?> Queue { get; } = Options.Text("--queue", "QUEUE", "Queue (default: your own)");

    public Option<string?> Priority { get; } = Options.Choice("--priority", "Among your own jobs", "PRIORITY", "low", "normal", "high");

    public Option<string?> Framework { get; } = Options.Choice("--framework", "What starts the processes", "FRAMEWORK", "pytorch", "command");

    public Option<string?> Workdir { get; } = Options.Folder("--workdir", "DIR", "Folder to send with the job (default with a command: the current one)");

    public Option<bool> NoCode { get; } = Options.Switch("--no-code", "Send no folder");

    public Option<string[]> Env { get; } = new("--env") { Description = "Variable for the tasks; without a value, the one here. May be given often", HelpName = "K[=V]", Arity = ArgumentArity.OneOrMore };

    public Option<TimeSpan?> MaxDuration { get; } = Options.Duration("--max-duration", "Stop it after running this long, such as 4h");

    public Option<int?> MaxRestarts { get; } = Options.Number("--max-restarts", "N", "Start again so often after it failed by itself (default 0)", 0);

    public IEnumerable<Option> All => [Name, Gpus, Nodes, Cpu, Memory, Image, Queue, Priority, Framework, Workdir, NoCode, Env, MaxDuration, MaxRestarts];

    /// <summary>Those that make sense for a job of one task that starts once.</summary>
    public IEnumerable<Option> OfOneTask => [Name, Gpus, Cpu, Memory, Image, Queue, Priority, Workdir, NoCode, Env, MaxDuration];

    /// <summary>The file's spec with what the flags change, or a spec of flags alone. Not yet validated.</summary>
    /// <param name="usual">The command where neither the caller nor a file gives one; null refuses that.</param>
    public JobSpec Apply(Call call, JobSpec? file, string[]? usual = null)
    {
        var command = call.Trailing is { Length: > 0 } given ? given : usual;
        if (file is null && command is not { Length: > 0 }) throw CommandException.Usage("nothing to run: give a command after --, a job file with -f, or both; see convoy submit --help");
        if (call.Has(Workdir) && call.Get(NoCode)) throw CommandException.Usage("--workdir and --no-code exclude each other");
        var framework = call.Get(Framework) is { } word ? Enum.Parse<Framework>(word, ignoreCase: true) : file?.Framework ?? Core.Jobs.Framework.Command;
        var spec = file ?? new JobSpec
        {
            Name = JobName.From(command!),
            Roles = new Dictionary<string, RoleSpec> { [framework == Core.Jobs.Framework.Pytorch ? "worker" : "command"] = new() { Command = command! } },
        };
        return spec with
        {
            Name = call.Get(Name) ?? spec.Name,
            Queue = call.Get(Queue) ?? spec.Queue,
            Priority = call.Get(Priority) is { } priority ? Enum.Parse<JobPriority>(priority, ignoreCase: true) : spec.Priority,
            Framework = framework,
            Roles = ChangesRole(call) ? OneRole(call, spec.Roles) : spec.Roles,
            Env = Variables(call.Get(Env) ?? [], spec.Env),
            Recovery = call.Get(MaxRestarts) is { } restarts ? spec.Recovery with { MaxRestarts = restarts } : spec.Recovery,
            Limits = call.Get(MaxDuration) is { } duration ? spec.Limits with { MaxDuration = duration } : spec.Limits,
        };
    }

    private static Option<T> Parsed<T>(string name, string helpName, string description, Text form, Parser<T> parse) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result =>
        {
            if (!parse(result.Tokens[0].Value, out var value)) result.Refuse($"{name} takes {form}, not '{result.Tokens[0].Value}'");
            return value;
        },
    };

    private static Dictionary<string, string> Variables(string[] given, IReadOnlyDictionary<string, string> file)
    {
        var variables = new Dictionary<string, string>(file);
        foreach (var text in given)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? text : text[..equals];
            if (name.Length == 0) throw CommandException.Usage($"--env takes NAME or NAME=VALUE, not '{text}'");
            variables[name] = equals >= 0 ? text[(equals + 1)..] : Environment.GetEnvironmentVariable(name) ?? throw CommandException.Usage($"--env {name}: there is no variable {name} here; give --env {name}=VALUE");
        }

        return variables;
    }

    private bool ChangesRole(Call call) => call.Trailing is { Length: > 0 } || new Option[] { Gpus, Nodes, Cpu, Memory, Image }.Any(call.Has);

    private Dictionary<string, RoleSpec> OneRole(Call call, IReadOnlyDictionary<string, RoleSpec> roles)
    {
        if (roles.Count != 1)
        {
            throw CommandException.Usage($"the job file has {roles.Count} roles ({string.Join(", ", roles.Keys)}), so --gpus, --nodes, --cpu, --memory, --image and a command are ambiguous; change the file");
        }

        var (name, role) = roles.Single();
        var gpus = call.Get(Gpus);
        var resources = role.Resources with
        {
            Gpu = gpus?.Count ?? role.Resources.Gpu,
            Accelerators = gpus?.Type is { } type ? [type] : role.Resources.Accelerators,
            Cpu = call.Get(Cpu) ?? role.Resources.Cpu,
            Memory = call.Get(Memory) ?? role.Resources.Memory,
        };
        return new() { [name] = role with { Replicas = call.Get(Nodes) ?? role.Replicas, Command = call.Trailing is { Length: > 0 } command ? command : role.Command, Image = call.Get(Image) ?? role.Image, Resources = resources } };
    }
}
