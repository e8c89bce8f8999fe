using System.Diagnostics;
using System.Text;
using Convoy.Core.Tasks;

namespace Convoy.Supervision.Tests;

public sealed class LogTests
{
    [Fact]
    public async Task Both_streams_are_in_the_log_and_can_be_read_at_once()
    {
        using var task = new SupervisedFolder();
        var supervisor = task.Start(task.Shell("echo out; echo err >&2; while ! test -e $ROOM/go; do sleep 0.02; done; printf end"));
        await SupervisedFolder.UntilAsync(() => task.Log == "out\nerr\n", "the first lines are there while it runs");
        await File.WriteAllTextAsync(task.RoomPath("go"), "");
        await SupervisedFolder.EndAsync(supervisor);
        task.Log.ShouldBe("out\nerr\nend");
    }

    [Fact]
    public async Task What_is_written_just_before_the_end_is_there()
    {
        using var task = new SupervisedFolder();
        await task.RunAsync(task.Python("import os, sys; sys.stdout.write('x' * 3_000_000 + 'end'); sys.stdout.flush(); os._exit(0)"));
        task.Log.Length.ShouldBe(3_000_003);
        task.Log.ShouldEndWith("xend");
    }

    [Fact]
    public async Task The_first_segment_and_the_newest_are_kept_within_the_bound_and_bytes_keep_their_numbers()
    {
        using var task = new SupervisedFolder();
        var whole = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i:D9}\n")));
        await task.RunAsync(task.Python("for i in range(20000): print('%09d' % i)") with { LogBytes = 50_000, LogSegmentBytes = 8_192 });
        var segments = task.Segments();
        segments[0].Start.ShouldBe(0);
        segments.Sum(segment => segment.Bytes.Length).ShouldBeInRange(50_000 - (2 * 8_192), 50_000);
        (segments[^1].Start + segments[^1].Bytes.Length).ShouldBe(whole.Length);
        foreach (var (start, bytes) in segments) bytes.ShouldBe(whole[(int)start..((int)start + bytes.Length)]);
        segments.Skip(1).Zip(segments.Skip(2)).ShouldAllBe(pair => pair.First.Start + pair.First.Bytes.Length == pair.Second.Start);
        segments.SkipLast(1).ShouldAllBe(segment => segment.Bytes.Length == 8_192);
    }

    [Fact]
    public async Task A_bound_smaller_than_two_segments_is_kept_all_the_same()
    {
        using var task = new SupervisedFolder();
        await task.RunAsync(task.Shell("seq 1 1000") with { LogBytes = 100, LogSegmentBytes = 4_096 });
        task.Segments().Sum(segment => segment.Bytes.Length).ShouldBeInRange(51, 100);
        task.Log.ShouldEndWith("1000\n");
    }

    [Fact]
    public async Task What_a_full_disk_did_not_take_is_in_the_log_once_there_is_room()
    {
        using var task = new SupervisedFolder();
        if (!await Succeeds("mount", "-t", "tmpfs", "-o", "size=256k", "none", task.Folder)) Assert.Skip("mounting a small disk is not permitted here");
        try
        {
            var whole = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{i:D9}\n"));
            var supervisor = task.Start(task.Python("for i in range(100000): print('%09d' % i)\nexit(3)") with { LogBytes = 10 << 20, LogSegmentBytes = 16 << 10 });

            // The task ends, and its end is on the full disk; only its log is not whole yet.
            await SupervisedFolder.UntilAsync(() => task.Exit is { Code: 3 }, "the end is recorded");
            supervisor.HasExited.ShouldBeFalse();
            (await Succeeds("mount", "-o", "remount,size=8m", task.Folder)).ShouldBeTrue();
            (await SupervisedFolder.EndAsync(supervisor)).ShouldBe(0);
            task.Log.ShouldBe(whole);
        }
        finally
        {
            (await Succeeds("umount", "--lazy", task.Folder)).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_disk_that_stays_full_costs_bytes_of_the_log_and_neither_their_numbers_nor_the_exit_code()
    {
        using var task = new SupervisedFolder();
        if (!await Succeeds("mount", "-t", "tmpfs", "-o", "size=256k", "none", task.Folder)) Assert.Skip("mounting a small disk is not permitted here");
        try
        {
            var whole = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 600_000).Select(i => $"{i:D9}\n")));
            var supervisor = task.Start(task.Python("for i in range(600000): print('%09d' % i)\nexit(3)") with { LogBytes = 10 << 20, LogSegmentBytes = 16 << 10 });
            await SupervisedFolder.UntilAsync(() => task.Exit is { Code: 3 }, "the end is recorded");
            (await Succeeds("mount", "-o", "remount,size=8m", task.Folder)).ShouldBeTrue();
            await SupervisedFolder.EndAsync(supervisor);
            var segments = task.Segments();
            segments.Sum(segment => segment.Bytes.Length).ShouldBeLessThan(whole.Length);
            segments[^1].Bytes[^10..].ShouldBe(whole[^10..]);
            foreach (var (start, bytes) in segments) bytes.ShouldBe(whole[(int)start..((int)start + bytes.Length)]);
        }
        finally
        {
            (await Succeeds("umount", "--lazy", task.Folder)).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_task_whose_end_could_not_be_recorded_is_not_started()
    {
        using var task = new SupervisedFolder();
        if (!await Succeeds("mount", "-t", "tmpfs", "-o", "size=16k", "none", task.Folder)) Assert.Skip("mounting a small disk is not permitted here");
        try
        {
            (await task.RunAsync(task.Shell("touch $ROOM/ran"))).ShouldNotBe(0);
            task.Started.ShouldBeNull();
            File.Exists(task.RoomPath("ran")).ShouldBeFalse();
        }
        finally
        {
            (await Succeeds("umount", "--lazy", task.Folder)).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task The_index_tells_when_bytes_came()
    {
        using var task = new SupervisedFolder();
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await task.RunAsync(task.Shell("echo 12345; sleep 0.6; echo later"));
        var after = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var lines = (await File.ReadAllLinesAsync(Path.Combine(task.PathOf(TaskFolder.Log), TaskFolder.LogIndex)))
            .Select(line => line.Split(' ').Select(long.Parse).ToArray()).ToList();
        lines.Select(line => line[1]).ShouldBe([0, 6]);
        lines.ShouldAllBe(line => line[0] >= before && line[0] <= after);
    }

    [Fact]
    public async Task Only_the_supervisors_user_can_read_the_folder()
    {
        using var task = new SupervisedFolder();
        await task.RunAsync(task.Shell("echo secret"));
        File.GetUnixFileMode(task.PathOf(TaskFolder.Log)).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string[] files = [task.PathOf(TaskFolder.Exit), task.PathOf(TaskFolder.Started), .. Directory.GetFiles(task.PathOf(TaskFolder.Log))];
        files.ShouldAllBe(path => File.GetUnixFileMode(path) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    private static async Task<bool> Succeeds(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        return await SupervisedFolder.EndAsync(process) == 0;
    }
}
