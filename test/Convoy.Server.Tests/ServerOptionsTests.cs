using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Convoy.Server.Operation;

namespace Convoy.Server.Tests;

public sealed class ServerOptionsTests
{
    private static readonly string ThisProgram = Environment.ProcessPath!;

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        var (options, errors) = ServerOptions.Parse(["--listen", "nowhere", "--nodes", "0", "--gpus=x", "--frobnicate", "--accelerator", "H100-80G", "--tls-cert", "/nonexistent"]);
        options.ShouldBeNull();
        errors.Count.ShouldBe(7, string.Join("\n", errors));
    }

    [Fact]
    public void What_is_kept_of_a_tasks_output_can_be_limited()
    {
        var options = ServerOptions.Parse(["--output-files", "1000", "--output-bytes=2Gi", "--task-program", ThisProgram]).Options!;
        (options.OutputFiles, options.OutputBytes).ShouldBe((1000, 2L << 30));
        ServerOptions.Parse(["--output-files", "-1", "--output-bytes", "many", "--task-program", ThisProgram]).Errors.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("0.0.0.0:7788")]
    [InlineData("192.0.2.1:7788")]
    [InlineData("[::]:7788")]
    public void An_address_beyond_loopback_needs_tls(string listen)
    {
        var (options, errors) = ServerOptions.Parse(["--listen", listen, "--task-program", ThisProgram]);
        options.ShouldBeNull();
        errors.ShouldHaveSingleItem().ToString().ShouldContain("--tls-cert");
    }

    [Theory]
    [InlineData("127.0.0.1:1", "http://127.0.0.1:1")]
    [InlineData("localhost:80", "http://127.0.0.1:80")]
    [InlineData("[::1]:7788", "http://[::1]:7788")]
    public void Loopback_is_served_in_the_clear(string listen, string url)
    {
        var (options, errors) = ServerOptions.Parse(["--listen", listen, "--task-program", ThisProgram]);
        errors.ShouldBeEmpty();
        options!.Url.ShouldBe(url);
    }

    [Theory]
    [InlineData("--state=")]
    [InlineData("--listen", "")]
    [InlineData("--listen", "127.0.0.1:0")]
    public void A_value_that_says_nothing_is_an_error(params string[] args) => ServerOptions.Parse([.. args, "--task-program", ThisProgram]).Errors.ShouldHaveSingleItem().ToString().ShouldContain(args[0].TrimEnd('='));

    [Fact]
    public void How_long_an_elastic_job_keeps_its_size_is_a_time()
    {
        ServerOptions.Parse(["--grow-after", "90s", "--task-program", ThisProgram]).Options!.GrowAfter.ShouldBe(TimeSpan.FromSeconds(90));
        ServerOptions.Parse(["--task-program", ThisProgram]).Options!.GrowAfter.ShouldBe(TimeSpan.FromMinutes(10));
        ServerOptions.Parse(["--grow-after", "soon", "--task-program", ThisProgram]).Errors.ShouldHaveSingleItem().ToString().ShouldContain("not 'soon'");
    }

    [Fact]
    public void A_value_that_is_missing_is_asked_for() => ServerOptions.Parse(["--task-program", ThisProgram, "--state"]).Errors.ShouldHaveSingleItem().ToString().ShouldContain("--state needs a value");

    [Fact]
    public void What_is_kept_how_long_is_said_by_kind_and_the_rest_stays_as_it_is()
    {
        var (options, errors) = ServerOptions.Parse(["--task-program", ThisProgram, "--retention", "logs=7d, outputs=forever"]);
        errors.ShouldBeEmpty();
        options!.Retention.Kept[KeptKind.Logs].ShouldBe(TimeSpan.FromDays(7));
        options.Retention.Kept[KeptKind.Outputs].ShouldBeNull();
        options.Retention.Kept[KeptKind.Events].ShouldBe(TimeSpan.FromDays(180));
    }

    [Theory]
    [InlineData("logs", "--retention logs takes a duration such as 30d, or forever, not ''")]
    [InlineData("logs=soon", "--retention logs takes a duration such as 30d, or forever, not 'soon'")]
    [InlineData("log=7d", "--retention knows no 'log'; did you mean logs?")]
    public void A_retention_that_cannot_be_meant_is_an_error(string text, string error) =>
        ServerOptions.Parse(["--task-program", ThisProgram, "--retention", text]).Errors.ShouldHaveSingleItem().ToString().ShouldStartWith(error);

    [Fact]
    public void A_file_gives_options_and_the_command_line_goes_before_it()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, $"state: /srv/convoy\nnodes: 4\ndiskReserve: 4Gi\ntrustTasks: true\nretention: {{logs: 7d, jobs: forever}}\ntaskProgram: {ThisProgram}\n");
        var (options, errors) = ServerOptions.Parse(["--config", file, "--nodes", "2"]);
        errors.ShouldBeEmpty();
        (options!.State, options.Nodes, options.TrustTasks, options.DiskReserve?.Bytes).ShouldBe(("/srv/convoy", 2, true, 4L << 30));
        (options.Retention.Kept[KeptKind.Logs], options.Retention.Kept[KeptKind.Jobs]).ShouldBe((TimeSpan.FromDays(7), null));

        File.WriteAllText(file, "sate: /srv\nnodes: []\ntrustTasks: maybe\n");
        ServerOptions.Parse(["--config", file, "--task-program", ThisProgram]).Errors.ShouldBe(
            [$"{file}:1:1: sate is no option; did you mean state?", $"{file}:2:1: nodes has no value of the right form", $"{file}:3:1: trustTasks is true or false, not 'maybe'"]);
        ServerOptions.Parse(["--config", "/no/such/file", "--task-program", ThisProgram]).Errors.ShouldHaveSingleItem().ToString().ShouldContain("the configuration cannot be read");
        File.Delete(file);
    }

    [Fact]
    public void A_port_that_somebody_has_is_told_in_one_line()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = (IPEndPoint)other.LocalEndpoint;
        ListenAddress.WhyNot(taken)!.ToString().ShouldBe($"error[AddressInUse]: {taken} is in use; stop who uses it, or give another --listen");
        other.Stop();
        ListenAddress.WhyNot(taken).ShouldBeNull();
    }

    [Fact]
    public void An_address_of_another_machine_is_told_in_one_line() =>
        ListenAddress.WhyNot(IPEndPoint.Parse("192.0.2.1:7788"))!.ToString().ShouldStartWith("error[CannotListen]: 192.0.2.1:7788: ");

    [Fact]
    public void Without_a_state_folder_root_keeps_everything_where_tasks_of_other_uids_can_pass()
    {
        Assert.SkipUnless(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("XDG_STATE_HOME")), "XDG_STATE_HOME decides here");
        var (options, _) = ServerOptions.Parse(["--task-program", Environment.ProcessPath!]);
        options!.State.ShouldBe(Environment.IsPrivilegedProcess ? "/var/lib/convoy" : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "convoy"));
    }

    [Fact]
    public void What_the_packaged_configuration_offers_in_comments_is_understood()
    {
        var offered = File.ReadLines(typeof(ServerOptionsTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "PackagedConfiguration").Value!).Where(line => line.Length > 1 && line[0] == '#' && char.IsLetter(line[1])).Select(line => line[1..]).ToArray();
        offered.Length.ShouldBeGreaterThan(5);
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(file, ["state: /var/lib/convoy", .. offered]);
            ServerOptions.Parse(["--config", file, "--task-program", ThisProgram]).Errors.Where(error => !error.ToString().EndsWith("there is no such file", StringComparison.Ordinal)).ShouldBeEmpty();
        }
        finally
        {
            File.Delete(file);
        }
    }
}
