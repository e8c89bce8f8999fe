using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Convoy.NodeAgent.Tests.Serving;

/// <summary>The agent as a process, and whoever connects to it.</summary>
public sealed class SocketTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("convoy-node-").FullName;
    private Process agent = null!;

    private string Socket => Path.Combine(folder, "node.sock");

    public async ValueTask InitializeAsync() => agent = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await EndAsync(agent);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("", "BadRequest")]
    [InlineData("null", "BadRequest")]
    [InlineData("[]", "BadRequest")]
    [InlineData("{", "BadRequest")]
    [InlineData("{}", "BadRequest")]
    [InlineData("{\"status\":false}", "BadRequest")]
    [InlineData("{\"status\":true,\"list\":{\"dataset\":\"a\",\"from\":0}}", "BadRequest")]
    [InlineData("{\"open\":{}}", "BadRequest")]
    [InlineData("{\"open\":{\"token\":\"x\",\"dataset\":\"../x\",\"version\":\"v1\",\"mount\":true}}", "BadRequest")]
    [InlineData("{\"open\":{\"token\":\"x\",\"dataset\":\"kitti\",\"version\":\"../v1\",\"mount\":true}}", "BadRequest")]
    [InlineData("{\"open\":{\"token\":\"a b\",\"dataset\":\"kitti\",\"version\":\"v1\",\"mount\":true}}", "BadRequest")]
    [InlineData("{\"open\":{\"token\":\"x\",\"dataset\":\"kitti\",\"version\":\"v1\",\"mount\":true,\"share\":1000001}}", "BadRequest")]
    [InlineData("{\"list\":{\"dataset\":\"kitti\",\"from\":-1}}", "NotOpen")]
    [InlineData("{\"map\":{\"dataset\":\"kitti\",\"packs\":[]}}", "NotOpen")]
    [InlineData("{\"map\":{\"dataset\":\"kitti\",\"packs\":[0]},\"status\":true}", "BadRequest")]
    [InlineData("{\"read\":{\"dataset\":\"kitti\",\"file\":0,\"offset\":0,\"length\":1}}", "NotOpen")]
    [InlineData("{\"open\":{\"token\":\"x\",\"dataset\":\"kitti\",\"version\":\"v1\",\"mount\":true}}", "ServerUnreachable")]
    public async Task What_is_no_request_gets_an_error_and_the_connection_goes_on(string line, string code)
    {
        using var connection = new Connection(Socket);
        (await connection.AskAsync(line)).RootElement.GetProperty("error").GetProperty("code").GetString().ShouldBe(code);
        (await connection.AskAsync("{\"status\":true}")).RootElement.GetProperty("versions").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Whatever_bytes_come_the_agent_stays()
    {
        var random = new Random(7);
        for (var round = 0; round < 50; round++)
        {
            using var connection = new Connection(Socket);
            var bytes = new byte[random.Next(200_000)];
            random.NextBytes(bytes);
            try
            {
                await connection.SendAsync(bytes);
            }
            catch (IOException)
            {
                // It had enough of them.
            }
        }

        using var last = new Connection(Socket);
        (await last.AskAsync("{\"status\":true}")).RootElement.TryGetProperty("versions", out _).ShouldBeTrue();
        agent.HasExited.ShouldBeFalse();
    }

    [Fact]
    public async Task A_line_that_is_too_long_gets_an_error_before_the_connection_ends()
    {
        using var connection = new Connection(Socket);
        (await connection.AskAsync(new string('x', 65_535))).RootElement.GetProperty("error").GetProperty("code").GetString().ShouldBe("BadRequest");
        var answer = await connection.AskAsync(new string('x', 65_536));
        answer.RootElement.GetProperty("error").GetProperty("message").GetString().ShouldBe("a request has at most 65536 bytes");
    }

    /// <summary>A process without any descriptor left can do nothing at all: it takes fewer connections than it has descriptors.</summary>
    [Fact]
    public async Task However_many_connect_the_agent_stays_and_takes_others_when_they_have_gone()
    {
        await EndAsync(agent);
        agent = await ListensAsync(Process.Start(new ProcessStartInfo("prlimit", ["--nofile=256:256", Agent, .. Arguments()]) { RedirectStandardError = true })!);
        var many = Enumerable.Range(0, 400).Select(_ => new Connection(Socket)).ToList();
        using (var first = many[0]) (await first.AskAsync("{\"status\":true}")).RootElement.TryGetProperty("versions", out _).ShouldBeTrue();
        (await many[^1].EndsAsync().WaitAsync(TimeSpan.FromSeconds(30))).ShouldBeTrue();
        Directory.GetFiles($"/proc/{agent.Id}/fd").Length.ShouldBeLessThan(200);
        foreach (var connection in many) connection.Dispose();
        await Waiting.UntilAsync(() => Directory.GetFiles($"/proc/{agent.Id}/fd").Length < 150);
        using var last = new Connection(Socket);
        (await last.AskAsync("{\"status\":true}").WaitAsync(TimeSpan.FromSeconds(30))).RootElement.TryGetProperty("versions", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task There_is_one_agent_at_a_folder_and_the_next_takes_the_place_of_one_that_was_killed()
    {
        using (var second = Launch())
        {
            await second.WaitForExitAsync();
            second.ExitCode.ShouldBe(3);
        }

        agent.Kill();
        await agent.WaitForExitAsync();
        File.Exists(Socket).ShouldBeTrue();
        agent.Dispose();
        agent = await StartAsync();
        using var connection = new Connection(Socket);
        (await connection.AskAsync("{\"status\":true}")).RootElement.TryGetProperty("versions", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task It_ends_by_itself_when_nobody_needs_it_and_not_before()
    {
        await EndAsync(agent);
        agent = await StartAsync("--idle-exit", "2s");
        using (var connection = new Connection(Socket))
        {
            await Task.Delay(3500);
            agent.HasExited.ShouldBeFalse();
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await agent.WaitForExitAsync(limit.Token);
        agent.ExitCode.ShouldBe(0);
        File.Exists(Socket).ShouldBeFalse();
    }

    private Task<Process> StartAsync(params string[] more) => ListensAsync(Launch(more));

    private async Task<Process> ListensAsync(Process started)
    {
        for (var tries = 0; tries < 300; tries++)
        {
            try
            {
                new Connection(Socket).Dispose();
                return started;
            }
            catch (SocketException)
            {
                started.HasExited.ShouldBeFalse();
                await Task.Delay(100);
            }
        }

        throw new TimeoutException("the agent does not listen");
    }

    private static string Agent => Path.Combine(AppContext.BaseDirectory, "convoy-node");

    private Process Launch(params string[] more) => Process.Start(new ProcessStartInfo(Agent, Arguments(more)) { RedirectStandardError = true })!;

    private string[] Arguments(params string[] more) => ["--serve", Socket, "--server", "http://127.0.0.1:1", "--cache", Path.Combine(folder, "cache"), "--mounts", Path.Combine(folder, "mounts"), .. more];

    private static async Task EndAsync(Process agent)
    {
        if (!agent.HasExited)
        {
            using var kill = Process.Start("/bin/kill", ["-TERM", $"{agent.Id}"]);
            await kill.WaitForExitAsync();
        }

        await agent.WaitForExitAsync();
        agent.Dispose();
    }

    private sealed class Connection : IDisposable
    {
        private readonly NetworkStream stream;
        private readonly StreamReader lines;

        public Connection(string path)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            stream = new NetworkStream(socket, ownsSocket: true);
            lines = new StreamReader(stream);
        }

        public async Task SendAsync(byte[] bytes) => await stream.WriteAsync(bytes);

        public async Task<JsonDocument> AskAsync(string line)
        {
            await SendAsync(Encoding.UTF8.GetBytes(line + "\n"));
            return JsonDocument.Parse((await lines.ReadLineAsync()).ShouldNotBeNull());
        }

        /// <summary>Whether the agent hangs up, unasked.</summary>
        public async Task<bool> EndsAsync()
        {
            try
            {
                return await stream.ReadAsync(new byte[1]) == 0;
            }
            catch (IOException)
            {
                return true;
            }
        }

        public void Dispose()
        {
            lines.Dispose();
            stream.Dispose();
        }
    }
}
