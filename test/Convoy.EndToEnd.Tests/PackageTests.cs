using System.Text.Json;

namespace Convoy.EndToEnd.Tests;

/// <summary>What one installs for real, made by eng/package.sh of the programs under test.</summary>
public sealed class PackageTests(MadePackages packages) : IClassFixture<MadePackages>
{
    private const string Convoy = "/usr/bin/convoy";

    /// <summary>As the unit says, without systemd: the same command, user and mask, no capability, no new privilege.</summary>
    private const string StartServer = """
        unit=/usr/lib/systemd/system/convoy.service
        umask $(sed -n 's/^UMask=//p' $unit)
        setpriv --reuid $(sed -n 's/^User=//p' $unit) --regid $(sed -n 's/^Group=//p' $unit) --init-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
          setsid $(sed -n 's/^ExecStart=//p' $unit) >>/tmp/server.log 2>&1 </dev/null &
        echo $! >/tmp/server.pid
        i=0
        while convoy version 2>&1 | grep -q 'does not say'; do i=$((i+1)); [ $i -lt 300 ] || { cat /tmp/server.log >&2; exit 1; }; sleep 0.1; done
        """;

    private const string StopServer = "kill $(cat /tmp/server.pid); while kill -0 $(cat /tmp/server.pid) 2>/dev/null; do sleep 0.05; done";

