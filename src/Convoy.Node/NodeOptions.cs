using System.Globalization;
using Convoy.Client;
using Convoy.Core.Datasets;
using Convoy.Core.Languages;

namespace Convoy.NodeAgent;

/// <summary>What the program is started with. Validated whole before anything is done.</summary>
public sealed record NodeOptions
{
    public const string Usage = """
        Usage: convoy-node --dataset NAME[@VERSION] --at DIR --cache DIR [options]
               convoy-node --serve SOCKET --server URL --cache DIR --mounts DIR [options]

        Mounts a version of a data set, read-only, until it is stopped. A share of it is held in
        the cache; the rest is brought when it is read, and each epoch brings the same bytes.
        With --serve it does that for all tasks of this machine which ask at the socket, and brings
        what they may read.

          --dataset NAME[@V]   the data set, and after @ a version or tag (default: latest)
          --at DIR             an empty folder, where the files are then
          --cache DIR          where the share is held; a later start finds it there
          --share PERCENT      how much of it is held (default: 100)
          --server URL         the platform (default: CONVOY_SERVER)
          --token-file FILE    your token, or a task's (default: CONVOY_TOKEN)
          --serve SOCKET       a Unix socket to make; who is connected holds what it has opened
          --mounts DIR         where data sets are mounted for tasks
          --capacity SIZE      held of all data sets together, such as 500Gi (default: four fifths
                               of what the disk has free)
          --idle-exit TIME     end when nobody was connected for so long (default: never)
          --lang en|zh         language of messages (default: of LC_ALL, LC_MESSAGES or LANG)
          --version, --help
        """;

    private const int Millionths = 1_000_000;
    private static readonly string[] Needed = ["--dataset", "--at", "--cache"];
    private static readonly string[] TakingValue = [.. Needed, "--share", "--server", "--token-file", "--lang"];

    public required DatasetReference Dataset { get; init; }

    public required string At { get; init; }

    public required string Cache { get; init; }

    /// <summary>Millionths.</summary>
    public required int Share { get; init; }

    public required Uri Server { get; init; }

    public required string Token { get; init; }

    public Language Language { get; init; }

    /// <summary>The options, or all that is wrong with the arguments.</summary>
    public static (NodeOptions? Options, IReadOnlyList<Text> Errors) Parse(IReadOnlyList<string> args, Func<string, string?> environment)
    {
        var errors = new List<Text>();
        var values = ProgramArguments.Read(args, [], TakingValue, errors);
        foreach (var missing in Needed.Where(name => !values.ContainsKey(name))) errors.Add($"{missing} is missing; see --help");
        if (!DatasetReference.TryParse(values.GetValueOrDefault("--dataset", "x"), out var dataset)) errors.Add($"--dataset is NAME or NAME@VERSION, such as kitti, kitti@v3 or kitti@stable, not '{values["--dataset"]}'");
        if (!decimal.TryParse(values.GetValueOrDefault("--share", "100").TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) || share is < 0 or > 100) errors.Add($"--share takes a percentage from 0 to 100, not '{values["--share"]}'");
        var at = values.GetValueOrDefault("--at", ".");
        if (!Directory.Exists(at)) errors.Add($"there is no folder '{at}' to mount at");
        var server = ServerOf(values.GetValueOrDefault("--server") ?? environment("CONVOY_SERVER") ?? "", errors);
        var token = TokenOf(values, environment, errors);
        if (values.GetValueOrDefault("--lang") is { } tag && LanguageTags.Parse(tag) is null) errors.Add($"--lang takes en or zh, not '{tag}'");
        return errors.Count > 0 ? (null, errors) : (new NodeOptions
        {
            Dataset = dataset,
            At = Path.GetFullPath(at),
            Cache = Path.GetFullPath(values["--cache"]),
            Share = (int)(share * Millionths / 100),
            Server = server!,
            Token = token,
            Language = ProgramArguments.LanguageOf(args),
        }, errors);
    }

    /// <summary>Null where it is none; why is among the errors.</summary>
    internal static Uri? ServerOf(string text, List<Text> errors)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var server) || server.Scheme is not ("http" or "https")) errors.Add($"--server takes an address such as https://convoy.example.org, not '{text}'");
        else if (!server.IsLoopback && server.Scheme == Uri.UriSchemeHttp) errors.Add($"--server {text} is beyond loopback: the token would travel in the clear; give an https address");
        return server;
    }

    /// <summary>What is no token is never said again.</summary>
    private static string TokenOf(Dictionary<string, string> values, Func<string, string?> environment, List<Text> errors)
    {
        string? token;
        try
        {
            token = values.GetValueOrDefault("--token-file") is { } file ? File.ReadAllText(file).Trim() : environment("CONVOY_TOKEN");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add($"--token-file cannot be read: {e.Message}");
            return "";
        }

        if (token is { Length: > 0 } && token.All(c => c is > ' ' and <= '~')) return token;
        errors.Add("there is no token: give --token-file, or set CONVOY_TOKEN");
        return "";
    }
}
