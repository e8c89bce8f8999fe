using Convoy.Client.Wire;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Clusters.Tests.Kubernetes;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests.Kubernetes;

/// <summary>An API server and a node that really runs pods, for as long as there are tests that want them.</summary>
public sealed class ServerWithNode : IAsyncLifetime
{
    private RealNode? node;

    public RealApiServer Server { get; } = new();

    /// <summary>Why there is none; null where there is.</summary>
    public string? Missing { get; private set; }

    internal RealNode Node => node!;

    public async ValueTask InitializeAsync()
    {
        Missing = RealNode.Missing();
        if (Missing is not null) return;
        await Server.InitializeAsync();
        Missing = Server.Missing;
        if (Missing is null) node = await RealNode.StartAsync(Server, "node-0");
    }

    public async ValueTask DisposeAsync()
    {
        if (node is not null) await node.DisposeAsync();
        await Server.DisposeAsync();
    }
}

/// <summary>Server, agent, API server, kubelet and tasks as processes: nothing is stood in for but the cluster's name server.</summary>
public sealed class RealPodTests(ServerWithNode made) : IClassFixture<ServerWithNode>
{
    private const string Worker = """
        import os, socket, sys, time
        print(open('data/words.txt').read().strip(), 'RANK', os.environ['RANK'], 'MASTER_ADDR', os.environ['MASTER_ADDR'], flush=True)
        leader = (os.environ['MASTER_ADDR'], int(os.environ['MASTER_PORT']))
        if os.environ['RANK'] == '0':
            with socket.create_server(('', leader[1])) as listening:
                peer, _ = listening.accept()
                print(peer.recv(64).decode(), flush=True)
                peer.sendall(b'hello from rank 0')
        else:
            while True:
                try:
                    peer = socket.create_connection(leader)
                    break
                except OSError as e:
                    time.sleep(0.2)
            peer.sendall(b'hello from rank 1')
            print(peer.recv(64).decode(), flush=True)
        """;

