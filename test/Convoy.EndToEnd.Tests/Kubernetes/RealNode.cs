using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Clusters.Tests.Kubernetes;

namespace Convoy.EndToEnd.Tests.Kubernetes;

/// <summary>
/// A node that really runs pods: containerd and a kubelet, with process ids and mounts of their own, so that with their first process
/// everything goes that was started or mounted there.
/// </summary>
internal sealed class RealNode : IAsyncDisposable
{
    // 1. The places where programs of a node leave things outside their own folders. 2. What a kubelet sets for the whole machine: it may
    // write here what it likes. 3. A cgroup for all pods, wherever controllers are. 4. containerd, the image, the kubelet. 5. Until whoever started it is gone, killed or not.
    private const string Script = """
        set -e
        cd "$1"
        mount -t proc node /proc
        for place in /run /var/log /var/lib; do mount -t tmpfs node $place; done
        for flag in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
          mkdir -p flags/$flag && cat /proc/sys/$flag > flags/$flag/value && mount --bind flags/$flag/value /proc/sys/$flag
        done
        if [ -e /sys/fs/cgroup/cgroup.procs ]; then mkdir /sys/fs/cgroup/$2; else
          for controller in /sys/fs/cgroup/*/cgroup.procs; do mkdir -p ${controller%/*}/$2; done
        fi
        containerd --config containerd.toml > containerd.log 2>&1 &
        for try in $(seq 600); do ctr --address "$1/containerd.sock" version > /dev/null 2>&1 && break; sleep 0.1; done
        ctr --address "$1/containerd.sock" --namespace k8s.io images import image.tar > import.log
        "$3" --config=kubelet.json --kubeconfig="$4" --hostname-override="$5" --node-ip="$6" --root-dir="$1/kubelet" --cert-dir="$1/pki" > kubelet.log 2>&1 &
        echo ready
        read end
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("convoy-node-").FullName;
    private readonly string mark = $"convoy-{RandomNumberGenerator.GetHexString(6, lowercase: true)}";
    private readonly string name;
    private Process? first;

    private RealNode(string name, NodeNetwork network) => (this.name, Network) = (name, network);

    public NodeNetwork Network { get; }

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Missing()
    {
        string?[] lacking =
        [
            Environment.IsPrivilegedProcess ? null : "root's rights",
            File.Exists(Kubelet) ? null : "kubelet beside kube-apiserver in the folder that KUBEBUILDER_ASSETS names",
            .. new[] { "containerd", "containerd-shim-runc-v2", "ctr", "runc", "ip", "unshare" }.Select(program => HasProgram(program) ? null : $"{program} on the PATH"),
            Plugins is null ? "bridge, host-local and loopback of the CNI plugins in one folder of CNI_PATH, /opt/cni/bin or /usr/lib/cni" : null,
            NodeImage.Missing(),
        ];
        var missing = lacking.OfType<string>().ToArray();
        return missing.Length == 0 ? null : $"running real pods lacks {string.Join("; ", missing)}";
    }

    public static async Task<RealNode> StartAsync(ApiServerProcess server, string name)
    {
        var node = new RealNode(name, await NodeNetwork.MakeAsync(server));
        try
        {
            await node.StartAsync(server);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the task of the pod has printed so far.</summary>
    public async Task<string> LogAsync(PodObject pod)
    {
        var file = Path.Combine(folder, "pods", $"{pod.Metadata.Namespace}_{pod.Metadata.Name}_{pod.Metadata.Uid}", "task", "0.log");

        // Each line begins with a time, the stream, and whether it is whole.
        return File.Exists(file) ? string.Concat((await File.ReadAllLinesAsync(file)).Select(line => line.Split(' ', 4)[3] + "\n")) : "";
    }

    public async ValueTask DisposeAsync()
    {
        if (first is { HasExited: false }) first.Kill();
        if (first is not null) await first.WaitForExitAsync();
        first?.Dispose();
        await Network.DisposeAsync();
        await Eventually.HoldsAsync("nothing of the node runs any more", () => Directory.GetDirectories("/sys/fs/cgroup", mark, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }).All(IsRemoved));
        Directory.Delete(folder, recursive: true);
    }

    private static string Kubelet => Path.Combine(Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } named ? named : "/usr/local/kubebuilder/bin", "kubelet");

    private static string? Plugins => $"{Environment.GetEnvironmentVariable("CNI_PATH")}:/opt/cni/bin:/usr/lib/cni".Split(':', StringSplitOptions.RemoveEmptyEntries)
        .FirstOrDefault(path => new[] { "bridge", "host-local", "loopback" }.All(plugin => File.Exists(Path.Combine(path, plugin))));

    private static bool HasProgram(string program) => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(path => File.Exists(Path.Combine(path, program)));

    private async Task StartAsync(ApiServerProcess server)
    {
        await NodeImage.WriteAsync(Path.Combine(folder, "image.tar"));
        Directory.CreateDirectory(Path.Combine(folder, "network"));
        await File.WriteAllTextAsync(Path.Combine(folder, "network", "pods.conflist"), Network.Configuration(Path.Combine(folder, "addresses")).ToJsonString());
        await File.WriteAllTextAsync(Path.Combine(folder, "containerd.toml"), ContainerdConfiguration());
        await File.WriteAllTextAsync(Path.Combine(folder, "kubelet.json"), KubeletConfiguration().ToJsonString());
        first = Process.Start(new ProcessStartInfo("unshare", ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", Script, "node", folder, mark, Kubelet, server.Kubeconfig, name, Network.Address])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        if (await first.StandardOutput.ReadLineAsync() != "ready") throw new InvalidOperationException($"the node does not start: {await first.StandardError.ReadToEndAsync()}{Tail("containerd.log")}");
        await Eventually.HoldsAsync("the node is ready", async () => !first.HasExited && await IsReadyAsync(server.Client), TimeSpan.FromMinutes(3));

        // There is no controller that would find out.
        await server.Client.MergeAsync($"/api/v1/nodes/{name}", Encoding.UTF8.GetBytes("""{"spec":{"taints":null}}"""), ApiJson.Default.NodeObject, CancellationToken.None);
    }

    private async Task<bool> IsReadyAsync(ApiClient api) => (await api.GetAsync("/api/v1/nodes", ApiJson.Default.ObjectListNodeObject, CancellationToken.None)).Items
        .Any(node => node.Metadata.Name == name && node.Status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" }));

    /// <summary>Of the second version, which containerd before 2.0 reads too. A container's score may not be better than ours where that is not permitted.</summary>
    private string ContainerdConfiguration() => $"""
        version = 2
        root = "{folder}/containerd"
        state = "{folder}/state"
        disabled_plugins = ["io.containerd.nri.v1.nri"]
        [grpc]
          address = "{folder}/containerd.sock"
        [plugins."io.containerd.internal.v1.opt"]
          path = "{folder}/opt"
        [plugins."io.containerd.grpc.v1.cri"]
          sandbox_image = "{NodeImage.Name}"
          restrict_oom_score_adj = true
          disable_apparmor = true
        [plugins."io.containerd.grpc.v1.cri".cni]
          bin_dir = "{Plugins}"
          conf_dir = "{folder}/network"
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
          runtime_type = "io.containerd.runc.v2"
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
          SystemdCgroup = false
        """;

    private JsonObject KubeletConfiguration() => new()
    {
        ["apiVersion"] = "kubelet.config.k8s.io/v1beta1", ["kind"] = "KubeletConfiguration",
        ["containerRuntimeEndpoint"] = $"unix://{folder}/containerd.sock", ["podLogsDir"] = $"{folder}/pods", ["volumePluginDir"] = $"{folder}/plugins", ["resolvConf"] = "",
        ["cgroupDriver"] = "cgroupfs", ["cgroupRoot"] = $"/{mark}", ["failCgroupV1"] = false, ["failSwapOn"] = false,
        ["address"] = "127.0.0.1", ["port"] = RunningPlatform.FreePort(), ["healthzPort"] = 0, ["readOnlyPort"] = 0, ["makeIPTablesUtilChains"] = false,
        ["authentication"] = new JsonObject { ["anonymous"] = new JsonObject { ["enabled"] = false }, ["webhook"] = new JsonObject { ["enabled"] = false } },
        ["authorization"] = new JsonObject { ["mode"] = "AlwaysAllow" },
        ["clusterDNS"] = new JsonArray(Network.Address), ["clusterDomain"] = ClusterNames.Domain,
        ["nodeStatusUpdateFrequency"] = "2s", ["syncFrequency"] = "5s",

        // The machine's disks are not the node's to judge, and its one image comes from nowhere else.
        ["localStorageCapacityIsolation"] = false, ["imageGCHighThresholdPercent"] = 100,
        ["evictionHard"] = new JsonObject { ["memory.available"] = "10Mi", ["nodefs.available"] = "0%", ["imagefs.available"] = "0%", ["nodefs.inodesFree"] = "0%", ["imagefs.inodesFree"] = "0%" },
    };

    private string Tail(string log) => File.Exists(Path.Combine(folder, log)) ? string.Join('\n', File.ReadLines(Path.Combine(folder, log)).TakeLast(5)) : "";

    /// <summary>A cgroup goes when no process is in it, those below first.</summary>
    private static bool IsRemoved(string cgroup)
    {
        try
        {
            foreach (var child in Directory.GetDirectories(cgroup)) IsRemoved(child);
            Directory.Delete(cgroup);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
