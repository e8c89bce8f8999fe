using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Convoy.Core.Tasks;

namespace Convoy.EndToEnd.Tests;

/// <summary>A node agent of a test's own at a real platform: who may open what, and who gets how much room.</summary>
public sealed class NodeAgentTests
{
    private const long Size = 4_000_000;

    [Fact]
    public async Task What_is_opened_gets_the_room_that_is_left_and_what_nobody_holds_gives_way()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        foreach (var name in new[] { "one", "two" }) await PushAsync(cli, name);
        using var agent = await AgentAsync(platform, "6Mi");
        var (first, second) = (Line.To(agent), Line.To(agent));
        var (one, two) = (await first.OpenAsync(platform.AdministratorToken, "one"), await second.OpenAsync(platform.AdministratorToken, "two"));
        one.Opened!.WantedBytes.ShouldBe(Size);
        two.Opened!.WantedBytes.ShouldBeInRange((6 << 20) - Size - 100_000, (6 << 20) - Size);

        // Filled as far as it is wanted, and no further.
        await Eventually.HoldsAsync("both are filled", async () => (await StatusAsync(agent)).All(version => version.HeldBytes >= version.WantedBytes));
        (await StatusAsync(agent)).Sum(version => version.WantedBytes).ShouldBeLessThanOrEqualTo(6 << 20);

        // The first goes: the second, opened anew, has all, and of the first nothing is left.
        first.Dispose();
        second.Dispose();
        await Eventually.HoldsAsync("nobody holds anything", async () => (await StatusAsync(agent)).All(version => version.Holders == 0));
        using var third = Line.To(agent);
        (await third.OpenAsync(platform.AdministratorToken, "two")).Opened!.WantedBytes.ShouldBe(Size);
        (await StatusAsync(agent)).Select(version => version.Dataset).ShouldBe(["two"]);
    }

    [Fact]
    public async Task Each_holder_needs_a_right_of_its_own_whoever_has_it_open()
    {
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var cli = new ConvoyCommand(platform);
        await PushAsync(cli, "one");
        var bob = await platform.AddPersonAsync("bob");
        using var agent = await AgentAsync(platform, "1Gi");
        using var mine = Line.To(agent);
        (await mine.OpenAsync(platform.AdministratorToken, "one")).Opened!.Files.ShouldBe(40);
        using var his = Line.To(agent);
        var refused = await his.OpenAsync(bob, "one");
        refused.Error!.Code.ShouldBe("NotFound");
        refused.Error.Message.ShouldNotContain(bob);
        (await his.AskAsync(new NodeRequest { Read = new ReadFile("one", 0, null, 0, 10) })).Error!.Code.ShouldBe("NotOpen");
        (await StatusAsync(agent)).ShouldHaveSingleItem().Holders.ShouldBe(1);
    }

    private static async Task PushAsync(ConvoyCommand cli, string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(cli.Home, name)).FullName;
        for (var i = 0; i < 40; i++) await File.WriteAllBytesAsync(Path.Combine(folder, $"{i:00}"), RandomNumberGenerator.GetBytes((int)Size / 40));
        var pushed = await cli.RunAsync("dataset", "push", name, folder);
        pushed.ExitCode.ShouldBe(0, pushed.Error);
    }

    /// <summary>Ended with the platform, whose folder it names.</summary>
    private static async Task<RunningAgent> AgentAsync(RunningPlatform platform, string capacity)
    {
        var agent = new RunningAgent(platform, capacity);
        await Eventually.HoldsAsync("the agent listens", () => File.Exists(agent.Socket));
        return agent;
    }

    private static async Task<IReadOnlyList<HeldVersion>> StatusAsync(RunningAgent agent)
    {
        using var line = Line.To(agent);
        return (await line.AskAsync(new NodeRequest { Status = true })).Versions!;
    }

    private sealed class RunningAgent : IDisposable
    {
        private readonly Process process;

        public RunningAgent(RunningPlatform platform, string capacity)
        {
            Socket = Path.Combine(platform.Root, "own.sock");
            process = Process.Start(BuiltPrograms.Node, ["--serve", Socket, "--server", platform.Url.ToString(), "--cache", Path.Combine(platform.Root, "own"), "--mounts", Path.Combine(platform.Root, "mounts"), "--capacity", capacity]);
        }

        public string Socket { get; }

        public void Dispose()
        {
            using (var kill = Process.Start("/bin/kill", ["-TERM", $"{process.Id}"])) kill.WaitForExit();
            process.WaitForExit();
            process.Dispose();
        }
    }

    private sealed class Line : IDisposable
    {
        private readonly NetworkStream stream;
        private readonly StreamReader reader;

        private Line(NetworkStream stream) => (this.stream, reader) = (stream, new StreamReader(stream));

        public static Line To(RunningAgent agent)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(agent.Socket));
            return new Line(new NetworkStream(socket, ownsSocket: true));
        }

        public Task<NodeAnswer> OpenAsync(string token, string dataset) => AskAsync(new NodeRequest(new OpenDataset(token, dataset, "latest", Mount: false)));

        public async Task<NodeAnswer> AskAsync(NodeRequest request)
        {
            await stream.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(request, TaskJson.Default.NodeRequest), (byte)'\n']);
            return JsonSerializer.Deserialize((await reader.ReadLineAsync())!, TaskJson.Default.NodeAnswer)!;
        }

        public void Dispose()
        {
            reader.Dispose();
            stream.Dispose();
        }
    }
}
