using System.Text.Json;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>The command line against a whole platform; its exit codes are a promise to scripts.</summary>
public sealed class CommandLineTests(SharedPlatform shared) : IClassFixture<SharedPlatform>, IDisposable
{
    private readonly RunningPlatform platform = shared.Platform;
    private readonly ConvoyCommand convoy = new(shared.Platform);

    public void Dispose() => convoy.Dispose();

    [Fact]
    public async Task A_job_that_fails_ends_submit_with_100_and_names_rank_code_class_and_restarts()
    {
        var ended = await convoy.RunAsync("submit", "--wait", "-o", "json", "--", "sh", "-c", "echo not on stdout; exit 3");
        ended.ExitCode.ShouldBe(100, ended.Error);
        var job = JsonDocument.Parse(ended.Output).RootElement;
        job.GetProperty("schemaVersion").GetInt32().ShouldBe(1);
        job.GetProperty("phase").GetString().ShouldBe("Failed");
        job.GetProperty("restarts").GetInt32().ShouldBe(0);
        var failure = job.GetProperty("failure");
        failure.GetProperty("rank").GetInt32().ShouldBe(0);
        failure.GetProperty("exitCode").GetInt32().ShouldBe(3);
        failure.GetProperty("class").GetString().ShouldBe("User");
    }

    [Fact]
    public async Task A_job_that_succeeds_ends_submit_with_0_even_from_an_empty_folder()
    {
        var ended = await convoy.RunAsync("submit", "--wait", "--", "true");
        ended.ExitCode.ShouldBe(0, ended.Error);
        ended.Output.ShouldBe("");
    }

    [Fact]
    public async Task Plain_submit_uploads_the_folder_follows_the_log_and_exits_like_the_job()
    {
        await File.WriteAllTextAsync(Path.Combine(convoy.Folder, "train.sh"), "echo trained; exit 4\n");
        var ended = await convoy.RunAsync("submit", "--name", "from-folder", "--", "sh", "train.sh");
        ended.ExitCode.ShouldBe(100, ended.Error);
        ended.Output.ShouldBe("trained\n");
        ended.Error.ShouldContain("1 file");
        var shown = await convoy.RunAsync("get", "from-folder", "-o", "json");
        JsonDocument.Parse(shown.Output).RootElement.GetProperty("failure").GetProperty("exitCode").GetInt32().ShouldBe(4);
        (await convoy.RunAsync("logs", "from-folder")).Output.ShouldBe("trained\n");
    }

    [Fact]
    public async Task What_a_platform_did_can_be_run_again_on_more_machines()
    {
        (await convoy.RunAsync("submit", "--wait", "--", "sleep", "0.2")).ExitCode.ShouldBe(0);

        var ended = await convoy.RunAsync("simulate", "--history", "1h", "--add-nodes", "2xA100:8", "-o", "json");

        ended.ExitCode.ShouldBe(0, ended.Error);
        var figures = JsonDocument.Parse(ended.Output).RootElement;
        figures.GetProperty("jobs").GetInt32().ShouldBeGreaterThan(0);
        figures.GetProperty("completed").GetInt32().ShouldBe(figures.GetProperty("jobs").GetInt32());
    }

    [Fact]
    public async Task A_job_that_is_not_there_is_102()
    {
        var ended = await convoy.RunAsync("get", "nosuch");
        ended.ExitCode.ShouldBe(102);
        ended.Output.ShouldBe("");
        ended.Error.ShouldStartWith("error[NotFound]: ");
        ended.Error.ShouldContain("nosuch");
    }

    [Fact]
    public async Task A_bad_file_is_3_with_every_problem_at_its_place_and_nothing_submitted()
    {
        await File.WriteAllTextAsync(Path.Combine(convoy.Folder, "job.yaml"), """
            name: Not_A_Label
            priorty: high
            roles:
              worker:
                replicas: 0
                command: []
                resources: {gpu: many}
            env: {CONVOY_X: "1"}
            """);
        var before = await CountAsync();
        var ended = await convoy.RunAsync("submit", "-f", "job.yaml");
        ended.ExitCode.ShouldBe(3, ended.Error);
        ended.Output.ShouldBe("");
        ended.Error.ShouldContain("job.yaml:2:1: priorty");
        ended.Error.ShouldContain("priority");
        ended.Error.ShouldContain("job.yaml:7:22: roles.worker.resources.gpu");
        ended.Error.ShouldContain("error[InvalidSpec]");
        (await CountAsync()).ShouldBe(before);

        await File.WriteAllTextAsync(Path.Combine(convoy.Folder, "job.yaml"), """
            name: Not_A_Label
            roles:
              worker:
                replicas: 0
                command: []
            env: {CONVOY_X: "1"}
            """);
        ended = await convoy.RunAsync("submit", "-f", "job.yaml");
        ended.ExitCode.ShouldBe(3, ended.Error);
        foreach (var problem in new[] { "job.yaml:1:7: name:", "job.yaml:4:15: roles.worker.replicas:", "job.yaml:5:14: roles.worker.command:", "job.yaml:6:17: env.CONVOY_X:" }) ended.Error.ShouldContain(problem);
        (await CountAsync()).ShouldBe(before);

        async Task<int> CountAsync() => (await platform.Client.ListJobsAsync(new Client.JobQuery { All = true, Name = "Not_A_Label" }, CancellationToken.None)).Items.Count;
    }