    [Fact]
    public async Task The_package_has_all_that_one_installs_and_nothing_of_ours()
    {
        OnlyWithDpkg();
        var listing = await MadePackages.RunAsync("dpkg-deb", "--contents", packages.Deb(MadePackages.Old));
        var files = listing.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries)).ToArray();
        files.Select(file => file[1]).Distinct().ShouldBe(["root/root"]);
        files.Where(file => file[0][0] != 'l' && file[0][8] == 'w').ShouldBeEmpty();
        var paths = files.Select(file => file[5][1..]).ToArray();
        string[] expected =
        [
            "/usr/bin/convoy -> ../lib/convoy/convoy", "/usr/bin/convoy-server -> ../lib/convoy/convoy-server", "/usr/bin/convoy-agent -> ../lib/convoy/convoy-agent", "/usr/lib/convoy/convoy-task", "/usr/lib/convoy/convoy-node", "/usr/share/man/man8/convoy-node.8.gz", "/usr/lib/convoy/python/convoy/__init__.py",
            "/usr/lib/systemd/system/convoy.service", "/usr/lib/systemd/system/convoy-tasks.service", "/etc/convoy/convoy.yaml",
            "/usr/share/man/man1/convoy.1.gz", "/usr/share/man/man1/convoy-submit.1.gz", "/usr/share/man/man8/convoy-server.8.gz", "/usr/share/man/man8/convoy-agent.8.gz", "/usr/share/doc/convoy/examples/kubernetes/Containerfile", "/usr/share/man/man8/convoy-task.8.gz",
            "/usr/share/bash-completion/completions/convoy", "/usr/share/zsh/vendor-completions/_convoy", "/usr/share/fish/vendor_completions.d/convoy.fish",
            "/usr/share/doc/convoy/docs/operations.md", "/usr/share/doc/convoy/copyright", "/usr/share/doc/convoy/examples/per-person-uids.conf",
        ];
        paths.Intersect(expected).ShouldBe(expected, ignoreOrder: true);
        paths.Where(path => path.EndsWith(".pdb", StringComparison.Ordinal) || path.Contains("__pycache__", StringComparison.Ordinal) || path.Contains("Tests", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_tar_works_where_it_is_unpacked()
    {
        OnlyWithDpkg();
        foreach (var program in new[] { "bin/convoy", "bin/convoy-agent", "bin/convoy-server", "lib/convoy/convoy-task", "lib/convoy/convoy-node" })
            (await MadePackages.RunAsync(Path.Combine(packages.Tree, program), "--version")).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Man_pages_are_free_of_warnings_and_completions_can_be_sourced()
    {
        OnlyWithDpkg();
        var pages = Directory.GetFiles(Path.Combine(packages.Tree, "share/man"), "*.gz", SearchOption.AllDirectories);
        pages.Length.ShouldBeGreaterThan(20);
        (await MadePackages.RunAsync("sh", ["-c", "for page; do gzip -dc \"$page\" | groff -man -Tutf8 -ww -z; done 2>&1", "groff", .. pages])).ShouldBe("");

        var share = Path.Combine(packages.Tree, "share");
        (await MadePackages.RunAsync("bash", "-c", $". {share}/bash-completion/completions/convoy && complete -p convoy")).ShouldContain("convoy");
        if (File.Exists("/usr/bin/zsh")) await MadePackages.RunAsync("zsh", "-n", $"{share}/zsh/vendor-completions/_convoy");
        if (File.Exists("/usr/bin/fish")) await MadePackages.RunAsync("fish", "--no-execute", $"{share}/fish/vendor_completions.d/convoy.fish");
    }

    [Fact]
    public async Task Installed_it_runs_jobs_and_an_upgrade_in_the_middle_of_one_disturbs_nothing()
    {
        OnlyWithDpkg();
        await using var root = await CleanRoot.MakeAsync(packages.Folder);
        string Package(string version) => $"/packages/{Path.GetFileName(packages.Deb(version))}";

        // 1. Installed: its own user, its own folder, an operator's options.
        await root.RunAsync($"dpkg --install {Package(MadePackages.Old)}");
        (await root.RunAsync("stat -c '%U %G %a' /var/lib/convoy")).ShouldBe("convoy convoy 711\n");
        await root.RunAsync($"sed -i 's/^listen: .*/listen: 127.0.0.1:{RunningPlatform.FreePort()}/' /etc/convoy/convoy.yaml");
        await root.RunAsync("echo export CONVOY_SERVER=http://$(sed -n 's/^listen: //p' /etc/convoy/convoy.yaml) >../.profile");
        await root.RunAsync($". ../.profile; {StartServer}");
        await root.RunAsync(". ../.profile; convoy login $CONVOY_SERVER </var/lib/convoy/server/admin.token");
        (await root.RunAsync("convoy submit --wait --name first -- sh -c 'id -un' && convoy logs first")).ShouldEndWith("convoy\n");

        // 2. Upgraded while a job runs; what it does meanwhile and afterwards is whole.
        await root.RunAsync("convoy submit -d --name long -- sh -c 'echo before >/tmp/started; echo before; until [ -e /tmp/upgraded ]; do sleep 0.05; done; echo after; echo made >$CONVOY_OUTPUT_DIR/made; until [ -e /tmp/end ]; do sleep 0.05; done; echo end'");
        await root.RunAsync("until [ -e /tmp/started ]; do sleep 0.05; done");
        await root.RunAsync(StopServer);
        await root.RunAsync($"dpkg --install {Package(MadePackages.New)} && touch /tmp/upgraded");
        await root.RunAsync($". ../.profile; {StartServer}; touch /tmp/end");
        await root.RunAsync("convoy wait long");
        using (var job = JsonDocument.Parse(await root.RunAsync("convoy get long -o json")))
        {
            job.RootElement.GetProperty("phase").GetString().ShouldBe("Succeeded");
            job.RootElement.GetProperty("attempts").GetArrayLength().ShouldBe(1);
        }

        (await root.RunAsync("convoy logs long")).ShouldBe("before\nafter\nend\n");
        await root.RunAsync("convoy output get long --to kept");
        (await root.RunAsync("find kept -name made -exec cat {} +")).ShouldBe("made\n");

        // 3. An older version is told of, and what people's jobs left outlives the package.
        await root.RunAsync(StopServer);
        (await root.RunAsync($"dpkg --install {Package(MadePackages.Old)} 2>&1")).ShouldContain($"{MadePackages.Old} is older than the installed {MadePackages.New}. State that {MadePackages.New} has changed is refused");
        await root.RunAsync($"dpkg --remove convoy && test ! -e {Convoy} && test -e /etc/convoy/convoy.yaml && test -e /var/lib/convoy/server/admin.token");
        (await root.RunAsync("dpkg --purge convoy 2>&1 && test ! -e /etc/convoy && test -e /var/lib/convoy/server/admin.token && id -un convoy")).ShouldContain("are kept in /var/lib/convoy");
    }

    private static void OnlyWithDpkg()
    {
        if (!File.Exists("/usr/bin/dpkg-deb")) Assert.Skip("there is no dpkg here");
    }
}
