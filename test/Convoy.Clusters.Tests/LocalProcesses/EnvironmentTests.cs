using System.Globalization;
using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class EnvironmentTests
{
    [Fact]
    public async Task A_task_finds_what_the_interface_promises_and_nothing_of_the_platforms()
    {
        await using var bed = new LocalBed { PythonPath = "/opt/convoy/python", UidBase = null };
        var cluster = await bed.OpenAsync();
        Environment.SetEnvironmentVariable("CONVOY_TRIAL_SECRET", "leak");
        var wish = Wishes.Run(["/usr/bin/env"], tasks: 2, devices: 2, change: spec => spec with
        {
            Env = new Dictionary<string, string> { ["LR"] = "0.1", ["PYTHONPATH"] = "/mine", ["CONVOY_RANK"] = "9", ["LANG"] = "zh_CN.UTF-8" },
        });
        await cluster.ApplyAsync(wish);
        (await cluster.UntilEndedAsync(wish)).EndOf(wish, 1)!.Outcome!.Code.ShouldBe(0);
        var found = await FoundAsync(bed, wish, 1);
        var files = $"{bed.StateFolder}/people/1";
        var expected = new Dictionary<string, string>
        {
            ["CONVOY_JOB_ID"] = wish.Assignment.JobId.Value,
            ["CONVOY_JOB_NAME"] = "trial",
            ["CONVOY_ATTEMPT"] = "1",
            ["CONVOY_ROLE"] = "worker",
            ["CONVOY_RANK"] = "1",
            ["CONVOY_WORLD_SIZE"] = "2",
            ["CONVOY_NODE_HOSTS"] = "127.0.0.1,127.0.0.1",
            ["CONVOY_GPUS_PER_NODE"] = "2",
            ["CONVOY_CHECKPOINT_DIR"] = $"{files}/jobs/{wish.Assignment.JobId}/checkpoints",
            ["CONVOY_OUTPUT_DIR"] = $"{files}/jobs/{wish.Assignment.JobId}/outputs/1/1",
            ["CONVOY_SERVER"] = "http://127.0.0.1:7788",
            ["CONVOY_TOKEN"] = wish.ReportToken,
            ["CUDA_VISIBLE_DEVICES"] = "0,1",
            ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID",
            ["LR"] = "0.1",
            ["PYTHONPATH"] = "/opt/convoy/python:/mine",
            ["LANG"] = "zh_CN.UTF-8",
            ["HOME"] = $"{files}/home",
            ["GLOO_SOCKET_IFNAME"] = "lo",
            ["PYTHONUNBUFFERED"] = "1",
            ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        };
        foreach (var (name, value) in expected) found.GetValueOrDefault(name).ShouldBe(value, name);
        found.Keys.Except(expected.Keys).Except(["PYTHONUSERBASE"]).ShouldBe(["CONVOY_HEARTBEAT", "TMPDIR"], ignoreOrder: true);
        found["CONVOY_HEARTBEAT"].ShouldBe(Path.Combine(found["TMPDIR"], "heartbeat"));
    }

    [Fact]
    public async Task A_task_imports_the_client_wherever_the_platform_lies()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "needs /usr/bin/python3");
        var closed = Directory.CreateTempSubdirectory("convoy-checkout-");
        try
        {
            Directory.CreateDirectory(Path.Combine(closed.FullName, "convoy"));
            await File.WriteAllTextAsync(Path.Combine(closed.FullName, "convoy", "__init__.py"), "name = 'the client'\n");
            Directory.CreateDirectory(Path.Combine(closed.FullName, "tests"));
            await File.WriteAllTextAsync(Path.Combine(closed.FullName, "tests", "__init__.py"), "");
            await using var bed = new LocalBed { PythonPath = closed.FullName };
            await bed.OpenAsync();
            var cluster = await bed.OpenAsync();
            var wish = Wishes.Run(["/usr/bin/python3", "-c", "import convoy, importlib.util as u; print(convoy.name, u.find_spec('tests') if __import__('os').getuid() else None)"]);
            await cluster.ApplyAsync(wish);
            await cluster.UntilEndedAsync(wish);
            (await bed.OutputAsync(wish, 0)).ShouldBe("the client None\n");
        }
        finally
        {
            closed.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Gangs_that_live_together_never_share_a_rendezvous_port()
    {
        await using var bed = new LocalBed();
        var cluster = await bed.OpenAsync();
        var gangs = Enumerable.Range(0, 4).Select(_ => Wishes.Run(["/bin/sh", "-c", $"env; while ! [ -e {bed.Words}/go ]; do sleep 0.05; done"], tasks: 2, change: spec => spec with { Framework = Framework.Pytorch })).ToArray();
        foreach (var gang in gangs[..2]) await cluster.ApplyAsync(gang);
        foreach (var gang in gangs[..2]) await cluster.UntilRunningAsync(gang);
        // What an earlier life gave away is still given away.
        cluster = await bed.OpenAsync();
        foreach (var gang in gangs[2..]) await cluster.ApplyAsync(gang);
        foreach (var gang in gangs) await cluster.UntilRunningAsync(gang);
        await File.WriteAllTextAsync($"{bed.Words}/go", "");
        foreach (var gang in gangs) await cluster.UntilEndedAsync(gang);

        var ports = new List<int>();
        foreach (var gang in gangs)
        {
            var first = (await FoundAsync(bed, gang, 0))["MASTER_PORT"];
            (await FoundAsync(bed, gang, 1))["MASTER_PORT"].ShouldBe(first);
            ports.Add(int.Parse(first, CultureInfo.InvariantCulture));
        }

        ports.Distinct().Count().ShouldBe(gangs.Length);
        var range = (await File.ReadAllTextAsync("/proc/sys/net/ipv4/ip_local_port_range")).Split().Where(text => text.Length > 0).Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        ports.ShouldAllBe(port => port < range[0] || port > range[1]);
    }

    [Fact]
    public void Where_the_kernel_gives_away_every_port_there_are_rendezvous_ports_still()
    {
        RendezvousPorts.Outside(32_768, 60_999).ShouldNotContain(port => port >= 32_768 && port <= 60_999);
        RendezvousPorts.Outside(1_024, 65_535).ShouldContain(29_500);
    }

    [Fact]
    public void A_port_that_somebody_has_bound_is_not_given()
    {
        using var other = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        other.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var bound = ((System.Net.IPEndPoint)other.LocalEndPoint!).Port;
        var ports = new RendezvousPorts([bound]);
        Should.Throw<IOException>(() => ports.Take(JobId.FromKey("port", "a"), 1));
        other.Dispose();
        ports.Take(JobId.FromKey("port", "a"), 1).ShouldBe(bound);
        Should.Throw<IOException>(() => ports.Take(JobId.FromKey("port", "b"), 1));
        ports.Give(JobId.FromKey("port", "a"), 1);
        ports.Take(JobId.FromKey("port", "b"), 1).ShouldBe(bound);
    }

    private static async Task<Dictionary<string, string>> FoundAsync(LocalBed bed, ClusterAssignment wish, int rank) =>
        (await bed.OutputAsync(wish, rank)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
}
