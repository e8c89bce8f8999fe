using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Convoy.Core.Tasks;

namespace Convoy.EndToEnd.Tests;

/// <summary>A node agent of a test's own, at a platform: it can be killed and started again on the same cache.</summary>
internal sealed class RunningNodeAgent : IDisposable
{
    private readonly Uri server;
    private readonly string root;
    private Process process;

    private RunningNodeAgent(Uri server, string root, string cache, string capacity)
    {
        (this.server, this.root, Cache) = (server, root, cache);
        process = Start(capacity);
    }

    public string Socket => Path.Combine(root, "own.sock");

    public string Cache { get; }

    public string Mounts => Path.Combine(root, "mounts");

    /// <summary>Of memory.</summary>
    public long ResidentBytes
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    public bool HasExited => process.HasExited;

    /// <param name="server">Where it reaches the platform; null takes the platform's own address.</param>
    /// <param name="cache">A folder; null takes one of the platform's root.</param>
    public static async Task<RunningNodeAgent> StartAsync(RunningPlatform platform, string capacity, Uri? server = null, string? cache = null)
    {
        var agent = new RunningNodeAgent(server ?? platform.Url, platform.Root, cache ?? Path.Combine(platform.Root, "own"), capacity);
        await Eventually.HoldsAsync("the agent listens", () => File.Exists(agent.Socket));
        return agent;
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        File.Delete(Socket);
    }

    public async Task StartAgainAsync(string capacity)
    {
        process = Start(capacity);
        await Eventually.HoldsAsync("the agent listens", () => File.Exists(Socket));
    }

    public NodeLine Connect() => new(Socket);

    public async Task<IReadOnlyList<HeldVersion>> StatusAsync()
    {
        using var line = Connect();
        return (await line.AskAsync(new NodeRequest { Status = true })).Versions!;
    }

    public void Dispose()
    {
        using (var kill = Process.Start("/bin/kill", ["-TERM", $"{process.Id}"])) kill.WaitForExit();
        process.WaitForExit();
        process.Dispose();
    }

    private Process Start(string capacity) => Process.Start(BuiltPrograms.Node, ["--serve", Socket, "--server", server.ToString(), "--cache", Cache, "--mounts", Mounts, "--capacity", capacity]);
}

/// <summary>A connection to it.</summary>
internal sealed class NodeLine : IDisposable
{
    private readonly NetworkStream stream;
    private readonly StreamReader reader;

    public NodeLine(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        stream = new NetworkStream(socket, ownsSocket: true);
        reader = new StreamReader(stream);
    }

    public Task<NodeAnswer> OpenAsync(string token, string dataset, bool mount = false) => AskAsync(new NodeRequest(new OpenDataset(token, dataset, "latest", mount)));

    /// <summary>Without reading the answer.</summary>
    public async Task SayAsync(NodeRequest request) => await stream.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(request, TaskJson.Default.NodeRequest), (byte)'\n']);

    /// <summary>The bytes that are asked for; all answers before have been read.</summary>
    public async Task<byte[]> ReadAsync(ReadFile read)
    {
        await SayAsync(new NodeRequest { Read = read });
        var line = new List<byte>();
        for (var next = new byte[1]; next[0] != (byte)'\n'; line.Add(next[0])) await stream.ReadExactlyAsync(next);
        var content = new byte[JsonSerializer.Deserialize(line.ToArray(), TaskJson.Default.NodeAnswer)!.Length!.Value];
        await stream.ReadExactlyAsync(content);
        return content;
    }

    public async Task<NodeAnswer> AskAsync(NodeRequest request)
    {
        await SayAsync(request);
        return JsonSerializer.Deserialize((await reader.ReadLineAsync())!, TaskJson.Default.NodeAnswer)!;
    }

    public void Dispose()
    {
        reader.Dispose();
        stream.Dispose();
    }
}
