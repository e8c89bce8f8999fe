using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Server.Tests;

/// <summary>A server with a state folder of its own, two virtual nodes of four declared devices, and real tasks.</summary>
public sealed class RunningServer : IAsyncDisposable
{
    private readonly StateFolder state;
    private readonly Platform platform;
    private readonly X509Certificate2? root;

    private RunningServer(StateFolder state, Platform platform, string url, X509Certificate2? root)
    {
        this.root = root;
        this.state = state;
        this.platform = platform;
        Url = url;
        Admin = For(File.ReadAllText(state.AdministratorToken).Trim());
    }

    public string Url { get; }

    public HttpClient Admin { get; }

    public IServiceProvider Services => platform.Services;

    public StateFolder State => state;

    /// <param name="root">The one authority that clients trust; null where the server speaks in the clear.</param>
    /// <param name="planner">Instead of the scheduler.</param>
    public static async Task<RunningServer> StartAsync(Func<ServerOptions, ServerOptions>? change = null, X509Certificate2? root = null, GuardedPlanner? planner = null)
    {
        var folder = Directory.CreateTempSubdirectory("convoy-server-").FullName;
        var options = new ServerOptions
        {
            State = folder,
            Listen = new IPEndPoint(IPAddress.Loopback, FreePort()),
            TaskProgram = BuiltTask.Program,
            Nodes = 2,
            Gpus = 4,
            Accelerator = "A100-80G",
            TrustTasks = true,
        };
        options = change?.Invoke(options) ?? options;
        var state = StateFolder.Open(folder);
        var platform = await Platform.OpenAsync(options, state, planner);
        await platform.StartAsync();
        var server = new RunningServer(state, platform, options.Url, root);
        await Eventually.Is(async () => (await server.Admin.GetAsync("/readyz")).IsSuccessStatusCode);
        return server;
    }

    public HttpClient For(string? token)
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        if (root is not null) handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { root }, RevocationMode = X509RevocationMode.NoCheck };
        var client = new HttpClient(handler) { BaseAddress = new Uri(Url) };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>A client that is signed in as a new person.</summary>
    public async Task<HttpClient> AddUserAsync(string name, string level = "engineer")
    {
        (await Admin.PostAsJsonAsync("/api/v1/users", new { name, level })).StatusCode.ShouldBe(HttpStatusCode.Created);
        var made = await Admin.PostAsJsonAsync("/api/v1/tokens", new { user = name });
        return For((await made.JsonAsync())["token"]!.GetValue<string>());
    }

    public static string Spec(string command, int replicas = 1, int gpus = 0, string name = "work", string more = "")
    {
        var worker = $$"""{"replicas": {{replicas}}, "command": ["sh", "-c", {{JsonSerializer.Serialize(command)}}], "resources": {"gpu": {{gpus}}, "cpu": "100m"} }""";
        return $$"""{"spec": {"name": "{{name}}", "roles": {"worker": {{worker}} }{{more}}, "checkpoint": {"grace": "2s"} } }""";
    }

    public static string NewId() => JobId.FromBits(RandomNumberGenerator.GetBytes(10)).Value;

    public static Task<HttpResponseMessage> PutAsync(HttpClient client, string id, string spec) =>
        client.PutAsync($"/api/v1/jobs/{id}", new StringContent(spec, Encoding.UTF8, "application/json"));

    public static async Task<string> SubmitAsync(HttpClient client, string spec)
    {
        var id = NewId();
        var answer = await PutAsync(client, id, spec);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return id;
    }

    public static async Task<JsonNode> UntilAsync(HttpClient client, string job, params JobPhase[] phases)
    {
        JsonNode? view = null;
        await Eventually.Is(async () =>
        {
            view = await (await client.GetAsync($"/api/v1/jobs/{job}")).JsonAsync();
            return phases.Contains(Enum.Parse<JobPhase>(view["phase"]!.GetValue<string>()));
        });
        return view!;
    }

    public static Task<JsonNode> FinishedAsync(HttpClient client, string job) => UntilAsync(client, job, JobPhase.Succeeded, JobPhase.Failed, JobPhase.Cancelled);

    public async ValueTask DisposeAsync()
    {
        var left = (await (await Admin.GetAsync("/api/v1/jobs?all=true&unfinished=true&limit=1000")).JsonAsync())["items"]!.AsArray().Select(job => job!["id"]!.GetValue<string>()).ToArray();
        foreach (var id in left) await Admin.PostAsync($"/api/v1/jobs/{id}/cancel", null);
        foreach (var id in left) await FinishedAsync(Admin, id);
        await platform.DisposeAsync();
        state.Dispose();
        Directory.Delete(state.Root, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

internal static class Answers
{
    public static async Task<JsonNode> JsonAsync(this HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;

    public static async Task<string> CodeAsync(this HttpResponseMessage answer) => (await answer.JsonAsync())["code"]!.GetValue<string>();
}

internal static class Eventually
{
    public static async Task Is(Func<Task<bool>> condition)
    {
        var deadline = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        while (!await condition())
        {
            if (DateTime.UtcNow > deadline) throw new TimeoutException("it did not come true within a minute");
            await Task.Delay(30);
        }
    }
}
