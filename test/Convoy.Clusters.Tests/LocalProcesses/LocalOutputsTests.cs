using System.Diagnostics;
using Convoy.Objects.Outputs;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class LocalOutputsTests : OutputContract
{
    [Fact]
    public async Task Only_the_persons_own_files_are_taken_whatever_lies_there()
    {
        await using var bed = new LocalBed();
        var secret = Path.Combine(bed.Root, "secret");
        await File.WriteAllTextAsync(secret, "the platform's own");
        Directory.CreateDirectory(Path.Combine(bed.Root, "elsewhere"));
        await File.WriteAllTextAsync(Path.Combine(bed.Root, "elsewhere", "file"), "not theirs");
        var wish = Wishes.Run(
        [
            "/bin/bash", "-c",
            $"""
            cd $CONVOY_OUTPUT_DIR
            echo good > model.bin; ln model.bin again; chmod 640 again
            ln -s {secret} link; ln -s {bed.Root}/elsewhere folder; ln -s / root; ln -s loop loop
            mkfifo pipe; (echo 'import socket; socket.socket(socket.AF_UNIX).bind("socket")' | python3 -) 2>/dev/null
            echo n > $'new\nline'; echo e > $'\e[31m'; echo b > $'\xb3\xc9%'; echo m > 模型
            truncate -s 8M sparse
            echo x > -rf; echo y > 'a b'; mkdir ...; echo z > .../..a
            """,
        ]);
        await RunAsync(bed, wish);
        await bed.UntilKeptAsync(wish, 0);
        var entries = (await bed.EntriesAsync(wish, 0)).ToDictionary(entry => entry.Path);
        (await bed.ReadAsync(wish, 0, "model.bin")).ShouldBe("good\n");
        (entries["again"].Sha256, entries["again"].Mode).ShouldBe((entries["model.bin"].Sha256, 0b110_100_000));
        foreach (var link in (string[])["link", "folder", "root", "loop"]) (entries[link].Sha256, entries[link].LeftBehind).ShouldBe((null, LeftBehind.Link), link);
        entries["link"].Target.ShouldBe(secret);
        entries["pipe"].LeftBehind.ShouldBe(LeftBehind.Special);
        foreach (var (path, text) in new[] { ("new\nline", "n\n"), ("\e[31m", "e\n"), ("%B3%C9%", "b\n"), ("模型", "m\n"), ("-rf", "x\n"), ("a b", "y\n"), (".../..a", "z\n") }) (await bed.ReadAsync(wish, 0, path)).ShouldBe(text);
        entries["sparse"].Size.ShouldBe(8 << 20);

        // Nothing was reached through a link, neither by reading nor by removing, and the folder is gone.
        entries.Keys.ShouldNotContain(path => path.StartsWith("folder/") || path.StartsWith("root/"));
        await EventuallyAsync(() => Task.FromResult(!Directory.Exists(bed.OutputFolder(wish, 0))));
        (await File.ReadAllTextAsync(secret)).ShouldBe("the platform's own");
        File.Exists(Path.Combine(bed.Root, "elsewhere", "file")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_tree_deeper_than_any_path_is_told_and_can_be_removed()
    {
        await using var bed = new LocalBed();
        var wish = Wishes.Run(["/bin/sh", "-c", "cd $CONVOY_OUTPUT_DIR; echo top > top; p=$(printf 'd/%.0s' $(seq 100)); for i in $(seq 30); do mkdir -p $p && cd ./$p || exit 1; done; echo bottom > bottom"]);
        await RunAsync(bed, wish);
        await bed.UntilKeptAsync(wish, 0);
        (await bed.EntriesAsync(wish, 0)).Select(entry => entry.LeftBehind).ShouldBe([LeftBehind.TooDeep, null]);
        (await bed.ReadAsync(wish, 0, "top")).ShouldBe("top\n");

        // What was not kept is not lost before somebody deletes it.
        await bed.OpenAsync();
        Directory.Exists(bed.OutputFolder(wish, 0)).ShouldBeTrue();
        await bed.Outputs.DeleteAsync(wish.Assignment.JobId, CancellationToken.None);
        Directory.Exists(bed.OutputFolder(wish, 0)).ShouldBeFalse();
        (await bed.Outputs.ListAsync(wish.Assignment.JobId, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_over_a_limit_is_told_and_stays_where_it_is()
    {
        await using var bed = new LocalBed { OutputLimits = new OutputLimits(3, 100) };
        var bytes = Wishes.Run(["/bin/sh", "-c", "cd $CONVOY_OUTPUT_DIR; head -c 101 /dev/zero > large; head -c 60 /dev/zero > small"]);
        var files = Wishes.Run(["/bin/sh", "-c", "cd $CONVOY_OUTPUT_DIR; for i in 1 2 3 4 5; do : > $i; done"]);
        await RunAsync(bed, bytes);
        await RunAsync(bed, files);
        await bed.UntilKeptAsync(bytes, 0);
        await bed.UntilKeptAsync(files, 0);
        (await bed.EntriesAsync(bytes, 0)).Select(entry => (entry.Path, entry.LeftBehind)).ShouldBe([("large", LeftBehind.OverBytes), ("small", (LeftBehind?)null)]);
        var counted = await bed.EntriesAsync(files, 0);
        (counted.Count(entry => entry.Sha256 is not null), counted.Count(entry => entry.LeftBehind == LeftBehind.OverFiles), counted.Count).ShouldBe((3, 1, 4));
        new FileInfo(Path.Combine(bed.OutputFolder(bytes, 0), "large")).Length.ShouldBe(101);
        Directory.GetFiles(bed.OutputFolder(files, 0)).Length.ShouldBe(5);
    }

    [Fact]
    public async Task Another_persons_file_is_not_taken_by_a_hard_link()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: tasks have uids of their own only there");
        await using var bed = new LocalBed();
        var wish = Wishes.Run(["/bin/sh", "-c", "echo mine > $CONVOY_OUTPUT_DIR/mine; echo $CONVOY_OUTPUT_DIR; while ! [ -e $CONVOY_OUTPUT_DIR/theirs ]; do sleep 0.05; done"]);
        var cluster = await bed.OpenAsync();
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        var secret = Path.Combine(bed.Root, "secret");
        await File.WriteAllTextAsync(secret, "root's");
        // As where the kernel does not protect hard links.
        using (var ln = Process.Start("ln", [secret, Path.Combine(bed.OutputFolder(wish, 0), "theirs")])) await ln.WaitForExitAsync();
        await cluster.UntilEndedAsync(wish);
        await bed.UntilKeptAsync(wish, 0);
        (await bed.EntriesAsync(wish, 0)).Select(entry => (entry.Path, entry.LeftBehind)).ShouldBe([("mine", (LeftBehind?)null), ("theirs", LeftBehind.NotTheirs)]);
        (await File.ReadAllTextAsync(secret)).ShouldBe("root's");
    }

    [Fact]
    public async Task A_life_that_ends_while_it_takes_in_leaves_it_to_the_next()
    {
        await using var bed = new LocalBed();
        var wish = Wishes.Run(["/bin/sh", "-c", "cd $CONVOY_OUTPUT_DIR; echo first > 0; truncate -s 512M sparse; echo last > z"]);
        await RunAsync(bed, wish);
        await EventuallyAsync(() => Task.FromResult(Directory.Exists(Path.Combine(bed.StateFolder, "outputs", wish.Assignment.JobId.Value, "unfinished"))));
        await bed.OpenAsync();
        await bed.UntilKeptAsync(wish, 0);
        (await bed.PathsAsync(wish, 0)).ShouldBe(["0", "sparse", "z"]);
        (await bed.ReadAsync(wish, 0, "z")).ShouldBe("last\n");
        (await bed.Outputs.SummaryAsync(wish.Assignment.JobId, 1, 0, CancellationToken.None)).ShouldBe(new OutputSummary(3, (512 << 20) + 11, 0, FolderStays: false));
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_loses_nothing_and_is_tried_again()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        // Whatever keeps the store from being written, a full disk too, looks like this to the one who takes in.
        var blocked = Path.Combine(bed.StateFolder, "outputs");
        await File.WriteAllTextAsync(blocked, "no folder");
        var wish = Wishes.Run(["/bin/sh", "-c", "echo x > $CONVOY_OUTPUT_DIR/note"]);
        await cluster.ApplyAsync(wish);
        await cluster.UntilEndedAsync(wish);
        await Task.Delay(300);
        File.Exists(Path.Combine(bed.OutputFolder(wish, 0), "note")).ShouldBeTrue();
        (await bed.Outputs.ListAsync(wish.Assignment.JobId, CancellationToken.None)).ShouldBe([new TaskOutput(1, 0, IsKept: false)]);
        File.Delete(blocked);
        await bed.UntilKeptAsync(wish, 0);
        (await bed.ReadAsync(wish, 0, "note")).ShouldBe("x\n");
    }

    protected override Task<IOutputBed> MakeBedAsync() => Task.FromResult<IOutputBed>(new LocalBed());
}
