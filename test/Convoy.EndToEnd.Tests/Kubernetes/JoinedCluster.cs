using System.Diagnostics;
using System.Text;
using Convoy.Client.Wire;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Clusters.Tests.Kubernetes;

namespace Convoy.EndToEnd.Tests.Kubernetes;

/// <summary>A Kubernetes cluster that has joined a platform: a real API server, nodes and kubelets that somebody may stand in for, and the agent as a process.</summary>
internal sealed class JoinedCluster : IAsyncDisposable
{
    private readonly StringBuilder output = new();
    private readonly string name;
    private readonly RunningPlatform platform;
    private readonly StandInKubelet? kubelet;
    private readonly string[] options;
    private Process? agent;

    private JoinedCluster(string name, RunningPlatform platform, RealApiServer server, StandInKubelet? kubelet, string[] options)
    {
        this.name = name;
        this.platform = platform;
        this.kubelet = kubelet;
        this.options = options;
        Server = server;
    }

    public RealApiServer Server { get; }

    /// <summary>There is none where the node is real.</summary>
    public StandInKubelet Kubelet => kubelet!;

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
        await server.GiveAgentItsRightsAsync(await File.ReadAllTextAsync(Path.Combine(BuiltPrograms.Samples, "../deploy/kubernetes/agent.yaml")));
        for (var i = 0; i < nodes; i++) await StandInNodes.SetAsync(server.Client, $"{name}-{i}", gpus);
        return await new JoinedCluster(name, platform, server, new StandInKubelet(server.Client), ["--agent-image", "convoy/agent:test"]).JoinAsync(nodes);
    }

    /// <summary>With one node, that really runs what comes to it.</summary>
    public static async Task<JoinedCluster> JoinAsync(RunningPlatform platform, RealApiServer server, string name, RealNode node)
    {
        await server.ClearAllButNodesAsync();
        await server.GiveAgentItsRightsAsync(await File.ReadAllTextAsync(Path.Combine(BuiltPrograms.Samples, "../deploy/kubernetes/agent.yaml")));
        return await new JoinedCluster(name, platform, server, null, ["--default-image", NodeImage.Name, "--agent-image", NodeImage.Name, "--tasks-server", node.Network.Open(platform.Url).ToString()]).JoinAsync(1);
    }

    public void StartAgent() => agent = NewAgent("--no-election");

    /// <summary>One that waits for its turn where another acts. Whoever starts it ends it.</summary>
    public Process NewAgent(params string[] more)
    {
        var start = new ProcessStartInfo(BuiltPrograms.Agent, ["--server", platform.Url.ToString(), "--cluster", name, "--token-file", TokenFile, "--kubeconfig", Server.Kubeconfig, "--context", "agent", .. more, .. options])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Heard(line.Data);
        process.ErrorDataReceived += (_, line) => Heard(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAgentAsync()
    {
        agent!.Kill();
        await agent.WaitForExitAsync();
        agent.Dispose();
        agent = null;
    }

    /// <summary>Pods of the job that are on nodes and have not ended, by the API server's word.</summary>
    public async Task<IReadOnlyList<PodObject>> BoundAsync(string job) => [.. (await PodsAsync(job)).Where(pod => pod is { IsBound: true, IsTerminal: false, Metadata.IsDeleting: false })];

    public async Task<IReadOnlyList<PodObject>> PodsAsync(string? job = null) =>
        (await Api.GetAsync($"/api/v1/pods{(job is null ? "" : $"?labelSelector=convoy.dev/job-id%3D{job}")}", ApiJson.Default.ObjectListPodObject, CancellationToken.None)).Items;

    public async ValueTask DisposeAsync()
    {
        // Without kubelets and agent nothing would ever end.
        await platform.CancelAllAsync();
        if (kubelet is not null) await kubelet.DisposeAsync();
        if (agent is { HasExited: false }) await KillAgentAsync();
        File.Delete(TokenFile);
    }

    private async Task<JoinedCluster> JoinAsync(int nodes)
    {
        var joined = await platform.Client.JoinClusterAsync(name, new ClusterJoinRequest("kubernetes"), CancellationToken.None);
        await File.WriteAllTextAsync(TokenFile, joined.Token);
        StartAgent();
        await Eventually.HoldsAsync($"cluster {name} has told of its nodes", async () => (await platform.Client.GetClusterAsync(name, CancellationToken.None)).Nodes == nodes);
        return this;
    }

    private string TokenFile => Path.Combine(platform.Root, $"{name}.token");

    private void Heard(string? line)
    {
        lock (output) output.AppendLine(line);
    }
}