    [Fact]
    public async Task A_gang_finds_its_code_and_each_other_in_pods()
    {
        Assert.SkipWhen(made.Missing is not null, made.Missing ?? "");
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, made.Server, "pods", made.Node);
        using var person = new ConvoyCommand(platform);
        Directory.CreateDirectory(Path.Combine(person.Folder, "data"));
        await File.WriteAllTextAsync(Path.Combine(person.Folder, "data", "words.txt"), "words of the code\n");
        await File.WriteAllTextAsync(Path.Combine(person.Folder, "train.py"), Worker);
        var job = await SubmitAsync(person, """
            name: gang
            framework: pytorch
            code: {workdir: .}
            roles:
              worker:
                replicas: 2
                command: [python3, train.py]
                resources: {cpu: 100m, memory: 256Mi}
            """);
        var ended = await platform.UntilFinishedAsync(job, TimeSpan.FromMinutes(3));
        ended.Phase.ShouldBe(JobPhase.Succeeded, $"{ended}\n{cluster.Output}");
        ended.Attempts!.ShouldHaveSingleItem().Tasks.ShouldAllBe(task => task.ExitCode == 0 && task.Node == "node-0" && task.StartedAt >= ended.SubmittedAt.AddSeconds(-2) && task.EndedAt >= task.StartedAt);
        var pods = (await cluster.PodsAsync(job)).OrderBy(pod => pod.Metadata.Labels["convoy.dev/rank"]).ToArray();
        var leader = $"{pods[0].Metadata.Name}.{pods[0].Metadata.Name[..pods[0].Metadata.Name.LastIndexOf('-')]}";
        (await made.Node.LogAsync(pods[0])).ShouldBe($"words of the code RANK 0 MASTER_ADDR {leader}.convoy-admin\nhello from rank 1\n");
        (await made.Node.LogAsync(pods[1])).ShouldBe($"words of the code RANK 1 MASTER_ADDR {leader}.convoy-admin\nhello from rank 0\n");
        (await person.RunAsync("logs", "gang")).Error.ShouldContain("error[NotKept]");
    }

    [Fact]
    public async Task A_task_that_fails_starts_again_as_often_as_its_job_says()
    {
        Assert.SkipWhen(made.Missing is not null, made.Missing ?? "");
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, made.Server, "pods", made.Node);
        using var person = new ConvoyCommand(platform);
        var ended = await RunAsync(platform, person, """
            name: fails
            roles: {worker: {command: [sh, -c, exit 33], resources: {cpu: 100m}}}
            recovery: {maxRestarts: 1, retryExitCodes: [33]}
            """);
        (ended.Phase, ended.Restarts, ended.Attempts!.Count).ShouldBe((JobPhase.Failed, 1, 2), $"{ended}\n{cluster.Output}");
        ended.Attempts.ShouldAllBe(attempt => attempt.Tasks[0].ExitCode == 33);
        (ended.Failure!.Class, ended.Failure.ExitCode).ShouldBe((FailureClass.User, 33));
    }

    [Fact]
    public async Task A_job_whose_code_is_not_there_any_more_says_so()
    {
        Assert.SkipWhen(made.Missing is not null, made.Missing ?? "");
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, made.Server, "pods", made.Node);
        using var person = new ConvoyCommand(platform);
        await platform.Client.PauseAsync(new PauseRequest(), CancellationToken.None);
        var job = await SubmitAsync(person, """
            name: codeless
            code: {workdir: .}
            roles: {worker: {command: [sleep, "0"], resources: {cpu: 100m}}}
            """);
        var archive = (await platform.Client.GetJobAsync(job, CancellationToken.None)).Spec!.Code!.Archive!;
        File.Delete(Directory.GetFiles(platform.State, archive, SearchOption.AllDirectories).ShouldHaveSingleItem());
        await platform.Client.ResumeSchedulingAsync(CancellationToken.None);
        var again = await platform.UntilAsync(job, view => view.Attempts!.Count > 0 && view.Attempts[0].EndedAt is not null);
        again.Attempts![0].Tasks[0].Message?.ToString().ShouldContain("error[NoCode]: the job's code cannot be brought here: the server answered 404", Case.Sensitive, $"{again}\n{cluster.Output}");
        (again.Phase, again.Attempts!.Count).ShouldBe((JobPhase.Failed, 1));
        (await person.RunAsync("get", "codeless")).Output.ShouldContain("the server answered 404");
    }

    [Fact]
    public async Task A_job_whose_image_is_not_to_be_had_can_be_cancelled()
    {
        Assert.SkipWhen(made.Missing is not null, made.Missing ?? "");
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, made.Server, "pods", made.Node);
        using var person = new ConvoyCommand(platform);
        var job = await SubmitAsync(person, """
            name: imageless
            roles: {worker: {image: "127.0.0.1:9/none:1", command: [sleep, "0"], resources: {cpu: 100m}}}
            """);
        await Eventually.HoldsAsync("the kubelet has asked for the image", async () => (await cluster.PodsAsync(job)).Any(pod => pod.Status.ContainerStatuses is [{ State.Waiting.Reason: "ErrImagePull" or "ImagePullBackOff" }]));
        (await platform.Client.GetJobAsync(job, CancellationToken.None)).Phase.ShouldBe(JobPhase.Starting);
        (await person.RunAsync("cancel", "imageless")).ExitCode.ShouldBe(0);
        (await platform.UntilFinishedAsync(job)).Phase.ShouldBe(JobPhase.Cancelled);
        await Eventually.HoldsAsync("the pod is gone", async () => (await cluster.PodsAsync(job)).Count == 0);
    }

    [Fact]
    public async Task A_program_that_is_not_there_fails_with_the_reason_and_has_not_run_since_1970()
    {
        Assert.SkipWhen(made.Missing is not null, made.Missing ?? "");
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, made.Server, "pods", made.Node);
        using var person = new ConvoyCommand(platform);
        var ended = await RunAsync(platform, person, """
            name: nothing
            roles: {worker: {command: [no-such-program], resources: {cpu: 100m}}}
            """);
        (ended.Phase, ended.Failure!.Class).ShouldBe((JobPhase.Failed, FailureClass.User), $"{ended}\n{cluster.Output}");
        ended.Failure.Message!.ToString().ShouldContain("no-such-program");
        ended.Attempts!.ShouldHaveSingleItem().Tasks.ShouldAllBe(task => task.StartedAt >= ended.SubmittedAt.AddSeconds(-2) && task.EndedAt >= task.StartedAt);
    }

    [Fact]
    public async Task A_task_that_takes_more_memory_than_it_asked_for_is_told_so_and_does_not_start_again()
    {
        Assert.SkipWhen(made.Missing is not null, made.Missing ?? "");
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, made.Server, "pods", made.Node);
        using var person = new ConvoyCommand(platform);
        var ended = await RunAsync(platform, person, """
            name: greedy
            roles: {worker: {command: [python3, -c, "x = b'x' * (300 << 20)"], resources: {cpu: 100m, memory: 64Mi}}}
            recovery: {maxRestarts: 3}
            """);
        (ended.Phase, ended.Restarts, ended.Attempts!.Count).ShouldBe((JobPhase.Failed, 0, 1), $"{ended}\n{cluster.Output}");
        (ended.Failure!.Class, ended.Attempts[0].Tasks[0].OutOfMemory, ended.Attempts[0].Tasks[0].ExitCode).ShouldBe((FailureClass.Resource, true, 137));
    }

    [Theory]
    [InlineData("SIGTERM", 15)]
    [InlineData("SIGUSR1", 10)]
    public async Task A_cancelled_task_hears_the_signal_that_its_job_names_and_its_pod_goes(string signal, int number)
    {
        Assert.SkipWhen(made.Missing is not null, made.Missing ?? "");
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, made.Server, "pods", made.Node);
        using var person = new ConvoyCommand(platform);
        var job = await SubmitAsync(person, $$"""
            name: stops
            roles:
              worker:
                command: [python3, -c, "import signal, sys\nfor s in (15, 10): signal.signal(s, lambda heard, _: sys.exit(50 + heard))\nprint('listening', flush=True)\nwhile True: signal.pause()"]
                resources: {cpu: 100m}
            checkpoint: {signal: {{signal}}, grace: 20s}
            """);
        await platform.UntilAsync(job, view => view.Phase == JobPhase.Running);
        var pod = (await cluster.PodsAsync(job)).ShouldHaveSingleItem();
        await Eventually.HoldsAsync("the task listens", async () => await made.Node.LogAsync(pod) == "listening\n");
        (await person.RunAsync("cancel", "stops")).ExitCode.ShouldBe(0);
        var ended = await platform.UntilFinishedAsync(job);
        (ended.Phase, ended.Attempts!.ShouldHaveSingleItem().Tasks[0].ExitCode).ShouldBe((JobPhase.Cancelled, 50 + number), $"{ended}\n{cluster.Output}");
        await Eventually.HoldsAsync("the pod is gone", async () => (await cluster.PodsAsync(job)).Count == 0);
    }

    [Fact]
    public async Task A_task_that_does_not_listen_runs_on_until_its_grace_is_over()
    {
        Assert.SkipWhen(made.Missing is not null, made.Missing ?? "");
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, made.Server, "pods", made.Node);
        using var person = new ConvoyCommand(platform);
        var job = await SubmitAsync(person, """
            name: deaf
            roles: {worker: {command: [sleep, infinity], resources: {cpu: 100m}}}
            checkpoint: {grace: 1s}
            """);
        await platform.UntilAsync(job, view => view.Phase == JobPhase.Running);
        (await person.RunAsync("cancel", "deaf")).ExitCode.ShouldBe(0);
        var ended = await platform.UntilFinishedAsync(job);
        (ended.Phase, ended.Attempts!.ShouldHaveSingleItem().Tasks[0].ExitCode).ShouldBe((JobPhase.Cancelled, 137), $"{ended}\n{cluster.Output}");
    }

    private static async Task<string> SubmitAsync(ConvoyCommand person, string file)
    {
        await File.WriteAllTextAsync(Path.Combine(person.Folder, "job.yaml"), $"{file}\nplacement: {{clusters: [pods]}}\n");
        var submitted = await person.RunAsync("submit", "-f", "job.yaml", "--detach", "-o", "name");
        submitted.ExitCode.ShouldBe(0, submitted.Error);
        return submitted.Output.Trim();
    }

    private static async Task<JobView> RunAsync(RunningPlatform platform, ConvoyCommand person, string file) => await platform.UntilFinishedAsync(await SubmitAsync(person, file), TimeSpan.FromMinutes(3));
}
