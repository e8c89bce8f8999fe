using Convoy.Client;
using Convoy.Core.Documents;
using Convoy.Core.Languages;
using Convoy.Core.Resources;

namespace Convoy.NodeAgent.Serving;

/// <summary>What the agent of a node is started with. Validated whole before anything is done.</summary>
internal sealed record AgentOptions
{
    public const string Serve = "--serve";

    private static readonly string[] Needed = [Serve, "--server", "--cache", "--mounts"];
    private static readonly string[] TakingValue = [.. Needed, "--capacity", "--idle-exit", "--lang"];

    public required string Socket { get; init; }

    public required Uri Server { get; init; }

    public required string Cache { get; init; }

    public required string Mounts { get; init; }

    /// <summary>Bytes; null takes a part of the disk.</summary>
    public long? Capacity { get; init; }

    /// <summary>Without anybody connected; null means never.</summary>
    public TimeSpan? IdleExit { get; init; }

    /// <summary>The options, or all that is wrong with the arguments.</summary>
    public static (AgentOptions? Options, IReadOnlyList<Text> Errors) Parse(IReadOnlyList<string> args)
    {
        var errors = new List<Text>();
        var values = ProgramArguments.Read(args, [], TakingValue, errors);
        foreach (var missing in Needed.Where(name => !values.ContainsKey(name))) errors.Add($"{missing} is missing; see --help");
        var server = values.TryGetValue("--server", out var text) ? NodeOptions.ServerOf(text, errors) : null;
        ByteSize capacity = default;
        if (values.TryGetValue("--capacity", out var size) && !ByteSize.TryParse(size, out capacity)) errors.Add($"--capacity takes a size such as 500Gi, not '{size}'");
        TimeSpan idle = default;
        if (values.TryGetValue("--idle-exit", out var time) && !DurationText.TryParse(time, out idle)) errors.Add($"--idle-exit takes a time such as 10m or 30s, not '{time}'");
        return errors.Count > 0 ? (null, errors) : (new AgentOptions
        {
            Socket = Path.GetFullPath(values[Serve]),
            Server = server!,
            Cache = Path.GetFullPath(values["--cache"]),
            Mounts = Path.GetFullPath(values["--mounts"]),
            Capacity = size is null ? null : capacity.Bytes,
            IdleExit = time is null ? null : idle,
        }, errors);
    }
}
