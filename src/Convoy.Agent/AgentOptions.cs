using Convoy.Client;
using Convoy.Core.Languages;

namespace Convoy.Agent;

/// <summary>What the agent is started with. Validated whole before anything is done.</summary>
public sealed record AgentOptions
{
    public const string Usage = """
        Usage: convoy-agent --server URL --cluster NAME --token-file FILE [options]

          --server URL         the server that it calls; nobody calls the agent
          --cluster NAME       as which it joined: `convoy cluster join NAME`
          --token-file FILE    its token; read again for each call, so it may be renewed
          --ca-file FILE       certificates (PEM) that alone are trusted for the server
          --lang en|zh         language of messages (default: of LC_ALL, LC_MESSAGES or LANG)
          --version, --help
        """;

    private static readonly string[] Needed = ["--server", "--cluster", "--token-file"];
    private static readonly string[] TakingValue = [.. Needed, "--ca-file", "--lang"];

    public required Uri Server { get; init; }

    public required string Cluster { get; init; }

    public required string TokenFile { get; init; }

    public string? AuthorityFile { get; init; }

    public Language Language { get; init; }

    /// <summary>The options, or all that is wrong with the arguments.</summary>
    public static (AgentOptions? Options, IReadOnlyList<Text> Errors) Parse(IReadOnlyList<string> args)
    {
        var errors = new List<Text>();
        var values = ProgramArguments.Read(args, [], TakingValue, errors);
        foreach (var missing in Needed.Where(name => !values.ContainsKey(name) && !args.Any(arg => arg == name || arg.StartsWith($"{name}=", StringComparison.Ordinal)))) errors.Add($"{missing} is missing; see --help");
        var options = new AgentOptions
        {
            Server = Address(),
            Cluster = values.GetValueOrDefault("--cluster", ""),
            TokenFile = ExistingFile("--token-file") ?? "",
            AuthorityFile = ExistingFile("--ca-file"),
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

        string? ExistingFile(string name)
        {
            if (values.GetValueOrDefault(name) is not { } path) return null;
            if (!File.Exists(path)) errors.Add($"{name} {path}: there is no such file");
            return Path.GetFullPath(path);
        }
    }
}
