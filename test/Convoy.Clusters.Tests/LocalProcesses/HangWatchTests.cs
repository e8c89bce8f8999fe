using System.Text.Json;
using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Jobs;
using Convoy.Core.Tasks;

namespace Convoy.Clusters.Tests.LocalProcesses;

/// <summary>Two tasks that live as long as this process, and a clock that goes when it is told to.</summary>
public sealed class HangWatchTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(30);

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("convoy-hang-");
    private readonly Clock clock = new();
    private readonly LocalTask[] tasks;
    private readonly HangWatch watch;
    private int seconds;

    public HangWatchTests()
    {
        tasks = [.. Enumerable.Range(0, 2).Select(rank => new LocalTask(JobId.Parse("jhanging00"), 1, rank, Folder(rank), TimeProvider.System))];
        watch = new HangWatch(Timeout, rank => Path.Combine(Folder(rank), "heartbeat"), clock);
        for (var rank = 0; rank < 2; rank++) Directory.CreateDirectory(Path.Combine(Folder(rank), TaskFolder.Log));
        watch.Reason.ShouldBe("no output and no report for 30m");
    }

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public void A_gang_of_which_nothing_was_ever_heard_hangs_after_the_timeout_and_is_blamed_on_rank_0()
    {
        Start(0, 1);
        Look().ShouldBeNull();
        After(Timeout - TimeSpan.FromSeconds(1)).ShouldBeNull();
        After(TimeSpan.FromMinutes(1)).ShouldBe(0);
        After(Timeout * 2).ShouldBeNull("it is said once");
    }

    [Fact]
    public void A_gang_of_which_one_rank_prints_does_not_hang()
    {
        Start(0, 1);
        for (var i = 0; i < 5; i++)
        {
            Print(0);
            After(Timeout * 0.9).ShouldBeNull();
        }

        After(Timeout).ShouldBe(0);
    }

    [Fact]
    public void A_rank_that_reports_and_prints_nothing_does_not_hang()
    {
        Start(0, 1);
        for (var i = 0; i < 5; i++)
        {
            Touch(Path.Combine(Folder(1), "heartbeat"));
            After(Timeout * 0.9).ShouldBeNull();
        }
    }

    [Fact]
    public void The_rank_that_fell_silent_first_is_to_blame()
    {
        Start(0, 1);
        Print(1);
        After(Timeout * 0.5).ShouldBeNull();
        Print(0);
        After(Timeout * 0.5).ShouldBeNull();
        After(Timeout).ShouldBe(1);
    }

    [Fact]
    public void A_gang_that_waits_for_its_last_task_does_not_hang()
    {
        Start(0);
        for (var i = 0; i < 5; i++) After(Timeout * 2).ShouldBeNull();
        Start(1);
        After(TimeSpan.FromMinutes(10)).ShouldBeNull();
        After(Timeout).ShouldBe(0);
    }

    private string Folder(int rank) => Path.Combine(root.FullName, $"{rank}");

    private int? After(TimeSpan time)
    {
        clock.Go(time);
        return Look();
    }

    private int? Look() => watch.Look(tasks)?.Rank;

    private void Start(params int[] ranks)
    {
        foreach (var rank in ranks)
        {
            var start = new TaskStart(File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(), Environment.ProcessId, ProcessState.Read(Environment.ProcessId)!.Value.StartTicks, DateTimeOffset.UtcNow);
            File.WriteAllBytes(Path.Combine(Folder(rank), TaskFolder.Started), JsonSerializer.SerializeToUtf8Bytes(start, TaskJson.Default.TaskStart));
            tasks[rank].Look(ProcessTable.Read).Single().State.ShouldBe(TaskState.Running);
        }
    }

    private void Print(int rank) => Touch(Path.Combine(Folder(rank), TaskFolder.Log, "00000000000000000000"));

    /// <summary>Each later than the one before, however coarse the file system's clock is.</summary>
    private void Touch(string file)
    {
        File.AppendAllText(file, "x");
        File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddSeconds(++seconds));
    }

    private sealed class Clock : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => now;

        public void Go(TimeSpan time) => now += time.Ticks;
    }
}
