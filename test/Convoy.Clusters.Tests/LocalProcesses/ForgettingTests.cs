namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class ForgettingTests
{
    [Fact]
    public async Task A_forgotten_job_has_no_files_left_whatever_its_tasks_made_of_them_and_others_keep_theirs()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var outside = Path.Combine(bed.Words, "outside");
        await File.WriteAllTextAsync(outside, "mine");
        const string leave = "echo 1 > $CONVOY_OUTPUT_DIR/result; echo 1 > $CONVOY_CHECKPOINT_DIR/step; mkdir -p closed/inner; echo x > closed/inner/file";
        var wish = Wishes.Run(["/bin/sh", "-c", $"{leave}; ln -s {bed.Words} $CONVOY_OUTPUT_DIR/link; ln -s {bed.Words} $CONVOY_CHECKPOINT_DIR/link; mkfifo $CONVOY_OUTPUT_DIR/fifo; chmod 000 closed/inner closed"], tasks: 2);
        var other = Wishes.Run(["/bin/sh", "-c", leave]);
        foreach (var each in (ClusterAssignment[])[wish, other])
        {
            await cluster.ApplyAsync(each);
            (await cluster.UntilEndedAsync(each)).EndOf(each, 0)!.Outcome!.Code.ShouldBe(0);
        }

        while (!await cluster.ForgetAsync(wish.Assignment.JobId, 1, CancellationToken.None)) await Task.Delay(20);
        Directory.GetFileSystemEntries(bed.StateFolder, $"*{wish.Assignment.JobId}*", SearchOption.AllDirectories).ShouldBeEmpty();
        (await File.ReadAllTextAsync(outside)).ShouldBe("mine");
        // Its result may have been taken in by now; its checkpoint stays where it is.
        Directory.GetFiles(bed.StateFolder, "step", SearchOption.AllDirectories).ShouldHaveSingleItem().ShouldContain(other.Assignment.JobId.Value);
        (await bed.OutputAsync(other, 0)).ShouldBeEmpty();
    }
}
