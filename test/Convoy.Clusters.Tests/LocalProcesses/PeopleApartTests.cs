using Convoy.Core.Jobs;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class PeopleApartTests
{
    [Fact]
    public async Task A_persons_task_reads_nothing_of_anybody_else()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: tasks have uids of their own only there");
        await using var bed = new LocalBed
        {
            Unpack = async (_, folder, cancellationToken) =>
            {
                await File.WriteAllTextAsync(Path.Combine(folder, "train.py"), "my secret code", cancellationToken);
                Directory.CreateDirectory(Path.Combine(folder, "package"));
                await File.WriteAllTextAsync(Path.Combine(folder, "package", "part.py"), "more", cancellationToken);
                File.CreateSymbolicLink(Path.Combine(folder, "link"), "/etc/hostname");
            },
        };
        var cluster = await bed.OpenAsync();
        var token = Path.Combine(bed.Root, "admin-token");
        await File.WriteAllTextAsync(token, "cvy_admin");
        File.SetUnixFileMode(token, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var linkOwner = OwnerOf("/etc/hostname");

        // The first person's task leaves something everywhere, for everybody's reading as far as a task can say so.
        var theirs = Wishes.Run(
            ["/bin/sh", "-c", "umask 0; cat train.py package/part.py; echo log; echo c > $CONVOY_CHECKPOINT_DIR/step; echo o > $CONVOY_OUTPUT_DIR/result; echo h > $HOME/note; id -u; id -G"],
            owner: 1, change: spec => spec with { Code = new CodeSpec { Archive = new string('c', 64) } });
        await cluster.ApplyAsync(theirs);
        (await cluster.UntilEndedAsync(theirs)).EndOf(theirs, 0)!.Outcome!.Code.ShouldBe(0);
        var said = await bed.OutputAsync(theirs, 0);
        said.ShouldStartWith("my secret codemorelog\n");
        said.ShouldEndWith("700001\n700001\n");
        OwnerOf("/etc/hostname").ShouldBe(linkOwner);

        await LocalBed.UntilAsync(() => Directory.GetFiles(bed.StateFolder, "outcome.json", SearchOption.AllDirectories).Length == 1);
        await bed.UntilKeptAsync(theirs, 0);
        await LocalBed.UntilAsync(() => !Directory.Exists(bed.OutputFolder(theirs, 0)));
        var files = Directory.GetFiles(bed.StateFolder, "*", SearchOption.AllDirectories).Append(token).Where(file => new FileInfo(file).LinkTarget is null).ToArray();
        new[] { "train.py", "part.py", "step", "note", "wish.json", "outcome.json", "task.json", "exit", "admin-token" }.ShouldBeSubsetOf(files.Select(file => Path.GetFileName(file)));
        files.ShouldContain(file => file.Contains("/outputs/") && file.Contains("/content/"));
        var tries = string.Join(' ', files.Select(file => $"'{file}'"));
        var spy = Wishes.Run(["/bin/sh", "-c", $"for f in {tries}; do cat $f > /dev/null 2>&1 && echo readable $f; done; find {bed.StateFolder}/people/1 {bed.StateFolder}/jobs -type f 2>/dev/null; echo x 2>/dev/null > {bed.StateFolder}/mine && echo wrote; echo done"], owner: 2);
        await cluster.ApplyAsync(spy);
        (await cluster.UntilEndedAsync(spy)).EndOf(spy, 0)!.Outcome!.Code.ShouldBe(0);
        (await bed.OutputAsync(spy, 0)).ShouldBe("done\n");
    }

    [Fact]
    public async Task A_person_cannot_make_the_platform_make_or_remove_things_elsewhere()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: tasks have uids of their own only there");
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var precious = Directory.CreateDirectory(Path.Combine(bed.Root, "precious"));
        await File.WriteAllTextAsync(Path.Combine(precious.FullName, "file"), "kept");
        var wish = Wishes.Run(
            ["/bin/sh", "-c", $"ln -s {precious.FullName} $TMPDIR/link; rmdir $TMPDIR 2>/dev/null; mv $TMPDIR $TMPDIR.away 2>/dev/null && echo moved; mkdir $HOME/../mine 2>/dev/null && echo made; true"],
            change: spec => spec with { Checkpoint = spec.Checkpoint with { Path = Path.Combine(precious.FullName, "checkpoints") } });
        await cluster.ApplyAsync(wish);
        (await cluster.UntilEndedAsync(wish)).EndOf(wish, 0)!.Outcome!.Code.ShouldBe(0);
        (await bed.OutputAsync(wish, 0)).ShouldBe("");
        await bed.OpenAsync();
        Directory.GetFileSystemEntries(precious.FullName).ShouldBe([Path.Combine(precious.FullName, "file")]);
    }

    [Fact]
    public async Task A_chosen_checkpoint_folder_is_made_with_the_persons_rights()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var chosen = Path.Combine(bed.Words, "deep", "checkpoints");
        var wish = Wishes.Run(["/bin/sh", "-c", "echo 1 > $CONVOY_CHECKPOINT_DIR/step; echo $CONVOY_CHECKPOINT_DIR"], change: spec => spec with { Checkpoint = spec.Checkpoint with { Path = chosen } });
        await cluster.ApplyAsync(wish);
        (await cluster.UntilEndedAsync(wish)).EndOf(wish, 0)!.Outcome!.Code.ShouldBe(0);
        (await bed.OutputAsync(wish, 0)).ShouldBe($"{chosen}\n");
        File.Exists(Path.Combine(chosen, "step")).ShouldBeTrue();
        if (Environment.IsPrivilegedProcess) OwnerOf(chosen).ShouldBe("700001");
    }

    [Fact]
    public async Task What_people_left_before_they_had_uids_of_their_own_becomes_theirs_and_links_lead_nowhere()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: tasks have uids of their own only there");
        await using var bed = new LocalBed { UidBase = null };
        var precious = Directory.CreateDirectory(Path.Combine(bed.Root, "precious"));
        File.SetUnixFileMode(precious.FullName, (UnixFileMode)0x1C0);
        await File.WriteAllTextAsync(Path.Combine(precious.FullName, "file"), "kept");
        var cluster = await bed.OpenAsync();
        var before = Wishes.Run(["/bin/sh", "-c", $"umask 077; mkdir $HOME/deep; echo mine > $HOME/deep/note; ln -s {precious.FullName} $HOME/link; ln -s {precious.FullName}/file $HOME/file; ln {precious.FullName}/file $HOME/named; echo best > $CONVOY_OUTPUT_DIR/step; ln $CONVOY_OUTPUT_DIR/step $CONVOY_OUTPUT_DIR/best; ln -s {precious.FullName} $HOME/../jobs/linked; ln -s {precious.FullName} $HOME/../tmp/linked"]);
        await cluster.ApplyAsync(before);
        (await cluster.UntilEndedAsync(before)).EndOf(before, 0)!.Outcome!.Code.ShouldBe(0);

        bed.UidBase = 700_000;
        foreach (var _ in (int[])[1, 2]) cluster = await bed.OpenAsync();
        var after = Wishes.Run(["/bin/sh", "-c", "cat $HOME/deep/note; echo more >> $HOME/deep/note; ls $HOME/.. 2>&1; cat $HOME/link/file 2>/dev/null || id -u"]);
        await cluster.ApplyAsync(after);
        (await cluster.UntilEndedAsync(after)).EndOf(after, 0)!.Outcome!.Code.ShouldBe(0);
        (await bed.OutputAsync(after, 0)).ShouldBe("mine\nhome\njobs\ntmp\n700001\n");
        (OwnerOf(precious.FullName), OwnerOf(Path.Combine(precious.FullName, "file")), File.GetUnixFileMode(precious.FullName)).ShouldBe(("0", "0", (UnixFileMode)0x1C0));
    }

    private static string OwnerOf(string path)
    {
        using var stat = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("stat", ["-L", "-c", "%u", path]) { RedirectStandardOutput = true })!;
        return stat.StandardOutput.ReadToEnd().Trim();
    }
}
