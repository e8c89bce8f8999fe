using Convoy.Client;
using Convoy.Core.Languages;
using Convoy.Core.Resources;

namespace Convoy.Agent;

/// <summary>What the agent is started with. Validated whole before anything is done.</summary>
public sealed record AgentOptions
{
    public const string Usage = """
        Usage: convoy-agent --server URL --cluster NAME --token-file FILE [options]
               convoy-agent crd                          prints the custom resource, for `kubectl apply -f -`
               convoy-agent fetch-code SHA256 FOLDER     in a task's pod: brings its job's code there

          --server URL         the server that it calls; nobody calls the agent
          --cluster NAME       as which it joined: `convoy cluster join NAME`
          --token-file FILE    its token; read again for each call, so it may be renewed
          --ca-file FILE       certificates (PEM) that alone are trusted for the server
          --kubeconfig FILE    the way to the Kubernetes cluster; left out: the pod's service account, or what kubectl uses
          --context NAME       of the kubeconfig; left out: its current one
          --tasks-server URL   what tasks call the server by; left out: as --server
          --default-image I    image of tasks that name none
          --agent-image I      image of this program, with which code is brought into pods
          --namespace NAME     where the agent's own objects are (default convoy-system)
          --topology L=LABEL   the node labels that tell where a node lies, by level (region,
                               zone, fabric, block, rack), separated by commas
          --keep-pods D        how long pods of ended jobs stay for `kubectl logs` (default 1h)
          --connections N      requests to the API server under way at once (default 8)
          --no-election        this is the only agent of the cluster: act at once
          --lang en|zh         language of messages (default: of LC_ALL, LC_MESSAGES or LANG)
          --version, --help
        """;

    private static readonly string[] TopologyLevels = ["region", "zone", "fabric", "block", "rack"];
    private static readonly string[] Needed = ["--server", "--cluster", "--token-file"];
    private static readonly string[] TakingValue =
        [.. Needed, "--ca-file", "--kubeconfig", "--context", "--tasks-server", "--default-image", "--agent-image", "--namespace", "--topology", "--keep-pods", "--connections", "--lang"];

    public required Uri Server { get; init; }

    public required string Cluster { get; init; }

    public required string TokenFile { get; init; }

    public string? AuthorityFile { get; init; }

    public string? Kubeconfig { get; init; }

    public string? Context { get; init; }

    public string? TasksServer { get; init; }

    public string? DefaultImage { get; init; }

    public string? AgentImage { get; init; }

    public string Namespace { get; init; } = "";

    /// <summary>Labels by level; those that are not named keep the well-known ones.</summary>
    public IReadOnlyDictionary<string, string> Topology { get; init; } = new Dictionary<string, string>();

    public TimeSpan? KeepPods { get; init; }

    public int? Connections { get; init; }

    /// <summary>No other agent is to be waited for.</summary>
    public bool IsAlone { get; init; }

    public Language Language { get; init; }

    /// <summary>The options, or all that is wrong with the arguments.</summary>
    public static (AgentOptions? Options, IReadOnlyList<Text> Errors) Parse(IReadOnlyList<string> args)
    {
        var errors = new List<Text>();
        var values = ProgramArguments.Read(args, ["--no-election"], TakingValue, errors);
        foreach (var missing in Needed.Where(name => !values.ContainsKey(name) && !args.Any(arg => arg == name || arg.StartsWith($"{name}=", StringComparison.Ordinal)))) errors.Add($"{missing} is missing; see --help");
        var options = new AgentOptions
        {
            Server = Address(),
            Cluster = values.GetValueOrDefault("--cluster", ""),
            TokenFile = ExistingFile("--token-file") ?? "",
            AuthorityFile = ExistingFile("--ca-file"),
            Kubeconfig = ExistingFile("--kubeconfig"),
            Context = values.GetValueOrDefault("--context"),
            TasksServer = values.GetValueOrDefault("--tasks-server"),
            DefaultImage = values.GetValueOrDefault("--default-image"),
            AgentImage = values.GetValueOrDefault("--agent-image"),
            Namespace = values.GetValueOrDefault("--namespace", "convoy-system"),
            Topology = Levels(),
            KeepPods = Duration(),
            Connections = Count(),
            IsAlone = values.ContainsKey("--no-election"),
            Language = ProgramArguments.LanguageOf(args),
        };
        if (values.GetValueOrDefault("--lang") is { } tag && LanguageTags.Parse(tag) is null) errors.Add($"--lang takes en or zh, not '{tag}'");
        return errors.Count == 0 ? (options, errors) : (null, errors);

        Uri Address()
        {
            var nowhere = new Uri("http://localhost");
            if (values.GetValueOrDefault("--server") is not { } text) return nowhere;
            if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
            {
                errors.Add($"--server takes an address such as https://convoy.example.org, not '{text}'");
                return nowhere;
            }

            if (!address.IsLoopback && address.Scheme == Uri.UriSchemeHttp) errors.Add($"--server {text} is beyond loopback: the token would travel in the clear; give an https address");
            return address;
        }

        Dictionary<string, string> Levels()
        {
            var levels = new Dictionary<string, string>();
            foreach (var part in values.GetValueOrDefault("--topology")?.Split(',') ?? [])
            {
                if (part.Split('=', 2) is [var level, { Length: > 0 } label] && TopologyLevels.Contains(level)) levels[level] = label;
                else errors.Add($"--topology takes pairs such as rack=example.org/rack, with levels {string.Join(", ", TopologyLevels)}; not '{part}'");
            }

            return levels;
        }

        TimeSpan? Duration()
        {
            if (values.GetValueOrDefault("--keep-pods") is not { } text) return null;
            if (DurationText.TryParse(text, out var duration)) return duration;
            errors.Add($"--keep-pods takes a duration such as 30m, not '{text}'");
            return null;
        }

        int? Count()
        {
            if (values.GetValueOrDefault("--connections") is not { } text) return null;
            if (int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 256) return count;
            errors.Add($"--connections takes 1 to 256, not '{text}'");
            return null;
        }

        string? ExistingFile(string name)
        {
            if (values.GetValueOrDefault(name) is not { } path) return null;
            if (!File.Exists(path)) errors.Add($"{name} {path}: there is no such file");
            return Path.GetFullPath(path);
        }
    }
}
