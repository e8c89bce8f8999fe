using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Convoy.Supervision.Tests;

/// <summary>What the program finds around itself: environment, user, files, ports, limits.</summary>
public sealed class SurroundingsTests
{
    private const int Stranger = 700_003;

    [Fact]
    public async Task The_environment_is_exactly_the_orders()
    {
        using var task = new SupervisedFolder();
        var order = task.Direct("/usr/bin/env") with { Environment = new Dictionary<string, string> { ["A"] = "b c=d", ["ZH"] = "车道", ["EMPTY"] = "" } };
        await task.RunAsync(order);
        task.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(["A=b c=d", "ZH=车道", "EMPTY="], ignoreOrder: true);
    }

    [Fact]
    public async Task Programs_are_searched_in_the_orders_path_and_what_cannot_be_executed_is_passed_over()
    {
        using var task = new SupervisedFolder();
        task.Script("a/tool", "#!/bin/sh\necho a\n", executable: false);
        task.Script("b/tool", "#!/bin/sh\necho b $1\n");
        task.Script("c/tool", "#!/bin/sh\necho c\n");
        var path = string.Join(':', "/nowhere", task.RoomPath("a"), task.RoomPath("b"), task.RoomPath("c"));
        await task.RunAsync(task.Direct("tool", "x y") with { Environment = new Dictionary<string, string> { ["PATH"] = path } });
        task.Log.ShouldBe("b x y\n");
    }

    [Fact]
    public async Task The_program_starts_with_clean_signals_and_no_file_but_its_streams()
    {
        using var task = new SupervisedFolder();
        const string script = """
            import os, signal
            print(sorted(fd for fd in range(1024) if os.path.exists(f"/proc/self/fd/{fd}")), os.readlink("/proc/self/fd/0"))
            status = dict(line.split(":", 1) for line in open("/proc/self/status"))
            ignored = int(status["SigIgn"], 16)
            print([s for s in range(1, 32) if ignored >> (s - 1) & 1], int(status["SigBlk"], 16), os.getsid(0) == os.getpid(), os.getcwd())
            """;
        // Python itself ignores SIGPIPE (13) and SIGXFSZ (25) when it starts.
        await task.RunAsync(task.Python(script) with { WorkingDirectory = task.Room });
        task.Log.ShouldBe($"[0, 1, 2] /dev/null\n[13, 25] 0 True {task.Room}\n");
    }

