using System.Diagnostics;
using System.Text;
using Convoy.Client.Wire;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Clusters.Tests.Kubernetes;

namespace Convoy.EndToEnd.Tests.Kubernetes;

/// <summary>A Kubernetes cluster that has joined a platform: a real API server, nodes and kubelets that somebody stands in for, and the agent as a process.</summary>
internal sealed class JoinedCluster : IAsyncDisposable
{
    private readonly StringBuilder output = new();
    private readonly string name;
    private readonly RunningPlatform platform;
    private Process? agent;

    private JoinedCluster(string name, RunningPlatform platform, RealApiServer server)
    {
        this.name = name;
        this.platform = platform;
        Server = server;
        Kubelet = new StandInKubelet(server.Client);
    }

    public RealApiServer Server { get; }

    public StandInKubelet Kubelet { get; }

    public ApiClient Api => Server.Client;

    public string Output
    {
        get
        {
            lock (output) return output.ToString();
        }
    }

    public static async Task<JoinedCluster> JoinAsync(RunningPlatform platform, RealApiServer server, string name, int nodes, int gpus = 8)
    {
        await server.ClearAsync();
        for (var i = 0; i < nodes; i++) await StandInNodes.SetAsync(server.Client, $"{name}-{i}", gpus);
        var joined = await platform.Client.JoinClusterAsync(name, new ClusterJoinRequest("kubernetes"), CancellationToken.None);
        var cluster = new JoinedCluster(name, platform, server);
        await File.WriteAllTextAsync(cluster.TokenFile, joined.Token);
        cluster.StartAgent();
        await Eventually.HoldsAsync($"cluster {name} has told of its nodes", async () => (await platform.Client.GetClusterAsync(name, CancellationToken.None)).Nodes == nodes);
        return cluster;
    }

    public void StartAgent()
    {
        var start = new ProcessStartInfo(BuiltPrograms.Agent, ["--server", platform.Url.ToString(), "--cluster", name, "--token-file", TokenFile, "--kubeconfig", Server.Kubeconfig, "--agent-image", "convoy/agent:test", "--no-election"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        agent = Process.Start(start)!;
        agent.OutputDataReceived += (_, line) => Heard(line.Data);
        agent.ErrorDataReceived += (_, line) => Heard(line.Data);
        agent.BeginOutputReadLine();
        agent.BeginErrorReadLine();
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAgentAsync()
    {
        agent!.Kill();
        await agent.WaitForExitAsync();
        agent.Dispose();
    }

    /// <summary>Pods of the job that are on nodes and have not ended, by the API server's word.</summary>
    public async Task<IReadOnlyList<PodObject>> BoundAsync(string job) => [.. (await PodsAsync(job)).Where(pod => pod is { IsBound: true, IsTerminal: false, Metadata.IsDeleting: false })];

    public async Task<IReadOnlyList<PodObject>> PodsAsync(string? job = null) =>
        (await Api.GetAsync($"/api/v1/pods{(job is null ? "" : $"?labelSelector=convoy.dev/job-id%3D{job}")}", ApiJson.Default.ObjectListPodObject, CancellationToken.None)).Items;

    public async ValueTask DisposeAsync()
    {
        // Without kubelets and agent nothing would ever end.
        await platform.CancelAllAsync();
        await Kubelet.DisposeAsync();
        if (agent is { HasExited: false }) await KillAgentAsync();
        File.Delete(TokenFile);
    }

    private string TokenFile => Path.Combine(platform.Root, $"{name}.token");

    private void Heard(string? line)
    {
        lock (output) output.AppendLine(line);
    }
}
