using System.Diagnostics;
using Convoy.Clusters.LocalProcesses;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class TreeCopyTests : IDisposable
{
    private readonly DirectoryInfo scratch = Directory.CreateTempSubdirectory("convoy-tree-");

    public void Dispose() => Run($"chmod -R u+rwx {scratch.FullName}; rm -rf {scratch.FullName}");

    [Fact]
    public void Files_folders_links_modes_and_times_are_copied_and_nothing_else()
    {
        var from = Made("from");
        Run($"cd {from}; mkdir -p a/b; echo one > a/b/file; chmod 640 a/b/file; touch -d '2001-02-03 04:05:06.789' a/b/file; ln -s /etc/passwd link; mkfifo pipe; echo s > set; chmod 4755 set; mkdir closed; echo x > closed/x; chmod 0 closed");
        var copied = Copy("from", "to").All();

        (copied.Files, copied.LeftOut).ShouldBe(Environment.IsPrivilegedProcess ? (4, 0) : (3, 1));
        File.ReadAllText(Place("to/a/b/file")).ShouldBe("one\n");
        File.GetUnixFileMode(Place("to/a/b/file")).ShouldBe((UnixFileMode)0x1A0);
        File.GetLastWriteTimeUtc(Place("to/a/b/file")).ShouldBe(File.GetLastWriteTimeUtc(Path.Combine(from, "a/b/file")));
        new FileInfo(Place("to/link")).LinkTarget.ShouldBe("/etc/passwd");
        File.GetUnixFileMode(Place("to/set")).ShouldBe((UnixFileMode)0x1ED);
        File.Exists(Place("to/pipe")).ShouldBeFalse();
    }

    [Fact]
    public void Holes_stay_holes()
    {
        var from = Made("from");
        Run($"truncate -s 100G {from}/sparse; printf begin | dd of={from}/sparse conv=notrunc status=none; printf end | dd of={from}/sparse bs=1 seek=50000000000 conv=notrunc status=none; truncate -s 3G {from}/empty");
        Copy("from", "to").All().Bytes.ShouldBe((100L << 30) + (3L << 30));

        new FileInfo(Place("to/sparse")).Length.ShouldBe(100L << 30);
        using var copy = File.OpenHandle(Place("to/sparse"));
        var read = new byte[5];
        RandomAccess.Read(copy, read, 0);
        read.ShouldBe("begin"u8.ToArray());
        RandomAccess.Read(copy, read.AsSpan(0, 3), 50_000_000_000);
        read[..3].ShouldBe("end"u8.ToArray());
        long.Parse(Run($"du -k {Place("to")} | tail -n 1 | cut -f 1"), System.Globalization.CultureInfo.InvariantCulture).ShouldBeLessThan(1000);
    }

    [Fact]
    public void What_has_not_changed_is_the_same_file_in_both_copies_and_what_has_is_not()
    {
        var from = Made("from");
        Run($"cd {from}; echo same > same; echo before > written; echo m > mode; echo gone > gone; mkdir sub; echo deep > sub/deep; touch -d '5 minutes ago' * */*; echo new > new");
        Copy("from", "first").All();
        Run($"cd {from}; echo after! > written; chmod 600 mode; rm gone; mkdir gone; echo now > gone/inside");
        Copy("from", "second", "first").All();

        Inode("first/same").ShouldBe(Inode("second/same"));
        Inode("first/sub/deep").ShouldBe(Inode("second/sub/deep"));

        // Written just before it was copied: it may have been written again at the same time.
        Inode("first/new").ShouldNotBe(Inode("second/new"));
        Inode("first/mode").ShouldNotBe(Inode("second/mode"));
        File.ReadAllText(Place("first/written")).ShouldBe("before\n");
        File.ReadAllText(Place("second/written")).ShouldBe("after!\n");
        File.ReadAllText(Place("first/gone")).ShouldBe("gone\n");
        File.ReadAllText(Place("second/gone/inside")).ShouldBe("now\n");
    }

    [Fact]
    public void A_copy_that_was_broken_off_is_gone_on_with_and_ends_as_the_source_is()
    {
        var from = Made("from");
        Run($"cd {from}; echo a > a; touch -d '5 minutes ago' a; mkdir b; echo c > b/c; ln -s a l");
        Run($"mkdir -p {Place("to")}/a {Place("to")}/old/deep; cd {Place("to")}; echo x > b; echo half > half; ln -s / l; ln -s /etc old/link");
        Copy("from", "to").All();
        Run($"cd {from} && find . | sort").ShouldBe(Run($"cd {Place("to")} && find . | sort"));
        new FileInfo(Place("to/l")).LinkTarget.ShouldBe("a");

        // Nothing is written that is there already.
        var before = Inode("to/a");
        Copy("from", "to").All();
        Inode("to/a").ShouldBe(before);
    }

    [Fact]
    public void What_cannot_be_named_again_or_lies_too_deep_is_left_out_and_told()
    {
        var from = Made("from");
        Run($"cd {from}; touch good; touch \"$(printf 'bad\\377')\"; for i in $(seq 300); do mkdir d; cd d; done; touch bottom");
        var copied = Copy("from", "to").All();
        (copied.Files, copied.LeftOut, copied.Unnameable).ShouldBe((1, 0, 2));
        Copy("from/nothing", "none").All().ShouldBe(CopiedFiles.None);
    }

    [Fact]
    public void A_link_put_in_the_place_of_a_folder_leads_nowhere()
    {
        var from = Made("from");
        var secret = Made("secret");
        Run($"echo secret > {secret}/key; ln -s {secret} {from}/folder; ln -s {secret}/key {from}/file");
        Copy("from", "to").All();
        new TreeCopy(from, "folder", Place("followed")).All().LeftOut.ShouldBe(1);
        Directory.Exists(Place("followed")).ShouldBeFalse();
        new FileInfo(Place("to/folder")).LinkTarget.ShouldBe(secret);
        new FileInfo(Place("to/file")).LinkTarget.ShouldBe($"{secret}/key");
    }

    private TreeCopy Copy(string from, string to, string? earlier = null) => new(scratch.FullName, from, Place(to), earlier is null ? null : Place(earlier));

    private static string Run(string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-e", "-c", script]) { RedirectStandardOutput = true })!;
        var said = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        shell.ExitCode.ShouldBe(0, script);
        return said;
    }

    private string Inode(string name) => Run($"stat -c %i {Place(name)}");

    private string Place(string name) => Path.Combine(scratch.FullName, name);

    private string Made(string name) => Directory.CreateDirectory(Place(name)).FullName;
}
