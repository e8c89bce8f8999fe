using System.CommandLine;
using System.Reflection;
using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class VersionVerb
{
    /// <summary>Nobody wants to wait for a version.</summary>
    private static readonly TimeSpan AskServerFor = TimeSpan.FromSeconds(3);

    public static string Version { get; } = typeof(VersionVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static Command Build()
    {
        var format = Options.Format("table", "json", "yaml");
        return new Verb("version", "Versions of this program and, where one is known, of the server")
        {
            Examples = ["convoy version", "convoy version -o json"],
            SeeAlso = ["up"],
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var (url, token) = Connection.Resolve(call.Get(Call.ServerOption), call.Get(Call.TokenOption));
                var server = url is null ? null : await AskAsync(call, url, token, cancellationToken);
                return call.Write(call.Get(format), new Versions(Version, url is null ? null : Connection.Shown(url), server), CliJson.Default.Versions, _ =>
                {
                    call.Output.Write($"convoy {Version}\n");
                    if (server is not null) call.Output.Tell($"server {server.Version} (API {server.Api}) at {Connection.Shown(url!)}");
                });
            },
        };
    }

    private static async Task<VersionView?> AskAsync(Call call, Uri url, string? token, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(AskServerFor, call.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        using var client = new ConvoyClient(url, token, call.Time, Speech.Language);
        try
        {
            return await client.VersionAsync(either.Token);
        }
        catch (Exception e) when (e is ServerUnreachableException or ConvoyException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            call.Say($"the server at {Connection.Shown(url)} does not say its version: {(e is Core.Languages.IExplained explained ? explained.Explanation : "no answer")}");
            return null;
        }
    }
}
