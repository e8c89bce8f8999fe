namespace Convoy.Supervision.Tests;

public sealed class ExitTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(255)]
    public async Task The_exit_code_is_the_programs_own(int code)
    {
        using var task = new SupervisedFolder();
        (await task.RunAsync(task.Shell($"exit {code}"))).ShouldBe(0);
        var exit = task.Exit!;
        (exit.Code, exit.Signal, exit.Stopped, exit.OutOfMemory, exit.Message).ShouldBe((code, null, false, false, null));
    }

    [Theory]
    [InlineData("KILL", 9)]
    [InlineData("SEGV", 11)]
    [InlineData("TERM", 15)]
    public async Task A_signal_that_ended_the_program_is_told(string name, int number)
    {
        using var task = new SupervisedFolder();
        await task.RunAsync(task.Shell($"kill -{name} $$"));
        (task.Exit!.Code, task.Exit.Signal, task.Exit.Stopped).ShouldBe((null, number, false));
    }

    [Fact]
    public async Task A_program_that_is_not_in_the_path_gives_127()
    {
        using var task = new SupervisedFolder();
        await task.RunAsync(task.Direct("no-such-program"));
        task.Exit!.Code.ShouldBe(127);
        task.Exit.Message.ShouldBe("no-such-program: not found in PATH (/usr/local/bin:/usr/bin:/bin)");
        task.Started.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_path_that_is_not_there_gives_127()
    {
        using var task = new SupervisedFolder();
        await task.RunAsync(task.Direct("/nowhere/program"));
        (task.Exit!.Code, task.Exit.Message).ShouldBe((127, "/nowhere/program: not found"));
    }

    [Fact]
    public async Task A_file_without_execute_permission_gives_126()
    {
        using var task = new SupervisedFolder();
        var program = task.Script("program", "#!/bin/sh\n", executable: false);
        await task.RunAsync(task.Direct(program));
        task.Exit!.Code.ShouldBe(126);
        task.Exit.Message!.ShouldStartWith(program);
        task.Exit.Message.ShouldContain("may not execute it");
    }

    [Fact]
    public async Task A_script_with_a_missing_interpreter_says_so()
    {
        using var task = new SupervisedFolder();
        await task.RunAsync(task.Direct(task.Script("program", "#!/nowhere/python\n")));
        task.Exit!.Code.ShouldBe(126);
        task.Exit.Message!.ShouldContain("interpreter");
    }

    [Fact]
    public async Task A_file_that_is_no_program_says_so()
    {
        using var task = new SupervisedFolder();
        await task.RunAsync(task.Direct(task.Script("program", "echo hello\n")));
        task.Exit!.Code.ShouldBe(126);
        task.Exit.Message!.ShouldContain("#! line");
    }

    [Fact]
    public async Task A_missing_working_directory_is_named()
    {
        using var task = new SupervisedFolder();
        await task.RunAsync(task.Shell("true") with { WorkingDirectory = "/nowhere/at/all" });
        task.Exit!.Code.ShouldBe(126);
        task.Exit.Message!.ShouldContain("/nowhere/at/all");
    }
}
