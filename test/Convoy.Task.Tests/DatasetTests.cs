using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using Convoy.Core.Datasets;
using Convoy.Core.Tasks;

namespace Convoy.Supervision.Tests;

/// <summary>A task's data sets, against a node agent of the tests.</summary>
public sealed class DatasetTests : IDisposable
{
    private readonly SupervisedFolder folder = new();
    private readonly List<AgentDouble> agents = [];

    private string Socket => folder.RoomPath("node.sock");

    public void Dispose()
    {
        foreach (var agent in agents) agent.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_task_finds_its_data_sets_and_they_are_open_while_it_runs_and_no_longer()
    {
        var agent = Agent(request => new NodeAnswer(new OpenedDataset(request.Dataset, request.Version, Made(request)), null));
        var running = folder.Start(Reading("echo $CONVOY_DATASET_KITTI_2D $CONVOY_DATASET_LANES; cat $CONVOY_DATASET_LANES/a; until [ -e $ROOM/go ]; do sleep 0.02; done", new TaskDataset("kitti-2d", "v3", null), new TaskDataset("lanes", "v12", null)));
        await SupervisedFolder.UntilAsync(() => folder.Log.Contains("of lanes"), "the task reads");
        agent.Open.ShouldBe(2);
        agent.Asked.Select(open => (open.Dataset, open.Version, open.Token, open.Mount)).ShouldBe([("kitti-2d", "v3", "secret", true), ("lanes", "v12", "secret", true)]);
        await File.WriteAllTextAsync(folder.RoomPath("go"), "", TestContext.Current.CancellationToken);
        await SupervisedFolder.EndAsync(running);
        folder.Log.ShouldBe($"{folder.RoomPath("kitti-2d")} {folder.RoomPath("lanes")}\nof lanes");
        folder.Exit!.Code.ShouldBe(0);
        await SupervisedFolder.UntilAsync(() => agent.Open == 0, "the agent is told");
    }

    [Fact]
    public async Task What_the_agent_refuses_is_why_the_task_does_not_start()
    {
        Agent(_ => new NodeAnswer(null, new NodeRefusal("NotFound", "there is no data set 'kitti'")));
        await folder.RunAsync(Reading("touch $ROOM/ran", new TaskDataset("kitti", "v3", null)));
        (folder.Exit!.Code, folder.Exit.Message).ShouldBe((126, "data set kitti: there is no data set 'kitti'"));
        File.Exists(folder.RoomPath("ran")).ShouldBeFalse();
    }

    [Fact]
    public async Task Where_nothing_can_be_mounted_the_task_is_told_the_Python_way_and_starts_unless_it_wants_a_folder()
    {
        var agent = Agent(request => request.Mount ? new NodeAnswer(null, new NodeRefusal(NodeRefusal.NoMounts, "there is no /dev/fuse")) : new NodeAnswer(new OpenedDataset(request.Dataset, request.Version, null), null));
        await folder.RunAsync(Reading("echo \"<$CONVOY_DATASET_KITTI>\"", new TaskDataset("kitti", "v3", null)));
        folder.Log.ShouldBe("convoy: data set kitti has no folder here: there is no /dev/fuse; read it with convoy.dataset(\"kitti\")\n<>\n");
        agent.Asked.Select(open => open.Mount).ShouldBe([true, false]);

        using var other = new SupervisedFolder();
        await other.RunAsync(Reading("true", new TaskDataset("kitti", "v3", "/data/kitti")));
        other.Exit!.Message.ShouldBe("data set kitti: there is no /dev/fuse");
    }

    [Fact]
    public async Task An_agent_that_comes_late_or_starts_again_is_asked_again()
    {
        var running = folder.Start(Reading("echo started; until [ -e $ROOM/go ]; do sleep 0.02; done", new TaskDataset("kitti", "v3", null)));
        await Task.Delay(200, TestContext.Current.CancellationToken);
        folder.Started.ShouldBeNull();
        var first = Agent(request => new NodeAnswer(new OpenedDataset(request.Dataset, request.Version, Made(request)), null));
        await SupervisedFolder.UntilAsync(() => folder.Log == "started\n", "it starts");
        first.Dispose();
        var second = Agent(request => new NodeAnswer(new OpenedDataset(request.Dataset, request.Version, Made(request)), null));
        await SupervisedFolder.UntilAsync(() => second.Open == 1, "it is asked again");
        await File.WriteAllTextAsync(folder.RoomPath("go"), "", TestContext.Current.CancellationToken);
        await SupervisedFolder.EndAsync(running);
        folder.Exit!.Code.ShouldBe(0);
    }

    [Fact]
    public async Task Where_no_socket_can_be_the_task_says_why()
    {
        await folder.RunAsync(Reading("true", new TaskDataset("kitti", "v3", null)) with { NodeSocket = "/" + new string('x', 200) });
        folder.Exit!.Message!.ShouldContain("too long a path");
    }

    [Fact]
    public async Task A_task_that_is_stopped_while_it_waits_for_an_agent_never_starts()
    {
        var running = folder.Start(Reading("touch $ROOM/ran", new TaskDataset("kitti", "v3", null)));
        await Task.Delay(200, TestContext.Current.CancellationToken);
        folder.Stop();
        await SupervisedFolder.EndAsync(running);
        File.Exists(folder.RoomPath("ran")).ShouldBeFalse();
        (folder.Exit!.Stopped, folder.Exit.Message).ShouldBe((true, "it was stopped while its data sets were being opened"));
    }

    [Fact]
    public async Task A_task_starts_when_so_much_of_its_data_is_on_the_node_as_it_waits_for_and_tells_what_came_there()
    {
        var agent = Agent(request => new NodeAnswer(new OpenedDataset(request.Dataset, request.Version, null, Bytes: 1000, WantedBytes: 500, FilledBytes: 4000, MissedBytes: 70), null));
        agent.Held = Version(held: 100, filled: 4000, missed: 70);
        var running = folder.Start(Reading("touch $ROOM/ran; until [ -e $ROOM/go ]; do sleep 0.02; done", new TaskDataset("kitti", "v3", null) { Share = 50, StartAt = 80 }));
        await SupervisedFolder.UntilAsync(() => folder.Log.Contains("data set kitti: 20 % on this node, starts at 80 %"), "it says what it waits for");
        (folder.Started is not null, File.Exists(folder.RoomPath("ran")), folder.Datasets!.Single().WaitsFor).ShouldBe((true, false, 80));
        agent.Asked.ShouldAllBe(open => open.Share == 500_000);

        agent.Held = Version(held: 400, filled: 4300, missed: 70);
        await SupervisedFolder.UntilAsync(() => File.Exists(folder.RoomPath("ran")), "it starts");
        await SupervisedFolder.UntilAsync(() => folder.Datasets!.Single() is { WaitsFor: null, HeldPercent: 80 }, "it tells");
        agent.Held = Version(held: 500, filled: 4400, missed: 80);
        await File.WriteAllTextAsync(folder.RoomPath("go"), "", TestContext.Current.CancellationToken);
        await SupervisedFolder.EndAsync(running);

        // What came before it was open is not its own.
        folder.Exit!.Datasets!.Single().ShouldBe(new DatasetUse("kitti", "v3", 1000, 500, 500, 400, 10));
    }

    [Fact]
    public async Task Where_no_more_of_its_data_can_be_on_the_node_the_task_starts_with_what_is_there()
    {
        var agent = Agent(request => new NodeAnswer(new OpenedDataset(request.Dataset, request.Version, null, Bytes: 1000, WantedBytes: 1000), null));
        agent.Held = Version(held: 300, filled: 0, missed: 0) with { Problem = "the disk is full" };
        await folder.RunAsync(Reading("echo reads", new TaskDataset("kitti", "v3", null) { StartAt = 100 }));
        folder.Log.ShouldEndWith("convoy: data set kitti: starts with 60 % on this node instead of 100 %: the disk is full\nreads\n");
        (folder.Exit!.Code, folder.Exit.Datasets!.Single().Problem).ShouldBe((0, "the disk is full"));
    }

    [Fact]
    public async Task A_task_that_is_stopped_while_it_waits_for_its_data_runs_nothing()
    {
        var agent = Agent(request => new NodeAnswer(new OpenedDataset(request.Dataset, request.Version, null, Bytes: 1000, WantedBytes: 500), null));
        agent.Held = Version(held: 100, filled: 0, missed: 0);
        var running = folder.Start(Reading("touch $ROOM/ran", new TaskDataset("kitti", "v3", null) { StartAt = 80 }));
        await SupervisedFolder.UntilAsync(() => folder.Log.Contains("starts at 80 %"), "it waits");
        folder.Stop();
        await SupervisedFolder.EndAsync(running);
        (folder.Exit!.Stopped, File.Exists(folder.RoomPath("ran"))).ShouldBe((true, false));
    }

    private static HeldVersion Version(long held, long filled, long missed) => new("kitti", "v3", 1, 1000, 500, held, 0, 0, missed, filled, 0, null, null);

    /// <summary>Only a platform that runs as root may do it.</summary>
    [Fact]
    public async Task A_job_has_a_data_set_where_it_wants_it_and_nobody_else_has()
    {
        Agent(request => new NodeAnswer(new OpenedDataset(request.Dataset, request.Version, Made(request)), null));
        var at = Path.Combine(folder.Room, "deep", "data");
        await folder.RunAsync(Reading($"cat {at}/a; echo \" $CONVOY_DATASET_KITTI\"", new TaskDataset("kitti", "v3", at)));
        if (!Environment.IsPrivilegedProcess)
        {
            folder.Exit!.Message!.ShouldContain("leave mount out of the job file");
            return;
        }

        folder.Log.ShouldBe($"of kitti {at}\n");
        Directory.EnumerateFileSystemEntries(at).ShouldBeEmpty();
        (await File.ReadAllTextAsync("/proc/self/mountinfo", TestContext.Current.CancellationToken)).ShouldNotContain(at);
    }

    private string Made(OpenDataset request)
    {
        Directory.CreateDirectory(folder.RoomPath(request.Dataset));
        File.WriteAllText(Path.Combine(folder.RoomPath(request.Dataset), "a"), $"of {request.Dataset}");
        return folder.RoomPath(request.Dataset);
    }

    private AgentDouble Agent(Func<OpenDataset, NodeAnswer> answer)
    {
        var agent = new AgentDouble(Socket, answer);
        agents.Add(agent);
        return agent;
    }

    private TaskOrder Reading(string script, params TaskDataset[] datasets)
    {
        var order = folder.Shell(script);
        return order with { Datasets = datasets, NodeSocket = Socket, Environment = new Dictionary<string, string>(order.Environment) { ["CONVOY_TOKEN"] = "secret" } };
    }

    /// <summary>Answers as it is told to, and counts who has something open.</summary>
    private sealed class AgentDouble : IDisposable
    {
        private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        private readonly ConcurrentBag<Socket> connections = [];
        private readonly string path;
        private int open;

        public AgentDouble(string path, Func<OpenDataset, NodeAnswer> answer)
        {
            this.path = path;
            File.Delete(path);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen();
            _ = Task.Run(async () =>
            {
                while (true) _ = ServeAsync(await listener.AcceptAsync(), answer);
            });
        }

        public ConcurrentQueue<OpenDataset> Asked { get; } = [];

        public int Open => Volatile.Read(ref open);

        /// <summary>What it tells of what is open.</summary>
        public volatile HeldVersion? Held;

        public void Dispose()
        {
            listener.Dispose();
            foreach (var connection in connections) connection.Dispose();
            File.Delete(path);
        }

        private async Task ServeAsync(Socket connection, Func<OpenDataset, NodeAnswer> answer)
        {
            connections.Add(connection);
            await using var stream = new NetworkStream(connection);
            using var reader = new StreamReader(stream);
            var opened = false;
            try
            {
                while (await reader.ReadLineAsync() is { } line)
                {
                    if (JsonSerializer.Deserialize(line, TaskJson.Default.NodeRequest)!.Open is not { } request)
                    {
                        await stream.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(new NodeAnswer(Versions: Held is { } held ? [held] : []), TaskJson.Default.NodeAnswer), (byte)'\n']);
                        continue;
                    }

                    Asked.Enqueue(request);
                    var answered = answer(request);
                    if (answered.Opened is not null && !opened)
                    {
                        opened = true;
                        Interlocked.Increment(ref open);
                    }

                    await stream.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(answered, TaskJson.Default.NodeAnswer), (byte)'\n']);
                }
            }
            catch (IOException)
            {
                // It has gone.
            }

            if (opened) Interlocked.Decrement(ref open);
        }
    }
}
