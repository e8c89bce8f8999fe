using System.Diagnostics;

namespace Convoy.Supervision.Tests;

public sealed class StopTests
{
    [Fact]
    public async Task A_program_that_heeds_the_signal_ends_with_its_own_code()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(task.Shell("trap 'echo saving; exit 0' TERM; echo ready; while :; do sleep 0.05; done"));
        await SupervisedFolder.UntilAsync(() => task.Log.Contains("ready"), "the trap is set");
        task.Stop();
        await SupervisedFolder.EndAsync(supervisor);
        (task.Exit!.Code, task.Exit.Signal, task.Exit.Stopped).ShouldBe((0, null, true));
        task.Log.ShouldEndWith("saving\n");
    }

    [Fact]
    public async Task The_orders_own_stop_signal_is_sent()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(task.Shell("trap 'exit 3' USR1; trap '' TERM; echo ready; while :; do sleep 0.05; done") with { StopSignal = "SIGUSR1" });
        await SupervisedFolder.UntilAsync(() => task.Log.Contains("ready"), "the trap is set");
        task.Stop();
        await SupervisedFolder.EndAsync(supervisor);
        (task.Exit!.Code, task.Exit.Stopped).ShouldBe((3, true));
    }

    [Fact]
    public async Task A_program_that_ignores_the_signal_is_killed_after_the_grace()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(task.Shell("trap '' TERM; echo ready; while :; do sleep 0.05; done") with { GraceMilliseconds = 300 });
        await SupervisedFolder.UntilAsync(() => task.Log.Contains("ready"), "the trap is set");
        task.Stop();
        await SupervisedFolder.EndAsync(supervisor);
        (task.Exit!.Code, task.Exit.Signal, task.Exit.Stopped).ShouldBe((null, 9, true));
    }

    [Fact]
    public async Task A_signal_to_the_supervisor_is_a_request_to_stop()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(task.Shell("trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"));
        await SupervisedFolder.UntilAsync(() => task.Log.Contains("ready"), "the trap is set");
        using (var kill = Process.Start("/bin/sh", ["-c", $"kill -HUP {supervisor.Id}; kill -TERM {supervisor.Id}"])) await kill.WaitForExitAsync();
        (await SupervisedFolder.EndAsync(supervisor)).ShouldBe(0);
        (task.Exit!.Code, task.Exit.Stopped).ShouldBe((5, true));
    }

    [Fact]
    public async Task An_interrupt_in_the_terminal_of_who_started_it_does_not_reach_the_supervisor()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(task.Shell("echo ready; exec sleep 1000") with { GraceMilliseconds = 0 });
        await SupervisedFolder.UntilAsync(() => task.Log.Contains("ready"), "the program runs");
        var stat = await File.ReadAllTextAsync($"/proc/{supervisor.Id}/stat");
        var (group, session) = (stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[2], stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3]);
        (group, session).ShouldBe(($"{supervisor.Id}", $"{supervisor.Id}"));
        task.Stop();
        (await SupervisedFolder.EndAsync(supervisor)).ShouldBe(0);
    }

    [Fact]
    public async Task Processes_in_sessions_of_their_own_are_stopped_too()
    {
        using var task = new SupervisedFolder();
        const string script = """
            import os, signal, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            def note():
                with open(os.environ["ROOM"] + "/pids", "a") as file: file.write(f"{os.getpid()}\n")
            if os.fork() == 0:          # in a session of its own
                os.setsid(); note(); time.sleep(1000)
            if os.fork() == 0:          # a daemon: forked twice, so an orphan
                os.setsid()
                if os.fork() == 0: note(); time.sleep(1000)
                os._exit(0)
            note()
            time.sleep(1000)
            """;
        var supervisor = task.Start(task.Python(script) with { GraceMilliseconds = 200 });
        await SupervisedFolder.UntilAsync(() => task.RoomLines("pids").Length == 3, "all three run");
        var pids = task.RoomLines("pids").Select(int.Parse).ToList();
        pids.ShouldAllBe(pid => SupervisedFolder.Lives(pid));
        task.Stop();
        await SupervisedFolder.EndAsync(supervisor);
        pids.ShouldAllBe(pid => !SupervisedFolder.Lives(pid));
    }

    [Fact]
    public async Task Processes_that_fork_faster_than_they_are_killed_do_not_win()
    {
        using var task = new SupervisedFolder();
        const string script = """
            import os, signal, sys
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            for _ in range(3):
                if os.fork() == 0:
                    os.setsid()
                    while True:         # every process lives for an instant only
                        if os.fork() != 0: os._exit(0)
            print("ready", flush=True)
            signal.pause()
            """;
        var supervisor = task.Start(task.Python(script) with { GraceMilliseconds = 100 });
        await SupervisedFolder.UntilAsync(() => task.Log.Contains("ready"), "they run");
        task.Stop();
        await SupervisedFolder.EndAsync(supervisor);
        task.Exit!.Signal.ShouldBe(9);
    }

    [Fact]
    public async Task A_stopped_process_is_woken_to_hear_that_it_is_to_stop()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(task.Shell("trap 'exit 4' TERM; echo ready; kill -STOP $$; while :; do sleep 0.05; done"));
        await SupervisedFolder.UntilAsync(() => task.Log.Contains("ready"), "the trap is set");
        task.Stop();
        await SupervisedFolder.EndAsync(supervisor);
        task.Exit!.Code.ShouldBe(4);
    }

    [Fact]
    public async Task What_the_main_process_leaves_behind_is_ended_while_the_lock_is_held_and_the_exit_known()
    {
        using var task = new SupervisedFolder();
        const string script = """
            import fcntl, os, signal, sys, time
            room, folder = os.environ["ROOM"], os.environ["FOLDER"]
            def ending(*_):
                with open(folder + "/lock") as file:
                    try: fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB); lock = "free"
                    except BlockingIOError: lock = "held"
                with open(room + "/seen", "w") as file: file.write(f"{lock} exit={os.path.exists(folder + '/exit')}")
                print("last words", flush=True)
                os._exit(0)
            if os.fork() == 0:
                os.setsid()
                signal.signal(signal.SIGTERM, ending)
                open(room + "/ready", "w").close()
                while True: signal.pause()
            while not os.path.exists(room + "/ready"): time.sleep(0.02)
            os._exit(6)
            """;
        (await task.RunAsync(task.Python(script))).ShouldBe(0);
        task.RoomLines("seen").ShouldBe(["held exit=True"]);
        (task.Exit!.Code, task.Exit.Stopped).ShouldBe((6, false));
        task.Log.ShouldBe("last words\n");
        task.LockIsFree().ShouldBeTrue();
    }

    [Fact]
    public async Task What_the_main_process_leaves_behind_and_will_not_end_is_killed()
    {
        using var task = new SupervisedFolder();
        const string script = "trap '' TERM; (echo $$; setsid sh -c 'echo $$ > $ROOM/pid; while :; do sleep 0.05; done') & while ! test -s $ROOM/pid; do sleep 0.02; done";
        await task.RunAsync(task.Shell(script) with { GraceMilliseconds = 200 });
        task.Exit!.Code.ShouldBe(0);
        SupervisedFolder.Lives(int.Parse(task.RoomLines("pid")[0])).ShouldBeFalse();
    }
}
