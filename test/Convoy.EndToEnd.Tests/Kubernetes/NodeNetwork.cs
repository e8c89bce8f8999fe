using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Convoy.Clusters.Tests.Kubernetes;

namespace Convoy.EndToEnd.Tests.Kubernetes;

/// <summary>A network of this machine's own that the pods of one node are on. They reach each other, names of the cluster, and what is opened to them.</summary>
internal sealed class NodeNetwork : IAsyncDisposable
{
    private readonly CancellationTokenSource closing = new();
    private readonly List<Task> running = [];
    private readonly string bridge = $"convoy{RandomNumberGenerator.GetHexString(6, lowercase: true)}";
    private readonly string subnet = $"10.{RandomNumberGenerator.GetInt32(128, 256)}.{RandomNumberGenerator.GetInt32(256)}";

    private NodeNetwork()
    {
    }

    /// <summary>This machine's, as pods see it.</summary>
    public string Address => $"{subnet}.1";

    public static async Task<NodeNetwork> MakeAsync(ApiServerProcess server)
    {
        var network = new NodeNetwork();
        await MadePackages.RunAsync("ip", "link", "add", network.bridge, "type", "bridge");
        await MadePackages.RunAsync("ip", "address", "add", $"{network.Address}/24", "dev", network.bridge);
        await MadePackages.RunAsync("ip", "link", "set", network.bridge, "up");
        network.running.Add(new ClusterNames(server).AnswerAsync(IPAddress.Parse(network.Address), network.closing.Token));
        return network;
    }

    /// <summary>For the plugins. The bridge has its address already: made by them, it would have this machine forward packets.</summary>
    public JsonObject Configuration(string addresses) => new()
    {
        ["cniVersion"] = "1.0.0", ["name"] = bridge,
        ["plugins"] = new JsonArray(new JsonObject
        {
            ["type"] = "bridge", ["bridge"] = bridge,
            ["ipam"] = new JsonObject
            {
                ["type"] = "host-local", ["dataDir"] = addresses,
                ["ranges"] = new JsonArray(new JsonArray(new JsonObject { ["subnet"] = $"{subnet}.0/24" })), ["routes"] = new JsonArray(new JsonObject { ["dst"] = "0.0.0.0/0" }),
            },
        }),
    };

    /// <summary>Opens a server on loopback to the pods. The answer is its address for them.</summary>
    public Uri Open(Uri server)
    {
        var listener = new TcpListener(IPAddress.Parse(Address), 0);
        listener.Start();
        running.Add(ForwardAsync(listener, server, closing.Token));
        return new Uri($"http://{listener.LocalEndpoint}");
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await Task.WhenAll(running);
        await MadePackages.TryAsync("ip", "link", "delete", bridge);
        closing.Dispose();
    }

    private static async Task ForwardAsync(TcpListener listener, Uri server, CancellationToken cancellationToken)
    {
        using var _ = listener;
        var open = new List<Task>();
        try
        {
            while (true) open.Add(ForwardAsync(await listener.AcceptTcpClientAsync(cancellationToken), server, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(open);
        }
    }

    private static async Task ForwardAsync(TcpClient pod, Uri server, CancellationToken cancellationToken)
    {
        using var _ = pod;
        using var ours = new TcpClient();
        try
        {
            await ours.ConnectAsync(server.Host, server.Port, cancellationToken);
            var (there, back) = (pod.GetStream().CopyToAsync(ours.GetStream(), cancellationToken), ours.GetStream().CopyToAsync(pod.GetStream(), cancellationToken));
            await Task.WhenAny(there, back);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // One of the two has hung up.
        }
    }
}
