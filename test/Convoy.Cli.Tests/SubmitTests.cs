using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Tests;

public sealed class SubmitTests : IDisposable
{
    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();

    public SubmitTests()
    {
        _server.On("PUT /jobs/*", Views.Job(JobPhase.Pending), WireJson.Default.JobView, 201);
        _server.On($"GET /jobs/{Views.Id}", Views.Job(JobPhase.Running), WireJson.Default.JobView);
        _server.On("GET /whoami", new WhoAmIView("mei", "engineer", false, "1", null), WireJson.Default.WhoAmIView);
        _server.Stream($"GET /jobs/{Views.Id}/logs", Views.Log(0, "1", "trained\n"u8.ToArray()), Views.End(Views.Job(JobPhase.Succeeded)));
        _server.Stream($"GET /jobs/{Views.Id}/events", Views.End(Views.Job(JobPhase.Succeeded)));
        _convoy.Uses(_server);
    }

    [Fact]
    public async Task Flags_become_the_spec()
    {
        var ended = await _convoy.RunAsync(
            "submit", "--gpus", "A100-80G:8", "--nodes", "2..4", "--cpu", "500m", "--memory", "64Gi", "--image", "registry.local/train:1", "--priority", "high", "--framework", "pytorch", "--queue", "q", "--env", "LR=0.1",
            "--max-duration", "4h", "--max-restarts", "2", "--no-code", "--detach", "--", "python", "Train Lanes.py", "--epochs", "3");

        ended.Error.ShouldContain("is submitted to queue mei");
        ended.ExitCode.ShouldBe(0);
        ended.Output.ShouldBe(Views.Id + "\n");
        var spec = Submitted();
        spec.GetProperty("name").GetString().ShouldBe("train-lanes");
        spec.GetProperty("priority").GetString().ShouldBe("high");
        spec.GetProperty("framework").GetString().ShouldBe("pytorch");
        spec.GetProperty("queue").GetString().ShouldBe("q");
        spec.GetProperty("env").GetProperty("LR").GetString().ShouldBe("0.1");
        spec.GetProperty("limits").GetProperty("maxDuration").GetString().ShouldBe("4h");
        spec.GetProperty("roles").GetProperty("worker").GetProperty("image").GetString().ShouldBe("registry.local/train:1");
        spec.GetProperty("recovery").GetProperty("maxRestarts").GetInt32().ShouldBe(2);
        spec.TryGetProperty("code", out _).ShouldBeFalse();
        var worker = spec.GetProperty("roles").GetProperty("worker");
        worker.GetProperty("replicas").GetString().ShouldBe("2..4");
        worker.GetProperty("command").EnumerateArray().Select(word => word.GetString()).ShouldBe(["python", "Train Lanes.py", "--epochs", "3"]);
        worker.GetProperty("resources").GetProperty("gpu").GetInt32().ShouldBe(8);
        worker.GetProperty("resources").GetProperty("accelerators")[0].GetString().ShouldBe("A100-80G");
        worker.GetProperty("resources").GetProperty("memory").GetString().ShouldBe("64Gi");
    }

    [Fact]
    public async Task Plain_submit_prints_the_log_alone_on_standard_output_and_exits_as_the_job()
    {
        var ended = await _convoy.RunAsync("submit", "--no-code", "--", "true");

        ended.ExitCode.ShouldBe(0);
        ended.Output.ShouldBe("trained\n");
    }

    [Fact]
    public async Task In_json_the_final_job_is_on_standard_output_and_the_log_on_standard_error()
    {
        var ended = await _convoy.RunAsync("submit", "--no-code", "-o", "json", "--", "true");

        JsonDocument.Parse(ended.Output).RootElement.GetProperty("phase").GetString().ShouldBe("Succeeded");
        ended.Error.ShouldContain("trained\n");
    }

    [Fact]
    public async Task Wait_prints_no_log()
    {
        var ended = await _convoy.RunAsync("submit", "--no-code", "--wait", "--", "true");

        ended.ExitCode.ShouldBe(0);
        ended.Output.ShouldBe("");
        _server.Seen.ShouldNotContain(request => request.Path.EndsWith("/logs"));
    }

    [Fact]
    public async Task All_problems_of_a_file_are_told_at_once_and_no_server_hears_of_it()
    {
        await File.WriteAllTextAsync(Path.Combine(_convoy.Folder, "job.yaml"), "name: Bad_Name\nrolse: {}\nroles:\n  worker:\n    command: [train]\n    resources: {gpu: -1}\n");

        var ended = await _convoy.RunAsync("submit", "-f", "job.yaml");

        ended.ExitCode.ShouldBe(3);
        ended.Output.ShouldBe("");
        var lines = ended.Error.TrimEnd('\n').Split('\n');
        lines.ShouldContain(line => line.StartsWith("job.yaml:1:7: name: "));
        lines.ShouldContain(line => line.StartsWith("job.yaml:2:1: ") && line.Contains("roles"));
        lines.ShouldContain(line => line.StartsWith("job.yaml:6:"));
        lines[^1].ShouldStartWith("error[InvalidSpec]: ");
        _server.Seen.ShouldBeEmpty();
    }

    [Fact]
    public async Task Flags_override_the_file()
    {
        await File.WriteAllTextAsync(Path.Combine(_convoy.Folder, "job.yaml"), "name: digits\nqueue: a\nroles:\n  worker:\n    replicas: 2\n    command: [train]\n    resources: {gpu: 1}\n");

        (await _convoy.RunAsync("submit", "-f", "job.yaml", "--gpus", "4", "--name", "other", "--detach")).ExitCode.ShouldBe(0);

        var spec = Submitted();
        spec.GetProperty("name").GetString().ShouldBe("other");
        spec.GetProperty("queue").GetString().ShouldBe("a");
        spec.GetProperty("roles").GetProperty("worker").GetProperty("resources").GetProperty("gpu").GetInt32().ShouldBe(4);
        spec.GetProperty("roles").GetProperty("worker").GetProperty("replicas").GetString().ShouldBe("2");
    }

