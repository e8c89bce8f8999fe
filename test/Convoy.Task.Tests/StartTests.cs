using Convoy.Core.Tasks;

namespace Convoy.Supervision.Tests;

public sealed class StartTests
{
    private const int HeldByAnother = 75;

    [Fact]
    public async Task A_task_runs_once_and_a_second_supervisor_starts_nothing()
    {
        using var task = new SupervisedFolder();
        (await task.RunAsync(task.Shell("echo ran >> $ROOM/ran"))).ShouldBe(0);
        (await task.RunAsync()).ShouldBe(0);
        task.RoomLines("ran").Length.ShouldBe(1);
        task.Exit!.Code.ShouldBe(0);
    }

    [Fact]
    public async Task Many_supervisors_at_once_start_exactly_one_program()
    {
        using var task = new SupervisedFolder();
        task.Order(task.Shell("echo ran >> $ROOM/ran"));
        var supervisors = Enumerable.Range(0, 8).Select(_ => task.Start()).ToList();
        foreach (var supervisor in supervisors) (await SupervisedFolder.EndAsync(supervisor)).ShouldBeOneOf(0, HeldByAnother);
        task.RoomLines("ran").Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_held_lock_turns_a_supervisor_away()
    {
        using var task = new SupervisedFolder();
        task.Order(task.Shell("echo ran >> $ROOM/ran"));
        using (new FileStream(task.PathOf(TaskFolder.Lock), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
            (await task.RunAsync()).ShouldBe(HeldByAnother);
        task.Has(TaskFolder.Started).ShouldBeFalse();
        task.RoomLines("ran").ShouldBeEmpty();
    }

    [Theory]
    [InlineData(TaskFolder.Started)]
    [InlineData(TaskFolder.Exit)]
    [InlineData(TaskFolder.Stop)]
    public async Task Nothing_starts_where_it_started_ended_or_was_stopped_before(string mark)
    {
        using var task = new SupervisedFolder();
        await File.WriteAllTextAsync(task.PathOf(mark), "");
        (await task.RunAsync(task.Shell("echo ran >> $ROOM/ran"))).ShouldBe(0);
        task.RoomLines("ran").ShouldBeEmpty();
        Directory.GetFiles(task.Folder).Select(Path.GetFileName).ShouldBe([TaskFolder.Order, TaskFolder.Lock, mark], ignoreOrder: true);
    }

    [Fact]
    public async Task The_start_is_recorded_before_the_program_runs()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(task.Shell("test -e $FOLDER/started && echo recorded"));
        await SupervisedFolder.EndAsync(supervisor);
        task.Log.ShouldBe("recorded\n");
        var start = task.Started!;
        start.BootId.ShouldBe((await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id")).Trim());
        start.SupervisorPid.ShouldBe(supervisor.Id);
        start.SupervisorStartTicks.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_supervisor_killed_at_any_instant_never_makes_the_task_run_twice()
    {
        for (var delay = 0; delay < 200; delay += 12)
        {
            using var task = new SupervisedFolder();
            var first = task.Start(task.Shell("echo ran >> $ROOM/ran; exec sleep 1000"));
            await Task.Delay(delay);
            first.Kill();
            await SupervisedFolder.EndAsync(first);
            await SupervisedFolder.UntilAsync(task.LockIsFree, "the lock is free");
            var recorded = task.Has(TaskFolder.Started);
            if (recorded)
            {
                (await task.RunAsync()).ShouldBe(0);
                task.RoomLines("ran").Length.ShouldBeLessThanOrEqualTo(1);
                continue;
            }

            task.RoomLines("ran").ShouldBeEmpty();
            var second = task.Start();
            await SupervisedFolder.UntilAsync(() => task.RoomLines("ran").Length > 0, "the second one starts it");
            task.Stop();
            await SupervisedFolder.EndAsync(second);
            task.RoomLines("ran").Length.ShouldBe(1);
        }
    }

    [Fact]
    public async Task With_its_supervisor_killed_the_main_process_dies_and_nothing_starts_again()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(task.Shell("echo $$ >> $ROOM/pid; exec sleep 1000"));
        await SupervisedFolder.UntilAsync(() => task.RoomLines("pid").Length == 1, "the program runs");
        var main = int.Parse(task.RoomLines("pid")[0]);
        supervisor.Kill();
        await SupervisedFolder.UntilAsync(() => !SupervisedFolder.Lives(main), "the main process is gone");
        await SupervisedFolder.EndAsync(supervisor);
        task.Started.ShouldNotBeNull();
        task.Exit.ShouldBeNull();
        (await task.RunAsync()).ShouldBe(0);
        task.RoomLines("pid").Length.ShouldBe(1);
    }

    [Theory]
    [InlineData("{", "cannot be read")]
    [InlineData("null", "empty")]
    [InlineData("{}", "cannot be read")]
    [InlineData("""{"command":[],"environment":{},"workingDirectory":"/","cgroupName":"x"}""", "no program")]
    [InlineData("""{"command":["/bin/true"],"environment":{},"workingDirectory":"here","cgroupName":"x"}""", "workingDirectory")]
    [InlineData("""{"command":["/bin/true"],"environment":{"A=B":"c"},"workingDirectory":"/","cgroupName":"x"}""", "A=B")]
    [InlineData("""{"command":["/bin/true"],"environment":{},"workingDirectory":"/","cgroupName":"../x"}""", "cgroupName")]
    [InlineData("""{"command":["/bin/true"],"environment":{},"workingDirectory":"/","cgroupName":"x","stopSignal":"SIGNO"}""", "SIGNO")]
    [InlineData("""{"command":["/bin/true"],"environment":{},"workingDirectory":"/","cgroupName":"x","holdPorts":[70000]}""", "holdPorts")]
    public async Task A_bad_order_ends_the_task_with_a_message(string order, string named)
    {
        using var task = new SupervisedFolder();
        await File.WriteAllTextAsync(task.PathOf(TaskFolder.Order), order);
        (await task.RunAsync()).ShouldBe(0);
        task.Exit!.Code.ShouldBe(126);
        task.Exit.Message!.ShouldContain(named);
        task.Has(TaskFolder.Started).ShouldBeFalse();
    }

    [Fact]
    public async Task Defaults_hold_where_an_order_leaves_them_out()
    {
        using var task = new SupervisedFolder();
        await File.WriteAllTextAsync(task.PathOf(TaskFolder.Order), """{"command":["/bin/echo","hello"],"environment":{},"workingDirectory":"/","cgroupName":"x"}""");
        await task.RunAsync();
        task.Exit!.Code.ShouldBe(0);
        task.Log.ShouldBe("hello\n");
    }

    [Fact]
    public async Task Without_an_order_there_is_a_message_too()
    {
        using var task = new SupervisedFolder();
        await task.RunAsync();
        task.Exit!.Code.ShouldBe(126);
        task.Exit.Message!.ShouldContain(TaskFolder.Order);
    }

    [Fact]
    public async Task Unknown_arguments_are_a_usage_error()
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(SupervisedFolder.Program, ["walk"]) { RedirectStandardError = true })!;
        var said = await process.StandardError.ReadToEndAsync();
        (await SupervisedFolder.EndAsync(process)).ShouldBe(2);
        said.ShouldContain("convoy-task run FOLDER");
    }
}