    [Fact]
    public async Task A_wrong_flag_is_2_and_the_nearest_right_one_is_named()
    {
        var ended = await convoy.RunAsync("submit", "--gpu", "1", "--", "true");
        ended.ExitCode.ShouldBe(2);
        ended.Error.ShouldContain("did you mean --gpus?");
        ended.Output.ShouldBe("");
    }

    [Fact]
    public async Task A_job_that_can_never_start_is_3_with_numbers()
    {
        var ended = await convoy.RunAsync("submit", "--gpus", "8", "--nodes", "3", "--", "true");
        ended.ExitCode.ShouldBe(3);
        ended.Error.ShouldContain("error[Infeasible]: ");
        ended.Error.ShouldContain("needs 3 tasks of 8 GPUs; cluster local has 2 nodes of 8 GPUs");
    }

    [Fact]
    public async Task A_server_that_is_down_is_6()
    {
        // Nothing listens on the discard port.
        using var lost = new ConvoyCommand(new Uri("http://127.0.0.1:9"), "cvy_1_x");
        foreach (var arguments in new string[][] { ["list"], ["get", "x"], ["submit", "--wait", "--", "true"], ["queue"], ["whoami"] })
        {
            var ended = await lost.RunAsync(arguments);
            ended.ExitCode.ShouldBe(6, ended.Error);
            ended.Output.ShouldBe("");
            ended.Error.ShouldContain("error[ServerUnreachable]: ");
            ended.Error.ShouldContain("127.0.0.1:9");
        }
    }

    [Fact]
    public async Task A_wrong_token_is_4()
    {
        using var stranger = new ConvoyCommand(platform.Url, $"cvy_nosuch_{new string('0', 64)}");
        var ended = await stranger.RunAsync("list");
        ended.ExitCode.ShouldBe(4, ended.Error);
    }

    [Fact]
    public async Task The_same_key_is_the_same_job_and_another_body_a_conflict()
    {
        string[] submission = ["submit", "--detach", "--no-code", "--idempotency-key", "nightly", "-o", "name"];
        var first = await convoy.RunAsync([.. submission, "--", "true"]);
        first.ExitCode.ShouldBe(0, first.Error);
        first.Output.Trim().ShouldBe(JobId.FromKey("admin", "nightly").Value);
        (await convoy.RunAsync([.. submission, "--", "true"])).Output.ShouldBe(first.Output);
        var other = await convoy.RunAsync([.. submission, "--", "false"]);
        other.ExitCode.ShouldBe(7);
        other.Error.ShouldContain("error[IdempotencyConflict]");
        (await convoy.RunAsync("wait", first.Output.Trim())).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Waiting_ends_with_101_when_the_time_is_up_and_with_103_for_a_cancelled_job()
    {
        var job = await platform.SubmitAsync(Jobs.Shell("endless", "while true; do sleep 0.2; done"));
        (await convoy.RunAsync("wait", job.Id, "--timeout", "1s")).ExitCode.ShouldBe(101);
        (await convoy.RunAsync("cancel", "endless")).ExitCode.ShouldBe(0);
        (await convoy.RunAsync("wait", job.Id)).ExitCode.ShouldBe(103);
    }
}

/// <summary>For tests that leave each other alone.</summary>
public sealed class SharedPlatform : IAsyncLifetime
{
    public RunningPlatform Platform { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Platform = await RunningPlatform.StartAsync(nodes: 2, gpus: 8);

    public async ValueTask DisposeAsync()
    {
        if (Platform is not null) await Platform.DisposeAsync();
    }
}
