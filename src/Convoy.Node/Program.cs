using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Convoy.Client;
using Convoy.Client.Datasets;
using Convoy.Core.Datasets;
using Convoy.Core.Languages;
using Convoy.NodeAgent;
using Convoy.NodeAgent.Cache;
using Convoy.NodeAgent.Fuse;
using Convoy.NodeAgent.Serving;

var language = ProgramArguments.LanguageOf(args);
if (args.Contains("--help") || args.Contains("-h"))
{
    await Console.Out.WriteLineAsync(Text.Of(NodeOptions.Usage).In(language));
    return 0;
}

if (args.Contains("--version"))
{
    await Console.Out.WriteLineAsync(typeof(NodeOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]);
    return 0;
}

var (agent, agentErrors) = args.Contains(AgentOptions.Serve) ? AgentOptions.Parse(args) : (null, []);
var (options, errors) = args.Contains(AgentOptions.Serve) ? (null, agentErrors) : NodeOptions.Parse(args, Environment.GetEnvironmentVariable);
if (options is null && agent is null)
{
    foreach (var error in errors) await Console.Error.WriteLineAsync($"error[Usage]: {error.In(language)}");
    return 2;
}

using var stop = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    await (agent is null ? MountAsync(options!) : Agent.RunAsync(agent, TimeProvider.System, stop.Token));
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 0;
}
catch (ConvoyException e)
{
    return await FailAsync(e.Code, e.Explanation, e.Status == 404 ? 102 : e.Status is 401 or 403 ? 4 : 3);
}
catch (ServerUnreachableException e)
{
    return await FailAsync("ServerUnreachable", e.Explanation, 6);
}
catch (FuseUnavailableException e)
{
    return await FailAsync("FuseUnavailable", e.Explanation, 3);
}
catch (BadManifestException e)
{
    return await FailAsync("BadManifest", e.Explanation, 3);
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
{
    return await FailAsync("FileError", Text.Verbatim(e.Message), 3);
}

async Task MountAsync(NodeOptions options)
{
    using var client = new ConvoyClient(options.Server, options.Token, TimeProvider.System, options.Language);
    var version = await client.Datasets.GetVersionAsync(options.Dataset.Name.Value, options.Dataset.Wanted, stop.Token);
    Directory.CreateDirectory(options.Cache);
    using var packs = PackCache.Open(options.Cache);
    using var mapped = MappedManifest.Open(await ManifestAsync(client, version, options.Cache), isTrusted: true);
    var manifest = mapped.Manifest;
    await using var cache = packs.OpenVersion(manifest, new Residency(manifest).OfShare(options.Share), new PlatformSource(client.Datasets, version.Dataset), new CacheOptions());
    await using var mount = await FuseMount.MountAsync(options.At, manifest, cache, new FuseOptions { Source = $"{version.Dataset}@{version.Version}", PublishedAt = version.PublishedAt }, stop.Token);
    await Console.Out.WriteLineAsync(Text.Of($"{version.Dataset}@{version.Version} is mounted at {options.At}: {Text.Count(manifest.Files, "file")}").In(options.Language));
    var keeping = Task.WhenAll(cache.KeepAsync(stop.Token), cache.ScrubAsync(stop.Token));
    await Task.WhenAny(keeping, mount.Ended);
    if (!stop.IsCancellationRequested && mount.Ended.IsCompleted) await Console.Error.WriteLineAsync(Text.Of($"somebody else has unmounted {options.At}").In(options.Language));
    var figures = cache.Figures;
    await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"hits {figures.Hits}, misses {figures.Misses}, missed bytes {figures.MissedBytes}, filled bytes {figures.FilledBytes}, held bytes {figures.HeldBytes}, damaged {figures.Damaged}"));
    await stop.CancelAsync();
    await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}

// One that was read before, and lies under its hash, is not read again.
async Task<string> ManifestAsync(ConvoyClient client, Convoy.Client.Wire.DatasetVersionView version, string folder)
{
    var file = Path.Combine(folder, $"{version.ManifestSha256}.manifest");
    if (File.Exists(file)) return file;
    using (await client.Datasets.FetchManifestAsync(version, file + ".new", stop.Token)) File.Move(file + ".new", file, overwrite: true);
    return file;
}

async Task<int> FailAsync(string code, Text why, int exit)
{
    await Console.Error.WriteLineAsync($"error[{code}]: {why.In(language)}");
    return exit;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
