using System.Text.Encodings.Web;
using System.Text.Json;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Clusters;
using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Json;
using Convoy.Core.Languages;
using Convoy.Core.Scheduling;
using Convoy.Objects;
using Convoy.Objects.Disk;
using Convoy.Server.Api;
using Convoy.Server.Authentication;
using Convoy.Server.Datasets;
using Convoy.Server.Loops;
using Convoy.Server.Operation;
using Convoy.Store;
using Convoy.Store.Sqlite;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;
using Prometheus;
using Scalar.AspNetCore;

namespace Convoy.Server;

/// <summary>The wiring of one server.</summary>
public sealed partial class Platform : IAsyncDisposable
{
    private const long LargestBody = 2 << 20;

    private static readonly TimeSpan PatienceWithStore = TimeSpan.FromSeconds(10);

    private readonly WebApplication app;
    private readonly IStore store;
    private readonly LocalCluster cluster;

    private Platform(WebApplication app, IStore store, LocalCluster cluster)
    {
        this.app = app;
        this.store = store;
        this.cluster = cluster;
    }

    /// <param name="planner">Another than the scheduler and its checker, for tests of what happens when they err.</param>
    public static async Task<Platform> OpenAsync(ServerOptions options, StateFolder state, GuardedPlanner? planner = null)
    {
        var tls = ServerCertificate.Read(options);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Convoy.Server.Authentication", LogLevel.Warning);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.Listen(options.Listen, listen =>
            {
                if (tls is not null) listen.UseHttps(tls);
            });
        });

        var store = await SqliteStore.OpenAsync(state.Database, TimeProvider.System, CancellationToken.None);
        await FirstStart.EnsureAsync(store, state, TimeProvider.System, CancellationToken.None);
        var objects = new DiskObjectStore(state.Objects);
        using var early = LoggerFactory.Create(logging => logging.AddSimpleConsole(console => console.SingleLine = true));
        var cluster = await LocalClusterSetup.OpenAsync(options, state, objects, early.CreateLogger<LocalCluster>(), CancellationToken.None);
        builder.Services.AddSingleton(store).AddSingleton<IStore>(store).AddSingleton<IDatasetStore>(store).AddSingleton<IDatasetObjects>(store).AddSingleton<IDatasetCopies>(store).AddSingleton(_ => OpenStores(options, state)).AddSingleton<IBucket, CopiedBucket>().AddSingleton<IObjectStore>(objects).AddSingleton<ICluster>(cluster).AddSingleton<IJobFiles>(cluster).AddSingleton(cluster.Outputs);
        AddPlatform(builder.Services, options, state, planner ?? new GuardedPlanner(new Scheduler().PlanNext));
        AddApi(builder.Services);
        var app = builder.Build();
        app.Services.GetRequiredService<Fleet>().Register(cluster.Name, LocalClusterSetup.Kind, TimeProvider.System.GetUtcNow());
        app.Services.GetRequiredService<Fleet>().Wish(await store.ListNodeWishesAsync(CancellationToken.None));
        _ = app.Services.GetRequiredService<JobChanges>();
        app.Services.GetRequiredService<Restraints>().Pauses = await store.ListPausesAsync(CancellationToken.None);
        await app.Services.GetRequiredService<RetentionLoop>().LoadAsync(CancellationToken.None);
        await app.Services.GetRequiredService<JoinedClusters>().LoadAsync(CancellationToken.None);
        await app.Services.GetRequiredService<Ledger>().LoadAsync(CancellationToken.None);
        await app.Services.GetRequiredService<Snapshots>().LoadAsync(CancellationToken.None);
        await EnsureOwnPlaceAsync(app);
        Map(app);
        app.Lifetime.ApplicationStarted.Register(() => Announce(options, state));
        app.Lifetime.ApplicationStopping.Register(() => TakeLeave(app.Services.GetRequiredService<Ledger>(), state, options.Language));
        return new Platform(app, store, cluster);
    }

    private static DatasetStores OpenStores(ServerOptions options, StateFolder state) => new(
        DatasetStore.Open(DatasetStores.HomeName, options.Datasets, state, TimeProvider.System), [.. options.Stores.Select(place => DatasetStore.Open(place.Key, place.Value, state, TimeProvider.System))], options.Near);

    /// <summary>A store that cannot be reached keeps no jobs from running: it is asked again before anything is removed there.</summary>
    private static async Task EnsureOwnPlaceAsync(WebApplication app)
    {
        await EnsureAsync(async patience =>
        {
            if (!await app.Services.GetRequiredService<OwnerMark>().IsOursAsync(patience)) throw new ForeignPlaceException("--datasets");
        });
        foreach (var store in app.Services.GetRequiredService<DatasetStores>().Others) await EnsureAsync(patience => app.Services.GetRequiredService<StoreMarks>().EnsureAsync(store, patience));

        async Task EnsureAsync(Func<CancellationToken, Task> look)
        {
            using var patience = new CancellationTokenSource(PatienceWithStore);
            try
            {
                await look(patience.Token);
            }
            catch (Exception e) when (e is ObjectStoreException || (e is OperationCanceledException && patience.IsCancellationRequested))
            {
                LogStoreSilent(app.Logger, e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The object store of data sets does not answer; whose it is is looked at later")]
    private static partial void LogStoreSilent(ILogger log, Exception exception);

    public IServiceProvider Services => app.Services;

    public Task StartAsync() => app.StartAsync();

    /// <summary>Serves until a signal says stop. Tasks go on: the next start takes them up.</summary>
    public Task RunAsync() => app.RunAsync();

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        await cluster.DisposeAsync();
        await store.DisposeAsync();
    }

    private static void AddPlatform(IServiceCollection services, ServerOptions options, StateFolder state, GuardedPlanner planner)
    {
        services.AddSingleton(options).AddSingleton(state).AddSingleton(TimeProvider.System);
        services.AddSingleton(new ReportTokens(state.ReadOrCreateKey()));
        services.AddSingleton<JobFeed>().AddSingleton<JobChanges>().AddSingleton<JobWatch>().AddSingleton<Fleet>().AddSingleton<People>().AddSingleton<Snapshots>().AddSingleton<Admission>().AddSingleton<Submissions>().AddSingleton<ClusterRequests>().AddSingleton<HereOnly>().AddSingleton<JobLookup>().AddSingleton<JobSteering>().AddSingleton<LogReader>().AddSingleton<OutputReader>();
        services.AddSingleton<ITaskLogs>(new LocalLogs(state.Cluster)).AddSingleton<ITaskTerminals>(new LocalTerminals(state.Cluster));
        services.AddSingleton<ITaskDatasets>(new LocalTaskDatasets(state.Cluster));
        services.AddSingleton<ITaskUsage>(_ => new LocalUsage(state.Cluster, asksDevices: options.Gpus is null, TimeProvider.System));
        services.AddSingleton(planner).AddSingleton(provider => new SnapshotFolder(state.Snapshots, provider.GetRequiredService<ILogger<SnapshotFolder>>()));

        services.AddSingleton<DatasetAccess>().AddSingleton<DatasetLookup>().AddSingleton<PackShelf>().AddSingleton<ManifestShelf>().AddSingleton<OpenManifests>().AddSingleton<Publication>().AddSingleton<JobDatasets>().AddSingleton<JobDatasetViews>().AddSingleton<StorageQuota>().AddSingleton<Claims>().AddSingleton<OwnerMark>().AddSingleton<StoreMarks>().AddSingleton<Replicator>().AddSingleton<DataReadiness>();
        services.AddSingleton<ReplicationLoop>().AddHostedService(provider => provider.GetRequiredService<ReplicationLoop>());
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<GarbageCollection>(provider, () => JobDatasets.NamedBy(provider.GetRequiredService<Ledger>().Unfinished.Values), options.GarbageGrace));
        services.AddSingleton<GarbageLoop>().AddHostedService(provider => provider.GetRequiredService<GarbageLoop>());
        services.AddSingleton<DiskReserve>().AddSingleton<CodeShelf>().AddSingleton(provider => new Restraints(() => provider.GetRequiredService<DiskReserve>().ShortOf()));
        services.AddSingleton<RetentionMarks>().AddSingleton<RetentionLoop>().AddHostedService(provider => provider.GetRequiredService<RetentionLoop>());

        // A scheduler of its own: the loop's remembers the world as it is, and waits for nobody.
        services.AddSingleton(provider => new WhatIf(provider.GetRequiredService<Snapshots>(), provider.GetRequiredService<People>(), new GuardedPlanner(new Scheduler().PlanNext)));
        services.AddSingleton<Ledger>().AddHostedService(provider => provider.GetRequiredService<Ledger>());
        services.AddSingleton<SchedulingLoop>().AddHostedService(provider => provider.GetRequiredService<SchedulingLoop>());
        services.AddSingleton<ClusterLoop>().AddHostedService(provider => provider.GetRequiredService<ClusterLoop>());
        services.AddSingleton(provider => new ClusterLoops([provider.GetRequiredService<ClusterLoop>()]));
        services.AddSingleton<Func<ICluster, ClusterLoop>>(provider => cluster => ActivatorUtilities.CreateInstance<ClusterLoop>(provider, cluster));
        services.AddSingleton<JoinedClusters>().AddHostedService(provider => provider.GetRequiredService<JoinedClusters>());
        services.AddSingleton<DeletionLoop>().AddHostedService(provider => provider.GetRequiredService<DeletionLoop>());
        services.AddHostedService<DeadlineLoop>().AddHostedService<UploadSweepLoop>();
    }

    private static void AddApi(IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            // One JSON form: what the client's records say holds here too.
            var (ours, wire) = (json.SerializerOptions, WireJson.Default.Options);
            ours.TypeInfoResolverChain.Insert(0, WireJson.Default);
            ours.Converters.Add(RequestLanguage.Converter);
            
            // Specs are only written here (SpecBody reads them), and what a converter hides is not described in the API's document.
            foreach (var converter in wire.Converters.Where(converter => converter is not JobSpecConverter)) ours.Converters.Add(converter);
            ours.DefaultIgnoreCondition = wire.DefaultIgnoreCondition;
            ours.NumberHandling = wire.NumberHandling;
            ours.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        });
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddHttpContextAccessor();

        // Of authentication only its core: the rest brings keys and files for cookies, of which there are none.
        services.AddAuthenticationCore(authentication => authentication.DefaultScheme = TokenAuthentication.SchemeName).AddWebEncoders();
        new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, TokenAuthentication>(TokenAuthentication.SchemeName, null);
        services.AddSingleton<IAuthorizationHandler, PermissionCheck>();

        // Default deny: an endpoint of ours that asks for no permission is closed to everybody. (What is not ours answers 404, 405 or 415.)
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder()
            .RequireAssertion(context => context.Resource is HttpContext http && http.GetEndpoint() is not RouteEndpoint).Build());
        services.AddApiDocument();
    }

    private static void Map(WebApplication app)
    {
        // Outermost, so that it counts the status that was answered, not the one before an exception was.
        app.UseHttpMetrics();
        app.Use(RequestIds.AddAsync);
        app.Use(RequestLanguage.AnswerAsync);
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = AnswerException,

            // What a client did wrong is the client's to know.
            SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException,
        });
        app.UseStatusCodePages(context => context.HttpContext.Response.StatusCode switch
        {
            404 => Problems.NoSuch("such address; /docs describes the API").ExecuteAsync(context.HttpContext),
            405 => Problems.Of(405, "MethodNotAllowed", $"this address does not take {context.HttpContext.Request.Method}; /docs describes the API").ExecuteAsync(context.HttpContext),
            415 => Problems.Of(415, "UnsupportedMediaType", "send JSON, with Content-Type: application/json").ExecuteAsync(context.HttpContext),
            var status => Problems.Of(status, $"Http{status}", "the request was not understood; /docs describes the API").ExecuteAsync(context.HttpContext),
        });
        app.UseWebSockets(TerminalRelay.Options);
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/healthz", () => "ok\n").AllowAnonymous().ExcludeFromDescription();
        app.MapGet("/readyz", (Fleet fleet, Restraints restraints) => IsReady(fleet, restraints) ? Results.Text(string.Concat(restraints.All.Select(restraint => $"{restraint.Code}\n").Prepend("ready\n"))) : Results.Text("no cluster has reported yet\n", statusCode: 503)).AllowAnonymous().ExcludeFromDescription();
        app.MapMetrics().AllowAnonymous();
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        app.MapScalarApiReference("/docs").AllowAnonymous();
        app.MapGet("/", () => Results.Redirect("/docs")).AllowAnonymous().ExcludeFromDescription();
        var api = app.MapGroup("/api/v1").ProducesProblem(401).ProducesProblem(403);
        api.MapJobs();
        api.MapJobSteering();
        api.MapEvents();
        api.MapLogs();
        api.MapTerminals();
        api.MapOutputs();
        api.MapJobMetrics();
        api.MapQueue();
        api.MapRunning();
        api.MapOrganisation();
        api.MapNodes();
        api.MapClusters();
        api.MapSync();
        api.MapScheduling();
        api.MapPause();
        api.MapCode();
        api.MapDatasets();
        api.MapDatasetVersions();
        api.MapDatasetUsage();
        api.MapReplications();
        api.MapPeople();
        api.MapTokens();
        api.MapVersion();
    }

    /// <summary>On a full disk what a cluster reports may not be storable for now; people are answered all the same.</summary>
    private static bool IsReady(Fleet fleet, Restraints restraints) => fleet.HasReported || restraints.All.Any(restraint => restraint.Code == DiskShortage.Code);

    private static Task AnswerException(HttpContext http)
    {
        var failed = http.Features.Get<IExceptionHandlerFeature>();
        return (failed?.Error switch
        {
            BadHttpRequestException { StatusCode: 413 } => Problems.Of(413, "TooLarge", $"the body is larger than {LargestBodyOf(failed.Endpoint) >> 20} MiB"),
            BadHttpRequestException { InnerException: JsonException json } => Problems.BadRequest("BadRequest", $"the body is not the JSON asked for, at {json.Path ?? "$"}; /docs describes it"),
            BadHttpRequestException => Problems.BadRequest("BadRequest", "the request has no JSON body, or one that could not be read; /docs describes it"),
            { } full when FullDisk.IsCauseOf(full) => Problems.DiskFull("the platform could not store this: no space is left on its disk"),
            BeingRemovedException => Problems.Of(503, "BeingRemoved", "what this needs is just being removed, as nothing needed it; try again in a moment"),
            LedgerUnavailableException or StoreException or ObjectStoreException => Problems.Of(503, "StorageUnavailable", "the platform could not store this; it is safe to try again; an administrator should look at the disk"),
            OperationCanceledException => Problems.Of(503, "Stopping", "the server is stopping; try again in a moment"),
            _ => Problems.Of(500, "InternalError", "something went wrong in the server; the log has it under the request id"),
        }).ExecuteAsync(http);
    }

    private static void TakeLeave(Ledger ledger, StateFolder state, Language language)
    {
        var running = ledger.Unfinished.Values.Count(job => job.Current is not null);
        if (running == 1) Say($"stopping; {Sentences.Count(running, "job")} with machines goes on, and the next start on {state.Root} takes it up", language);
        else if (running > 1) Say($"stopping; {Sentences.Count(running, "job")} with machines go on, and the next start on {state.Root} takes them up", language);
    }

    private static long LargestBodyOf(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize ?? LargestBody;

    private static void Announce(ServerOptions options, StateFolder state)
    {
        if (options.WriteContext is { } file) WriteContext(file, new SavedContext("local", options.Url, TokenFile: state.AdministratorToken), options.Language);
        Say($"convoy-server {VersionEndpoints.Version} serves on {options.Url}", options.Language);
        Say($"  API documentation  {options.Url}/docs", options.Language);
        Say($"  state              {state.Root}", options.Language);
        Say($"  administrator      token in {state.AdministratorToken}", options.Language);
    }

    private static void Say(Text text, Language language) => Console.WriteLine(text.In(language));

    /// <summary>Who cannot be told where the server is may still be served.</summary>
    private static void WriteContext(string file, SavedContext context, Language language)
    {
        try
        {
            Contexts.Read(file).With(context).Write(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Core.Documents.BadFileException)
        {
            Text why = e is IExplained explained ? explained.Explanation : Text.Verbatim(e.Message);
            Console.Error.WriteLine(Text.Of($"warning[ContextNotWritten]: {file}: {why}; give --server {context.Server} to the command line").In(language));
        }
    }
}
