using System.Globalization;
using Convoy.Core.Tasks;

namespace Convoy.Supervision.Tests;

public sealed class TerminalTests
{
    private const long HalfAnHour = 1_800_000;

    [Fact]
    public async Task A_program_has_a_terminal_of_the_size_asked_for_and_hears_of_every_other_size()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(Terminal(task.Shell("trap 'echo resized to $(stty size)' WINCH; tty; stty size; while ! [ -e $ROOM/end ]; do sleep 0.05; done; exit 7")));
        using var ann = await TypingPerson.ComeAsync(task, rows: 30, columns: 100);
        await ann.SeesAsync("30 100\r\n");
        ann.Seen.ShouldStartWith("/dev/pts/");
        ann.Resize(50, 132);
        await ann.SeesAsync("resized to 50 132\r\n");
        await File.WriteAllTextAsync(task.RoomPath("end"), "");
        (await SupervisedFolder.EndAsync(supervisor)).ShouldBe(0);
        await ann.LeftAsync();
        ann.LastWord.ShouldBe(TerminalFrameKind.Ended);
        (task.Exit!.Code, task.Exit.Stopped, task.Exit.Message).ShouldBe((7, false, null));
        task.Log.ShouldBe(ann.Seen, "the log has what the person saw");
    }

    [Fact]
    public async Task A_shell_has_job_control_and_Ctrl_C_ends_what_runs_in_it_but_not_itself()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(Terminal(task.Direct("bash", "--norc", "-i")));
        using var ann = await TypingPerson.ComeAsync(task);
        ann.Type("sleep 1000\n");
        await ForegroundAsync("sleep");
        ann.Type("\x03");
        ann.Type("echo was $?\n");
        await ann.SeesAsync("was 130");
        ann.Type("sleep 1001\n");
        await ForegroundAsync("sleep");
        ann.Type("\x1a");
        await ann.SeesAsync("Stopped");
        ann.Type("kill %1\n");
        await SupervisedFolder.UntilAsync(() => !Runs("sleep"), "the stopped sleep is gone");
        ann.Type("exit 5\n");
        (await SupervisedFolder.EndAsync(supervisor)).ShouldBe(0);
        task.Exit!.Code.ShouldBe(5);
        ann.Seen.ShouldNotContain("job control");

        Task ForegroundAsync(string name) => SupervisedFolder.UntilAsync(() => Runs(name), $"{name} runs");
        bool Runs(string name) => Children(supervisor.Id).SelectMany(Children).Any(pid => NameOf(pid) == name);
    }

    [Fact]
    public async Task A_program_that_takes_single_keys_gets_every_byte_as_it_was_typed()
    {
        using var task = new SupervisedFolder();
        const string script = """
            import os, sys, termios, tty
            tty.setraw(0)
            os.write(1, b"ready")
            keys = b""
            while len(keys) < 256: keys += os.read(0, 256)
            os.write(1, b"all" if keys == bytes(range(256)) else repr(keys).encode())
            """;
        var supervisor = task.Start(Terminal(task.Python(script)));
        using var ann = await TypingPerson.ComeAsync(task);
        await ann.SeesAsync("ready");
        ann.Send(new TerminalFrame(TerminalFrameKind.Input, Enumerable.Range(0, 256).Select(value => (byte)value).ToArray()));
        await ann.SeesAsync("readyall");
        await SupervisedFolder.EndAsync(supervisor);
        ann.InputTaken.ShouldBe(256);
    }

    [Fact]
    public async Task The_terminal_belongs_to_the_tasks_own_user_and_to_nobody_else()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: tasks have uids of their own only there");
        using var task = new SupervisedFolder();
        await task.RunAsync(Terminal(task.Shell("stat -L -c '%u %g %a' /proc/self/fd/0; echo through its name > $(tty); echo through tty > /dev/tty")) with { Uid = 700_042 });
        task.Log.ShouldBe("700042 700042 600\r\nthrough its name\r\nthrough tty\r\n");
    }

    [Fact]
    public async Task The_socket_is_closed_to_others_and_gone_at_the_end()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(Terminal(task.Shell("read word; exit 0")));
        using var ann = await TypingPerson.ComeAsync(task);
        File.GetUnixFileMode(task.PathOf(TaskFolder.Terminal)).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        ann.Type("word\n");
        await SupervisedFolder.EndAsync(supervisor);
        task.Has(TaskFolder.Terminal).ShouldBeFalse();
    }

    [Fact]
    public async Task The_newest_to_come_types_and_sees_the_recent_output_and_the_older_one_is_told()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(Terminal(task.Shell("echo first words; while read word; do echo \"got $word\"; [ $word = end ] && exit 0; done")));
        using var ann = await TypingPerson.ComeAsync(task, session: 1);
        await ann.SeesAsync("first words\r\n");
        using var bob = await TypingPerson.ComeAsync(task, session: 2);
        await bob.SeesAsync("first words\r\n");
        await ann.LeftAsync();
        ann.LastWord.ShouldBe(TerminalFrameKind.TakenOver);

        // She comes back by herself, where a connection broke: her seat is taken.
        using var again = await TypingPerson.ComeAsync(task, session: 1, from: 0, isBack: true);
        await again.LeftAsync();
        again.LastWord.ShouldBe(TerminalFrameKind.TakenOver);
        bob.Type("end\n");
        await SupervisedFolder.EndAsync(supervisor);
        bob.Seen.ShouldContain("got end\r\n");
    }

    [Fact]
    public async Task Who_comes_back_sees_what_was_missed_and_nothing_twice_and_the_program_has_gone_on()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(Terminal(task.Shell("echo before; read word; echo meanwhile; touch $ROOM/said; read word; echo after $word")));
        string seen;
        using (var ann = await TypingPerson.ComeAsync(task, session: 9, from: 0))
        {
            await ann.SeesAsync("before\r\n");
            seen = ann.Seen;
            ann.Type("x\n");
        }

        await SupervisedFolder.UntilAsync(() => File.Exists(task.RoomPath("said")), "the program goes on");
        using var back = await TypingPerson.ComeAsync(task, session: 9, from: seen.Length, isBack: true);
        await back.SeesAsync("meanwhile\r\n");
        (back.Attached!.Offset, back.Attached.InputTaken).ShouldBe((seen.Length, 2));
        back.Type("y\n");
        await SupervisedFolder.EndAsync(supervisor);
        await back.LeftAsync();
        task.Log.ShouldBe(seen + back.Seen);
    }

    [Fact]
    public async Task A_reader_that_has_stopped_reading_holds_the_program_up_but_not_for_those_who_come_after()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(Terminal(task.Shell("stty -onlcr; i=0; while [ $i -lt 40000 ]; do echo 0123456789012345678901234567890123456789 $i; i=$((i+1)); done; read word; echo end")));
        using var stalled = await TypingPerson.ComeAsync(task, session: 1, from: 0, reads: false);
        var (before, looks) = (0L, 0);
        await SupervisedFolder.UntilAsync(
            () =>
            {
                // How much fits into the connection depends on how small the pieces are that the program's lines come in.
                var now = LogBytes();
                looks = now > 0 && now == before ? looks + 1 : 0;
                before = now;
                return looks == 10;
            },
            "the program is held up");
        LogBytes().ShouldBeLessThan(1_500_000);
        using var ann = await TypingPerson.ComeAsync(task, session: 2);
        await ann.SeesAsync("39999\n");
        ann.Type("\n");
        await SupervisedFolder.EndAsync(supervisor);
        task.Log.ShouldContain("\n0123456789012345678901234567890123456789 20000\n");

        long LogBytes()
        {
            Thread.Sleep(100);
            return task.Segments().Sum(segment => (long)segment.Bytes.Length);
        }
    }

    [Fact]
    public async Task Who_breaks_the_protocol_is_let_go_and_nobody_else_notices()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(Terminal(task.Shell("read word; echo got $word")));
        using (var rude = await TypingPerson.ComeAsync(task, session: 5))
        {
            rude.Send([(byte)TerminalFrameKind.Input, 0x7f, 0, 0, 0]);
            await rude.LeftAsync();
            rude.LastWord.ShouldBeNull();
        }

        using var ann = await TypingPerson.ComeAsync(task);
        ann.Send(new TerminalFrame((TerminalFrameKind)'?', new byte[100]));
        ann.Type("it\n");
        await SupervisedFolder.EndAsync(supervisor);
        ann.Seen.ShouldContain("got it\r\n");
    }

    [Fact]
    public async Task A_terminal_at_which_nothing_happens_is_hung_up_and_the_outcome_says_so()
    {
        using var task = new SupervisedFolder();
        (await task.RunAsync(Terminal(task.Direct("bash", "--norc", "-i"), idleMilliseconds: 300))).ShouldBe(0);
        (task.Exit!.Signal, task.Exit.Stopped).ShouldBe((1, false));
        task.Exit.Message!.ShouldStartWith("idle for 300ms: ");
    }

    [Fact]
    public async Task An_interactive_shell_which_ignores_SIGTERM_ends_when_the_platform_stops_it()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(Terminal(task.Direct("bash", "--norc", "-i")) with { GraceMilliseconds = 3_600_000 });
        using var ann = await TypingPerson.ComeAsync(task);
        ann.Type("echo $((40 + 2))\n");
        await ann.SeesAsync("42");
        task.Stop();
        (await SupervisedFolder.EndAsync(supervisor)).ShouldBe(0);
        (task.Exit!.Signal, task.Exit.Stopped).ShouldBe((1, true));
    }

    [Fact]
    public async Task Without_a_terminal_standard_input_is_a_pipe_byte_for_byte_to_its_end()
    {
        using var task = new SupervisedFolder();
        var order = task.Shell("! [ -t 0 ] && sha256sum") with { Console = new TaskConsole(IsTerminal: false, 0, 0, HalfAnHour) };
        var supervisor = task.Start(order);
        using var ann = await TypingPerson.ComeAsync(task, from: 0);
        var bytes = new byte[1_000_000];
        new Random(1).NextBytes(bytes);
        for (var sent = 0; sent < bytes.Length;)
        {
            var part = Math.Min(10_000, bytes.Length - sent);
            await SupervisedFolder.UntilAsync(() => sent + part - ann.InputTaken <= TerminalFrame.InputWindow, "the program takes its input");
            ann.Send(new TerminalFrame(TerminalFrameKind.Input, bytes.AsMemory(sent, part)));
            sent += part;
        }

        ann.Send(new TerminalFrame(TerminalFrameKind.EndOfInput));
        await SupervisedFolder.EndAsync(supervisor);
        task.Log.ShouldStartWith(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)));
    }

    private static TaskOrder Terminal(TaskOrder order, long idleMilliseconds = HalfAnHour) => order with
    {
        Console = new TaskConsole(IsTerminal: true, 24, 80, idleMilliseconds),
        Environment = new Dictionary<string, string>(order.Environment) { ["TERM"] = "xterm", ["PS1"] = "$ " },
    };

    private static IEnumerable<int> Children(int pid)
    {
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var child)) continue;
            string stat;
            try
            {
                stat = File.ReadAllText($"{folder}/stat");
            }
            catch (IOException)
            {
                continue;
            }

            if (stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == pid.ToString(CultureInfo.InvariantCulture)) yield return child;
        }
    }

    private static string NameOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