    [Fact]
    public async Task A_home_folder_is_not_sent_by_mistake()
    {
        _convoy.Variables["HOME"] = _convoy.Folder;

        var ended = await _convoy.RunAsync("submit", "--", "true");

        ended.ExitCode.ShouldBe(3);
        ended.Error.ShouldContain("--workdir");
        ended.Error.ShouldContain("--no-code");
        _server.Seen.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_upload_goes_on_where_an_earlier_one_broke_off()
    {
        await File.WriteAllBytesAsync(Path.Combine(_convoy.Folder, "weights.bin"), RandomNumberGenerator.GetBytes(100_000));
        const int kept = 1000;
        var tail = new MemoryStream();
        _server.On("HEAD /code/*", (context, _) =>
        {
            context.Response.StatusCode = 404;
            context.Response.Headers["Upload-Offset"] = kept.ToString(CultureInfo.InvariantCulture);
            context.Response.Close();
            return Task.CompletedTask;
        });
        long total = 0;
        _server.On("PUT /code/*", (context, request) =>
        {
            context.Request.Headers["Upload-Offset"].ShouldBe($"{kept}");
            total = long.Parse(context.Request.Headers["Upload-Length"]!, CultureInfo.InvariantCulture);
            tail.Write(request.Body);
            context.Response.StatusCode = 201;
            context.Response.Close();
            return Task.CompletedTask;
        });

        var ended = await _convoy.RunAsync("submit", "--detach", "--", "true");

        ended.ExitCode.ShouldBe(0);
        ended.Error.ShouldContain("code: 1 file, ");
        tail.Length.ShouldBe(total - kept);
        var hash = _server.Seen.Single(request => request.Method == "PUT" && request.Path.StartsWith("/code/")).Path["/code/".Length..];
        Submitted().GetProperty("code").GetProperty("archive").GetString().ShouldBe(hash);
    }

    [Fact]
    public async Task The_same_key_gives_the_same_id()
    {
        (await _convoy.RunAsync("submit", "--no-code", "--detach", "--idempotency-key", "k1", "--", "true")).ExitCode.ShouldBe(0);

        _server.Seen.Single(request => request.Method == "PUT").Path.ShouldBe($"/jobs/{JobId.FromKey("mei", "k1")}");
    }

    [Fact]
    public async Task A_dry_run_submits_and_uploads_nothing()
    {
        _server.On("POST /jobs:check", new SubmitCheckView(false, "InsufficientResources", "needs 8 GPUs; 4 are free", []), WireJson.Default.SubmitCheckView);

        var ended = await _convoy.RunAsync("submit", "--dry-run", "--", "true");

        ended.ExitCode.ShouldBe(0);
        ended.Output.ShouldContain("InsufficientResources");
        _server.Seen.Select(request => request.Path).ShouldBe(["/jobs:check"]);
    }

    [Fact]
    public async Task A_dry_run_tells_which_jobs_would_have_to_make_way()
    {
        _server.On("POST /jobs:check", new SubmitCheckView(false, "WaitingForPreemption", "2 running jobs make way for it", ["node-0", "node-1"]) { WouldEvict = 2, Victims = [new("j1", "digits", "mei", "intern", 1, 8), new(null, null, null, "intern", 1, 1)] }, WireJson.Default.SubmitCheckView);

        var ended = await _convoy.RunAsync("submit", "--dry-run", "--name", "big", "--", "true");

        ended.ExitCode.ShouldBe(0);
        ended.Output.ShouldBe("job big is valid and would start on node-0, node-1 once 2 running jobs that it evicts have stopped (digits j1 of mei, 8 GPUs, another's job of level intern, 1 GPU); nothing was submitted\n");
    }

    [Fact]
    public async Task A_dry_run_of_a_job_that_would_wait_tells_what_would_start_now()
    {
        var remedy = new RemedyView("Tasks", "owner", "it would start now with 1 task of worker", "--nodes 1", [new ChangeView("roles.worker.replicas", "1")], 0);
        _server.On("POST /jobs:check", new SubmitCheckView(false, "InsufficientResources", "needs 8 GPUs; 4 are free", []) { Remedy = remedy }, WireJson.Default.SubmitCheckView);

        (await _convoy.RunAsync("submit", "--dry-run", "--", "true")).Output.ShouldEndWith("\nto start now: --nodes 1: it would start now with 1 task of worker\n");
    }

    [Fact]
    public async Task The_active_python_goes_with_a_job_of_this_machines_platform()
    {
        _server.On("GET /clusters", new ClusterListView([new ClusterView("local", "local", "Ready", 1, 0, 0, null)], null), WireJson.Default.ClusterListView);
        _convoy.Variables["VIRTUAL_ENV"] = "/venv/mine";

        var ended = await _convoy.RunAsync("submit", "--no-code", "--detach", "--", "true");

        ended.Error.ShouldContain("/venv/mine");
        Submitted().GetProperty("env").GetProperty("VIRTUAL_ENV").GetString().ShouldBe("/venv/mine");
        Submitted().GetProperty("env").TryGetProperty("PATH", out _).ShouldBeTrue();
    }

    public void Dispose()
    {
        _server.Dispose();
        _convoy.Dispose();
    }

    private JsonElement Submitted() =>
        JsonDocument.Parse(_server.Seen.Single(request => request.Method == "PUT" && request.Path.StartsWith("/jobs/")).Body).RootElement.GetProperty("spec");
}
