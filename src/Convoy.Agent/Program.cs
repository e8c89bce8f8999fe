using System.Reflection;
using System.Runtime.InteropServices;
using Convoy.Agent;
using Convoy.Client;
using Convoy.Clusters.Remote;
using Convoy.Core.Languages;
using Microsoft.Extensions.Logging;

var language = ProgramArguments.LanguageOf(args);
var version = typeof(AgentOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
if (args.Contains("--help") || args.Contains("-h"))
{
    await Console.Out.WriteLineAsync(Text.Of(AgentOptions.Usage).In(language));
    return 0;
}

if (args.Contains("--version"))
{
    await Console.Out.WriteLineAsync(version);
    return 0;
}

if (await PodVerbs.RunAsync(args, TimeProvider.System, CancellationToken.None) is { } ended) return ended;

var (options, errors) = AgentOptions.Parse(args);
if (options is null)
{
    foreach (var error in errors) await Console.Error.WriteLineAsync($"error[Usage]: {error.In(language)}");
    return 2;
}

using var stop = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var logs = LoggerFactory.Create(logging => logging.AddSimpleConsole(console => console.SingleLine = true));
try
{
    // Another acts already: whoever starts this program starts it anew, and it waits for its turn.
    await using var open = await ClusterChoice.OpenAsync(options, () => Environment.Exit(7), logs, stop.Token);
    using var handler = SyncLine.Handler(options.Server, options.AuthorityFile);
    using var line = new SyncLine(handler, options.Server, options.Cluster, () => File.ReadAllText(options.TokenFile).Trim(), TimeProvider.System);
    await new SyncLoop(open.Cluster, open.Requests, line, version, TimeProvider.System, logs.CreateLogger<SyncLoop>()).RunAsync(stop.Token);
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    // What runs in the cluster goes on: the next agent takes it up.
    return 0;
}
catch (NoClusterException e)
{
    await Console.Error.WriteLineAsync($"error[NoCluster]: {e.Message}");
    return 3;
}
catch (SupersededException e)
{
    await Console.Error.WriteLineAsync($"error[Superseded]: {e.Message}");
    return 7;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
