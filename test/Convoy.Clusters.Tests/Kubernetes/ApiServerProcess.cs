using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Convoy.Clusters.Kubernetes;
using Convoy.Clusters.Kubernetes.Api;

namespace Convoy.Clusters.Tests.Kubernetes;

/// <summary>
/// A kube-apiserver with its etcd, on loopback: the programs that <c>KUBEBUILDER_ASSETS</c> names, as other operators' tests find them.
/// There is no kubelet, no scheduler and no controller.
/// </summary>
public class ApiServerProcess : IAsyncDisposable
{
    private const string Token = "admin-token";
    private const string AgentToken = "agent-admin-token";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly string folder = Directory.CreateTempSubdirectory("convoy-kube-").FullName;
    private readonly int port = FreePort();
    private Process? etcd;
    private Process? server;
    private HttpClient? http;

    /// <summary>Why there is none; null where there is.</summary>
    public string? Missing { get; private set; }

    /// <summary>Such as (1, 30).</summary>
    public (int Major, int Minor) Version { get; private set; }

    /// <summary>For programs that find their way by a file.</summary>
    public string Kubeconfig => Path.Combine(folder, "kubeconfig");

    public string Url => $"https://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}";

    internal ApiClient Client => new(http!, (_, _) => Task.CompletedTask);

    public async ValueTask InitializeAsync()
    {
        var assets = Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } named ? named : "/usr/local/kubebuilder/bin";
        if (!File.Exists(Path.Combine(assets, "kube-apiserver")) || !File.Exists(Path.Combine(assets, "etcd")))
        {
            Missing = Environment.GetEnvironmentVariable("CONVOY_NO_API_SERVER") is { Length: > 0 } reason ? reason
                : "no kube-apiserver and etcd: set KUBEBUILDER_ASSETS to the folder that holds them; eng/kubernetes-assets.sh makes it";
            return;
        }

