using Convoy.Client;
using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Languages;
using Convoy.Server;
using Convoy.Server.Datasets;
using Convoy.Server.Operation;
using Convoy.Store;

var language = ProgramArguments.LanguageOf(args);
if (args.Contains("--help") || args.Contains("-h"))
{
    await Console.Out.WriteLineAsync($"{Text.Of(ServerOptions.Usage).In(language)}\n\n{Text.Of(OperatorVerbs.Usage).In(language)}");
    return 0;
}

if (args.Contains("--version"))
{
    await Console.Out.WriteLineAsync(Convoy.Server.Api.VersionEndpoints.Version);
    return 0;
}

if (await OperatorVerbs.RunAsync(args, TimeProvider.System, CancellationToken.None) is { } ended) return ended;

var (options, errors) = ServerOptions.Parse(args);
if (options is null)
{
    foreach (var error in errors) await Console.Error.WriteLineAsync($"error[Usage]: {error.In(language)}");
    return 2;
}

// Asked before anything is touched: the host would tell it with a page of its own insides.
if (ListenAddress.WhyNot(options.Listen) is { } taken)
{
    await Console.Error.WriteLineAsync(taken.In(language));
    return 3;
}

try
{
    using var state = StateFolder.Open(options.State);
    await using var platform = await Platform.OpenAsync(options, state);
    await platform.RunAsync();
    return 0;
}
catch (StateFolderException e)
{
    await Console.Error.WriteLineAsync($"error[StateFolder]: {e.Explanation.In(language)}");
    return 3;
}
catch (Exception e) when (e is LocalClusterException or StoreException or ForeignPlaceException or IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync($"error[CannotStart]: {(e is IExplained explained ? explained.Explanation.In(language) : e.Message)}");
    return 3;
}
catch (BadCertificateException e)
{
    await Console.Error.WriteLineAsync($"error[BadCertificate]: {e.Explanation.In(language)}");
    return 3;
}
