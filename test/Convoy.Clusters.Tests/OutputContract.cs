using System.Security.Cryptography;
using System.Text;
using Convoy.Core.Jobs;
using Convoy.Objects.Outputs;

namespace Convoy.Clusters.Tests;

/// <summary>A bed of a cluster that keeps its tasks' outputs. Its tasks have a shell.</summary>
public interface IOutputBed : IClusterBed
{
    /// <summary>Of the life opened last.</summary>
    ITaskOutputs Outputs { get; }
}

/// <summary>What the server relies on about outputs, whatever the cluster is made of.</summary>
public abstract class OutputContract
{
    protected abstract Task<IOutputBed> MakeBedAsync();

    [Fact]
    public async Task What_every_rank_of_a_failed_job_left_is_kept()
    {
        await using var bed = await MakeBedAsync();
        var wish = Wishes.Run(["/bin/sh", "-c", "cd $CONVOY_OUTPUT_DIR; mkdir -p deep/er; echo rank $CONVOY_RANK > deep/er/note; : > empty; exit 3"], tasks: 2);
        await RunAsync(bed, wish);
        await bed.UntilKeptAsync(wish, 0, 1);
        for (var rank = 0; rank < 2; rank++)
        {
            (await bed.PathsAsync(wish, rank)).ShouldBe(["deep/er/note", "empty"]);
            (await bed.ReadAsync(wish, rank, "deep/er/note")).ShouldBe($"rank {rank}\n");
            (await bed.ReadAsync(wish, rank, "empty")).ShouldBe("");
            (await bed.Outputs.SummaryAsync(wish.Assignment.JobId, 1, rank, CancellationToken.None)).ShouldBe(new OutputSummary(2, 7, 0, FolderStays: false));
        }
    }

    [Fact]
    public async Task A_stopped_attempt_and_the_next_have_outputs_of_their_own()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(["/bin/sh", "-c", $"echo attempt $CONVOY_ATTEMPT > $CONVOY_OUTPUT_DIR/note; {bed.Waiting[2]}"]);
        await cluster.ApplyAsync(wish);
        await bed.UntilStartedAsync(wish, 0);
        (await bed.Outputs.ListAsync(wish.Assignment.JobId, CancellationToken.None)).ShouldBe([new TaskOutput(1, 0, IsKept: false)]);
        (await bed.PathsAsync(wish, 0)).ShouldBeEmpty();
        await cluster.ApplyAsync(wish.Stopped());
        await cluster.UntilEndedAsync(wish);
        var second = wish.Stopped().NextAttempt();
        await cluster.ApplyAsync(second);
        bed.End(wish.Assignment.JobId, 0, 0);
        await cluster.UntilEndedAsync(second);
        await bed.UntilKeptAsync(wish, 0);
        await bed.UntilKeptAsync(second, 0);
        (await bed.ReadAsync(wish, 0, "note")).ShouldBe("attempt 1\n");
        (await bed.ReadAsync(second, 0, "note")).ShouldBe("attempt 2\n");
    }

    [Fact]
    public async Task A_task_that_left_nothing_is_not_waited_for()
    {
        await using var bed = await MakeBedAsync();
        var wish = Wishes.Run(["/bin/sh", "-c", "mkdir $CONVOY_OUTPUT_DIR/empty"]);
        await RunAsync(bed, wish);
        await EventuallyAsync(async () => (await bed.Outputs.ListAsync(wish.Assignment.JobId, CancellationToken.None)).Count == 0);
    }

    [Fact]
    public async Task A_job_never_heard_of_has_no_outputs_and_deleting_them_does_no_harm()
    {
        await using var bed = await MakeBedAsync();
        await bed.OpenAsync();
        var job = JobId.FromKey("nobody", "nothing");
        (await bed.Outputs.ListAsync(job, CancellationToken.None)).ShouldBeEmpty();
        (await bed.Outputs.FindAsync(job, 1, 0, "note", CancellationToken.None)).ShouldBeNull();
        (await bed.Outputs.OpenAsync(job, new string('0', 64), CancellationToken.None)).ShouldBeNull();
        await bed.Outputs.DeleteAsync(job, CancellationToken.None);
    }

    [Fact]
    public async Task Deleted_outputs_are_gone_and_stay_gone()
    {
        await using var bed = await MakeBedAsync();
        var wish = Wishes.Run(["/bin/sh", "-c", "echo x > $CONVOY_OUTPUT_DIR/note"]);
        await RunAsync(bed, wish);
        await bed.UntilKeptAsync(wish, 0);
        var hash = (await bed.Outputs.FindAsync(wish.Assignment.JobId, 1, 0, "note", CancellationToken.None))!.Sha256!;
        await bed.Outputs.DeleteAsync(wish.Assignment.JobId, CancellationToken.None);
        await bed.OpenAsync();
        (await bed.Outputs.ListAsync(wish.Assignment.JobId, CancellationToken.None)).ShouldBeEmpty();
        (await bed.Outputs.OpenAsync(wish.Assignment.JobId, hash, CancellationToken.None)).ShouldBeNull();
    }

    protected static async Task RunAsync(IClusterBed bed, ClusterAssignment wish)
    {
        var cluster = await bed.OpenAsync();
        await cluster.ApplyAsync(wish);
        await cluster.UntilEndedAsync(wish);
    }

    protected static async Task EventuallyAsync(Func<Task<bool>> isSo)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await isSo()) await Task.Delay(20, deadline.Token);
    }
}

internal static class OutputConversation
{
    public static async Task UntilKeptAsync(this IOutputBed bed, ClusterAssignment wish, params int[] ranks)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var kept = (await bed.Outputs.ListAsync(wish.Assignment.JobId, deadline.Token)).Where(task => task.IsKept && task.Attempt == wish.Assignment.Attempt).Select(task => task.Rank);
            if (!ranks.Except(kept).Any()) return;
            await Task.Delay(20, deadline.Token);
        }
    }

    public static async Task<IReadOnlyList<OutputEntry>> EntriesAsync(this IOutputBed bed, ClusterAssignment wish, int rank) =>
        (await bed.Outputs.ReadAsync(wish.Assignment.JobId, wish.Assignment.Attempt, rank, "", null, 1000, CancellationToken.None))!.Entries;

    public static async Task<IEnumerable<string>> PathsAsync(this IOutputBed bed, ClusterAssignment wish, int rank) => (await bed.EntriesAsync(wish, rank)).Select(entry => entry.Path);

    /// <summary>A kept file, which has the hash that it is said to have.</summary>
    public static async Task<string> ReadAsync(this IOutputBed bed, ClusterAssignment wish, int rank, string path)
    {
        var entry = (await bed.Outputs.FindAsync(wish.Assignment.JobId, wish.Assignment.Attempt, rank, path, CancellationToken.None)).ShouldNotBeNull();
        await using var content = (await bed.Outputs.OpenAsync(wish.Assignment.JobId, entry.Sha256!, CancellationToken.None)).ShouldNotBeNull();
        using var bytes = new MemoryStream();
        await content.CopyToAsync(bytes);
        Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray())).ShouldBe(entry.Sha256);
        bytes.Length.ShouldBe(entry.Size);
        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