        var (client, peer) = (FreePort(), FreePort());
        etcd = Start(Path.Combine(assets, "etcd"), $"--data-dir={folder}/etcd --listen-client-urls=http://127.0.0.1:{client} --advertise-client-urls=http://127.0.0.1:{client} "
            + $"--listen-peer-urls=http://127.0.0.1:{peer} --initial-advertise-peer-urls=http://127.0.0.1:{peer} --initial-cluster=default=http://127.0.0.1:{peer} --unsafe-no-fsync");
        using (var key = RSA.Create(2048))
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "sa.key"), key.ExportRSAPrivateKeyPem());
            await File.WriteAllTextAsync(Path.Combine(folder, "sa.pub"), key.ExportSubjectPublicKeyInfoPem());
        }

        await File.WriteAllTextAsync(Kubeconfig, new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "Config", ["current-context"] = "x",
            ["clusters"] = new JsonArray(new JsonObject { ["name"] = "c", ["cluster"] = new JsonObject { ["server"] = Url, ["insecure-skip-tls-verify"] = true } }),
            ["users"] = new JsonArray(User("u", Token), User("agent", AgentToken)),
            ["contexts"] = new JsonArray(Context("x", "u"), Context("agent", "agent")),
        }.ToJsonString());
        await File.WriteAllTextAsync(Path.Combine(folder, "tokens.csv"), $"{Token},admin,admin-uid,\"system:masters\"\n{AgentToken},system:serviceaccount:convoy-system:convoy-agent,agent-uid,\"system:serviceaccounts\"\n");
        arguments = $"--etcd-servers=http://127.0.0.1:{client} --bind-address=127.0.0.1 --advertise-address=127.0.0.1 --secure-port={port} --cert-dir={folder}/certs --authorization-mode=RBAC "
            + $"--token-auth-file={folder}/tokens.csv --service-account-issuer=https://kubernetes.default.svc --service-account-key-file={folder}/sa.pub --service-account-signing-key-file={folder}/sa.key "
            + "--service-cluster-ip-range=10.0.0.0/24 --disable-admission-plugins=ServiceAccount --allow-privileged=true --endpoint-reconciler-type=none";
        program = Path.Combine(assets, "kube-apiserver");
        http = Connect();
        await StartServerAsync();
        var version = JsonNode.Parse(await http.GetStringAsync("/version"))!;
        Version = (int.Parse((string)version["major"]!, CultureInfo.InvariantCulture), int.Parse(((string)version["minor"]!).TrimEnd('+'), CultureInfo.InvariantCulture));
        await InstallAsync();

        static JsonObject User(string name, string token) => new() { ["name"] = name, ["user"] = new JsonObject { ["token"] = token } };

        static JsonObject Context(string name, string user) => new() { ["name"] = name, ["context"] = new JsonObject { ["cluster"] = "c", ["user"] = user } };
    }

    /// <summary>Gives the agent the rights that it is deployed with: the context <c>agent</c> of the <see cref="Kubeconfig"/> has no others.</summary>
    /// <param name="manifests">The text of deploy/kubernetes/agent.yaml.</param>
    internal async Task GiveAgentItsRightsAsync(string manifests)
    {
        foreach (var manifest in manifests.Split("\n---\n"))
        {
            var (kind, name, space) = (Of(manifest, "kind"), Of(manifest, "name"), Of(manifest, "namespace"));
            var path = kind switch
            {
                "Namespace" => $"/api/v1/namespaces/{name}",
                "ClusterRole" or "ClusterRoleBinding" => $"/apis/rbac.authorization.k8s.io/v1/{kind.ToLowerInvariant()}s/{name}",
                "Role" or "RoleBinding" => $"/apis/rbac.authorization.k8s.io/v1/namespaces/{space}/{kind.ToLowerInvariant()}s/{name}",
                _ => null,
            };
            if (path is not null) await Client.ApplyAsync(path, Encoding.UTF8.GetBytes(manifest), CancellationToken.None);
        }

        static string Of(string manifest, string key) => System.Text.RegularExpressions.Regex.Match(manifest, $@"(?m)(?:^|[ {{]){key}: ([A-Za-z0-9-]+)").Groups[1].Value;
    }

    private string arguments = "";
    private string program = "";

    /// <summary>Kills it as a crash would. Its etcd goes on.</summary>
    public void KillServer()
    {
        server!.Kill();
        server.WaitForExit();
    }

    public async Task StartServerAsync()
    {
        server = Start(program, arguments);
        var began = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var answer = await http!.GetAsync("/readyz");
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            if (server.HasExited || began.Elapsed > Patience) throw new InvalidOperationException($"kube-apiserver does not become ready; see {folder}");
            await Task.Delay(100);
        }
    }

    internal Task<string> GetTextAsync(string path) => http!.GetStringAsync(path);

    /// <summary>Takes away all that a test has left.</summary>
    internal async Task ClearAsync()
    {
        await ClearAllButNodesAsync();
        var nodes = await Client.GetAsync("/api/v1/nodes", ApiJson.Default.ObjectListNodeObject, CancellationToken.None);
        foreach (var node in nodes.Items) await Client.DeleteAsync($"/api/v1/nodes/{node.Metadata.Name}", null, CancellationToken.None);
    }

    internal async Task ClearAllButNodesAsync()
    {
        var api = Client;
        var jobs = await api.GetAsync(TrainingJobObject.Collection, ApiJson.Default.ObjectListTrainingJobObject, CancellationToken.None);
        await AllAsync(jobs.Items, job => RemoveAsync(api, job.Path));
        await ClearPodsAsync();
    }

    internal async Task ClearPodsAsync()
    {
        var api = Client;
        var pods = await api.GetAsync("/api/v1/pods", ApiJson.Default.ObjectListPodObject, CancellationToken.None);
        await AllAsync(pods.Items, pod => RemoveAsync(api, $"/api/v1/namespaces/{pod.Metadata.Namespace}/pods/{pod.Metadata.Name}"));
    }

    private static Task AllAsync<T>(IEnumerable<T> items, Func<T, Task> each) => Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (item, _) => await each(item));

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var process in new[] { server, etcd })
        {
            if (process is null) continue;
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        http?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task RemoveAsync(ApiClient api, string path)
    {
        try
        {
            await api.MergeAsync(path, Encoding.UTF8.GetBytes("""{"metadata":{"finalizers":null}}"""), ApiJson.Default.NamespaceObject, CancellationToken.None);
            await api.DeleteAsync(path, Encoding.UTF8.GetBytes("""{"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":0}"""), CancellationToken.None);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // It went by itself.
        }
    }

    private async Task InstallAsync()
    {
        var api = Client;
        var definition = TrainingJobSchema.Definition();

        // Before 1.25 there are none, and server-side apply refuses what it does not know.
        if (Version.CompareTo((1, 25)) < 0) definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!.AsObject().Remove("x-kubernetes-validations");
        await api.ApplyAsync($"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{(string)definition["metadata"]!["name"]!}", Encoding.UTF8.GetBytes(definition.ToJsonString()), CancellationToken.None);
        var began = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await api.GetAsync(TrainingJobObject.Collection, ApiJson.Default.ObjectListTrainingJobObject, CancellationToken.None);
                return;
            }
            catch (ApiException) when (began.Elapsed < Patience)
            {
                await Task.Delay(100);
            }
        }
    }

    private HttpClient Connect()
    {
        // It signs its own certificate when it starts for the first time.
        var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 64 };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, theirs, _, _) => theirs is not null && File.Exists(Path.Combine(folder, "certs", "apiserver.crt"))
            && X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "certs", "apiserver.crt")).Thumbprint == new X509Certificate2(theirs).Thumbprint;
        var client = new HttpClient(handler) { BaseAddress = new Uri(Url), Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return client;
    }

    private Process Start(string file, string words)
    {
        var log = new StreamWriter(Path.Combine(folder, $"{Path.GetFileName(file)}.log"), append: true) { AutoFlush = true };
        var writing = new Lock();
        var process = new Process { StartInfo = new ProcessStartInfo(file, words) { RedirectStandardError = true, RedirectStandardOutput = true } };
        process.ErrorDataReceived += (_, line) => Write(line.Data);
        process.OutputDataReceived += (_, line) => Write(line.Data);
        process.Start();
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;

        void Write(string? line)
        {
            lock (writing)
            {
                if (line is not null) log.WriteLine(line);
                else log.Dispose();
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
