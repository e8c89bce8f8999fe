using System.Globalization;
using System.Text.Json;
using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Jobs;
using Convoy.Core.Tasks;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class LocalClusterTests
{
    [Fact]
    public async Task A_killed_supervisors_task_is_lost_and_what_it_left_is_swept()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        // One child leaves for a session of its own, as torchrun's workers do.
        var wish = Wishes.Run(["/bin/sh", "-c", $"setsid sleep 1000 & echo $! > {bed.Words}/child; echo $$ > {bed.Words}/main; wait"]);
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        var pids = new[] { await ReadPidAsync($"{bed.Words}/main"), await ReadPidAsync($"{bed.Words}/child") };
        var started = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(Path.Combine(TaskFolderOf(bed, wish), TaskFolder.Started)), TaskJson.Default.TaskStart)!;
        using (var supervisor = System.Diagnostics.Process.GetProcessById(started.SupervisorPid)) supervisor.Kill();

        var seen = await cluster.UntilEndedAsync(wish);
        seen.EndOf(wish, 0)!.State.ShouldBe(TaskState.Lost);
        foreach (var pid in pids) (ProcessState.Read(pid)?.IsRunning ?? false).ShouldBeFalse();
    }

    [Fact]
    public async Task Another_persons_process_that_bears_a_tasks_name_is_left_alone()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: tasks have uids of their own only there");
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var victim = Wishes.Run(bed.Waiting);
        await cluster.ApplyAsync(victim);
        await cluster.UntilRunningAsync(victim);
        var order = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(Path.Combine(TaskFolderOf(bed, victim), TaskFolder.Order)), TaskJson.Default.TaskOrder)!;
        var disguise = string.Join(' ', new[] { "CONVOY_JOB_ID", "CONVOY_ATTEMPT", "CONVOY_RANK", "CONVOY_OUTPUT_DIR" }.Select(name => $"{name}={order.Environment[name]}"));
        var other = Wishes.Run(["/bin/sh", "-c", $"env {disguise} sleep 1000 & echo $! > {bed.Words}/disguised; wait"], owner: 2);
        await cluster.ApplyAsync(other);
        var disguised = await ReadPidAsync($"{bed.Words}/disguised");

        bed.End(victim.Assignment.JobId, 0, 0);
        await cluster.UntilEndedAsync(victim);
        ProcessState.Read(disguised)!.Value.IsRunning.ShouldBeTrue();
    }

    [Fact]
    public async Task Code_that_cannot_be_unpacked_ends_every_task_with_126_and_says_why()
    {
        await using var bed = new LocalBed { Unpack = (sha, _, _) => throw new InvalidDataException($"archive {sha} is damaged") };
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting, tasks: 2, change: spec => spec with { Code = new CodeSpec { Archive = new string('a', 64) } });
        await cluster.ApplyAsync(wish);
        var seen = await cluster.UntilEndedAsync(wish);
        for (var rank = 0; rank < 2; rank++)
        {
            seen.EndOf(wish, rank)!.Outcome!.Code.ShouldBe(126);
            seen.EndOf(wish, rank)!.Outcome!.Message!.ShouldContain("is damaged");
            bed.StartsOf(wish.Assignment.JobId, rank).ShouldBe(0);
        }

        (await (await bed.OpenAsync()).UntilEndedAsync(wish)).EndOf(wish, 1)!.Outcome!.Code.ShouldBe(126);
    }

    [Fact]
    public async Task No_task_starts_before_all_are_prepared_and_a_stop_meanwhile_loses_them()
    {
        var unpacking = new TaskCompletionSource();
        var isSecond = false;
        await using var bed = new LocalBed
        {
            Unpack = async (_, folder, cancellationToken) =>
            {
                if (isSecond)
                {
                    unpacking.SetResult();
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }

                isSecond = true;
                await File.WriteAllTextAsync(Path.Combine(folder, "train.py"), "", cancellationToken);
            },
        };
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting, tasks: 2, change: spec => spec with { Code = new CodeSpec { Archive = new string('b', 64) } });
        await cluster.ApplyAsync(wish);
        await unpacking.Task.WaitAsync(TimeSpan.FromSeconds(30));
        bed.StartsOf(wish.Assignment.JobId, 0).ShouldBe(0);
        await cluster.ApplyAsync(wish.Stopped());
        var seen = await cluster.UntilEndedAsync(wish);
        seen.EndOf(wish, 0)!.State.ShouldBe(TaskState.Lost);
        seen.EndOf(wish, 1)!.State.ShouldBe(TaskState.Lost);
    }

    [Fact]
    public async Task A_program_that_is_not_there_ends_with_127_or_126()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(["no-such-program-anywhere"]);
        await cluster.ApplyAsync(wish);
        var outcome = (await cluster.UntilEndedAsync(wish)).EndOf(wish, 0)!.Outcome!;
        outcome.Code.ShouldNotBeNull().ShouldBeOneOf(126, 127);
        outcome.Message.ShouldNotBeNull().ShouldContain("no-such-program-anywhere");
    }

    [Fact]
    public async Task A_folder_in_use_is_refused()
    {
        await using var bed = new LocalBed();
        await bed.OpenAsync();
        var second = new LocalClusterOptions { StateFolder = bed.StateFolder, TaskProgram = LocalBed.TaskProgram, ServerUrl = "http://127.0.0.1:1", GpusPerNode = 0 };
        var refused = await Should.ThrowAsync<LocalClusterException>(() => OpenAsync(second));
        refused.Message.ShouldContain("in use");
    }

    [Fact]
    public async Task A_folder_that_tasks_cannot_reach_is_refused_with_what_to_do()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: tasks have uids of their own only there");
        var closed = Directory.CreateTempSubdirectory("convoy-closed-");
        try
        {
            var options = new LocalClusterOptions { StateFolder = Path.Combine(closed.FullName, "state"), TaskProgram = LocalBed.TaskProgram, ServerUrl = "http://127.0.0.1:1", GpusPerNode = 0 };
            var refused = await Should.ThrowAsync<LocalClusterException>(() => OpenAsync(options));
            refused.Message.ShouldContain($"chmod o+x {closed.FullName}");
        }
        finally
        {
            closed.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_report_token_lies_where_only_the_platform_reads()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting);
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        var holders = Directory.GetFiles(bed.StateFolder, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) is not ("lock" or "cluster.lock") && File.ReadAllText(file).Contains(wish.ReportToken, StringComparison.Ordinal)).ToArray();
        holders.Select(Path.GetFileName).ShouldBe(["wish.json", "task.json"], ignoreOrder: true);
        foreach (var file in holders) File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        wish.ToString().ShouldNotContain(wish.ReportToken);
    }

    [Fact]
    public async Task A_finished_job_leaves_no_temporary_files_and_keeps_its_outputs_and_checkpoints()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(["/bin/sh", "-c", "mkdir $TMPDIR/deep; echo 1 > $TMPDIR/deep/er; ln -s / $TMPDIR/link; echo out > $CONVOY_OUTPUT_DIR/result; echo 1 > $CONVOY_CHECKPOINT_DIR/step"]);
        await cluster.ApplyAsync(wish);
        (await cluster.UntilEndedAsync(wish)).EndOf(wish, 0)!.Outcome!.IsSuccess.ShouldBeTrue();
        await LocalBed.UntilAsync(() => Directory.GetFileSystemEntries(Path.Combine(bed.StateFolder, "people", "1", "tmp")).Length == 0);
        await bed.UntilKeptAsync(wish, 0);
        Directory.GetFiles(bed.StateFolder, "step", SearchOption.AllDirectories).ShouldHaveSingleItem();
    }

    private static Task<LocalCluster> OpenAsync(LocalClusterOptions options) =>
        LocalCluster.OpenAsync(options, (_, _, _) => Task.CompletedTask, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<LocalCluster>.Instance, CancellationToken.None);

    private static string TaskFolderOf(LocalBed bed, ClusterAssignment wish) => Path.Combine(bed.StateFolder, "jobs", wish.Assignment.JobId.Value, "1", "0");

    private static async Task<int> ReadPidAsync(string file)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (File.Exists(file) && int.TryParse(await File.ReadAllTextAsync(file, deadline.Token), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var pid)) return pid;
            await Task.Delay(20, deadline.Token);
        }
    }
}