    [Fact]
    public async Task A_task_with_a_uid_has_that_user_only()
    {
        OnlyAsRoot();
        using var task = new SupervisedFolder();
        await task.RunAsync(task.Shell("id -u; id -g; id -G; touch $ROOM/made; cat $FOLDER/task.json || echo closed; grep NoNewPrivs /proc/self/status") with { Uid = Stranger });
        task.Exit!.Code.ShouldBe(0);
        task.Log.ShouldStartWith($"{Stranger}\n{Stranger}\n{Stranger}\n");
        task.Log.ShouldEndWith("NoNewPrivs:\t1\n");
        var mode = File.GetUnixFileMode(task.RoomPath("made"));
        (mode & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)).ShouldBe(UnixFileMode.None);
    }

    [Fact]
    public async Task The_folder_that_keeps_a_user_from_the_program_is_named()
    {
        OnlyAsRoot();
        using var task = new SupervisedFolder();
        var program = task.Script("closed/bin/program", "#!/bin/sh\n");
        File.SetUnixFileMode(task.RoomPath("closed"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await task.RunAsync(task.Direct(program) with { Uid = Stranger });
        task.Exit!.Code.ShouldBe(126);
        task.Exit.Message.ShouldBe($"{program}: {task.RoomPath("closed")} is closed to uid {Stranger}");
    }

    [Fact]
    public async Task A_task_with_a_uid_dies_with_its_supervisor_too()
    {
        OnlyAsRoot();
        using var task = new SupervisedFolder();
        var supervisor = task.Start(task.Shell("echo $$ > $ROOM/pid; exec sleep 1000") with { Uid = Stranger });
        await SupervisedFolder.UntilAsync(() => task.RoomLines("pid").Length == 1, "the program runs");
        var main = int.Parse(task.RoomLines("pid")[0]);
        supervisor.Kill();
        await SupervisedFolder.UntilAsync(() => !SupervisedFolder.Lives(main), "the main process is gone");
    }

    [Fact]
    public async Task A_held_port_is_the_tasks_and_nobody_elses()
    {
        using var task = new SupervisedFolder();
        var port = FreePort();
        const string script = """
            import os, socket, time
            server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            print("ready", flush=True)
            while not os.path.exists(os.environ["ROOM"] + "/go"): time.sleep(0.02)
            server.bind(("127.0.0.1", int(os.environ["HELD"]))); server.listen()
            client = socket.create_connection(server.getsockname())
            client.sendall(b"hello"); print(server.accept()[0].recv(5).decode(), flush=True)
            """;
        var order = task.Python(script) with { HoldPorts = [port], Environment = new Dictionary<string, string> { ["ROOM"] = task.Room, ["HELD"] = $"{port}" } };
        var supervisor = task.Start(order);
        await SupervisedFolder.UntilAsync(() => task.Log.Contains("ready"), "the program runs");
        // Not with a Socket of .NET: it asks for SO_REUSEADDR on Linux, as the task does.
        using (var stranger = Process.Start("/usr/bin/python3", ["-c", $"import socket\ntry: socket.socket().bind(('127.0.0.1', {port}))\nexcept OSError as e: exit(e.errno)"]))
            (await SupervisedFolder.EndAsync(stranger)).ShouldBe(98, "EADDRINUSE");

        await File.WriteAllTextAsync(task.RoomPath("go"), "");
        await SupervisedFolder.EndAsync(supervisor);
        task.Log.ShouldBe("ready\nhello\n");
    }

    [Fact]
    public async Task A_port_that_another_listens_on_ends_the_task_with_a_message()
    {
        using var task = new SupervisedFolder();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        await task.RunAsync(task.Shell("echo ran > $ROOM/ran") with { HoldPorts = [port] });
        task.Exit!.Code.ShouldBe(126);
        task.Exit.Message!.ShouldContain($"port {port}");
        task.RoomLines("ran").ShouldBeEmpty();
    }

    [Fact]
    public async Task Using_more_memory_than_the_limit_is_told_as_such()
    {
        using var task = new SupervisedFolder();
        await task.RunAsync(task.Python("print('started', flush=True); hoard = bytearray(400 << 20)") with { MemoryBytes = 64 << 20 });
        if (task.Log.Contains("not enforced")) Assert.Skip("no permission for cgroups on this machine");
        (task.Exit!.Signal, task.Exit.OutOfMemory, task.Log).ShouldBe((9, true, "started\n"));
    }

    [Fact]
    public async Task The_cpu_limit_is_the_orders_and_the_group_is_gone_at_the_end()
    {
        using var task = new SupervisedFolder();
        const string script = """
            group=$(grep -E '^[0-9]+:(cpu|cpu,cpuacct|cpuacct,cpu)?:.*/convoy/' /proc/self/cgroup | head -n 1 | cut -d: -f3)
            for mount in /sys/fs/cgroup/cpu /sys/fs/cgroup; do
              for file in cpu.cfs_quota_us cpu.max; do test -e $mount$group/$file && echo $mount$group && cat $mount$group/$file; done
            done
            """;
        await task.RunAsync(task.Shell(script) with { CpuMillicores = 1_500 });
        if (task.Log.Contains("not enforced")) Assert.Skip("no permission for cgroups on this machine");
        var lines = task.Log.Split('\n');
        lines[0].ShouldEndWith($"/convoy/{task.Direct("x").CgroupName}");
        lines[1].Split(' ')[0].ShouldBe("150000");
        Directory.Exists(lines[0]).ShouldBeFalse();
    }

    [Fact]
    public async Task A_group_that_was_set_apart_for_tasks_has_the_supervisor_and_its_task()
    {
        var mount = (await File.ReadAllLinesAsync("/proc/mounts")).Select(line => line.Split(' ')).FirstOrDefault(mount => mount[2] == "cgroup2")?[1];
        if (mount is null) Assert.Skip("there are no control groups of version 2 here");
        using var task = new SupervisedFolder();
        var group = Path.Combine(mount, task.Direct("x").CgroupName);
        try
        {
            Directory.CreateDirectory(group);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Assert.Skip("no permission for cgroups on this machine");
        }

        try
        {
            task.Variables["CONVOY_TASKS_CGROUP"] = "/" + Path.GetFileName(group);
            await task.RunAsync(task.Shell("grep ^0: /proc/self/cgroup; grep ^0: /proc/$PPID/cgroup"));
            var leaf = $"0::/{Path.GetFileName(group)}/convoy-supervisors\n";
            task.Log.ShouldBe(leaf + leaf);
        }
        finally
        {
            foreach (var below in Directory.GetDirectories(group)) Directory.Delete(below);
            Directory.Delete(group);
        }
    }

    private static void OnlyAsRoot()
    {
        if (!Environment.IsPrivilegedProcess) Assert.Skip("only root can change the user");
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
