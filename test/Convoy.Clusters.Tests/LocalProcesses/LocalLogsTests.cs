using System.Globalization;
using System.Text;
using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class LocalLogsTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("convoy-logs-");
    private readonly JobId job = JobId.FromKey("logs", "trial");
    private readonly LocalLogs logs;

    public LocalLogsTests() => logs = new LocalLogs(root.FullName);

    private string TaskFolder => Path.Combine(root.FullName, "jobs", job.Value, "1", "0");

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public async Task A_running_tasks_log_is_read_on_as_it_grows_and_then_ends()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(["/bin/sh", "-c", $"echo first; while ! [ -e {bed.Words}/go ]; do sleep 0.05; done; echo second; echo third >&2"]);
        var id = wish.Assignment.JobId;
        (await bed.Logs.ReadAsync(id, 1, 0, 0, 100, CancellationToken.None)).ShouldBe(new LogSlice(0, default, false));
        await cluster.ApplyAsync(wish);
        await ReadUntilAsync("first\n");
        await File.WriteAllTextAsync($"{bed.Words}/go", "");
        await cluster.UntilEndedAsync(wish);
        (await bed.OutputAsync(wish, 0, readBytes: 5)).ShouldBe("first\nsecond\nthird\n");
        (await bed.Logs.EndAsync(id, 1, 0, CancellationToken.None)).ShouldBe(19);
        (await bed.Logs.OffsetAtAsync(id, 1, 0, DateTimeOffset.UnixEpoch, CancellationToken.None)).ShouldBe(0);
        (await bed.Logs.OffsetAtAsync(id, 1, 0, DateTimeOffset.UtcNow.AddHours(1), CancellationToken.None)).ShouldBe(19);

        async Task ReadUntilAsync(string text)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (true)
            {
                var slice = await bed.Logs.ReadAsync(id, 1, 0, 0, 100, deadline.Token);
                slice.IsComplete.ShouldBeFalse();
                if (Encoding.UTF8.GetString(slice.Bytes.Span) == text) return;
                await Task.Delay(20, deadline.Token);
            }
        }
    }

    [Fact]
    public async Task A_log_over_its_bound_keeps_its_beginning_and_its_end()
    {
        await using var bed = new LocalBed { LogBytes = 64 << 10 };
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(["/bin/sh", "-c", "echo the beginning; i=0; while [ $i -lt 3000 ]; do echo $i 0123456789012345678901234567890123456789012345678901234567890123456789; i=$((i+1)); done; echo the end"]);
        await cluster.ApplyAsync(wish);
        await cluster.UntilEndedAsync(wish);
        var kept = await bed.OutputAsync(wish, 0);
        kept.ShouldStartWith("the beginning\n");
        kept.ShouldEndWith("the end\n");
        kept.Length.ShouldBeInRange(20_000, 64 << 10);
    }

    [Fact]
    public async Task A_task_that_never_started_has_a_complete_empty_log()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var stop = Wishes.Run(bed.Waiting).Stopped();
        await cluster.ApplyAsync(stop);
        await cluster.UntilEndedAsync(stop);
        await bed.OpenAsync();
        (await bed.OutputAsync(stop, 0)).ShouldBe("");
    }

    [Fact]
    public async Task A_slice_asked_from_the_dropped_middle_starts_behind_it()
    {
        Segment(0, "abcd");
        Segment(100, "wxyz");
        await ReadsAsync(1, 2, 1, "bc");
        await ReadsAsync(2, 100, 2, "cd");
        await ReadsAsync(4, 100, 100, "wxyz");
        await ReadsAsync(50, 2, 100, "wx");
        await ReadsAsync(102, 100, 102, "yz");
        await ReadsAsync(104, 100, 104, "");
        (await logs.EndAsync(job, 1, 0, CancellationToken.None)).ShouldBe(104);

        async Task ReadsAsync(long offset, int limit, long from, string text)
        {
            var slice = await logs.ReadAsync(job, 1, 0, offset, limit, CancellationToken.None);
            slice.Offset.ShouldBe(from);
            Encoding.UTF8.GetString(slice.Bytes.Span).ShouldBe(text);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(10_200, 0)]
    [InlineData(11_000, 700)]
    [InlineData(20_100, 700)]
    [InlineData(25_000, 900)]
    public async Task A_time_is_found_no_later_than_its_first_byte(long milliseconds, long offset)
    {
        Segment(0, new string('x', 900));
        await File.WriteAllTextAsync(Path.Combine(TaskFolder, "log", "index"), "10000 0\n10250 500\n20000 700\n20250 8");
        (await logs.OffsetAtAsync(job, 1, 0, DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), CancellationToken.None)).ShouldBe(offset);
    }

    private void Segment(long start, string text)
    {
        Directory.CreateDirectory(Path.Combine(TaskFolder, "log"));
        File.WriteAllText(Path.Combine(TaskFolder, "log", start.ToString("D20", CultureInfo.InvariantCulture)), text);
    }
}
