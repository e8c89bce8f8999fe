using System.Text;
using Convoy.Client;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Clusters.Tests.Kubernetes;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests.Kubernetes;

/// <summary>Two API servers, for as long as there are tests that want them.</summary>
public sealed class TwoApiServers : IAsyncLifetime
{
    public RealApiServer First { get; } = new();

    public RealApiServer Second { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await First.InitializeAsync();
        await Second.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await First.DisposeAsync();
        await Second.DisposeAsync();
    }
}

/// <summary>Server, agents and API servers as processes; nodes and kubelets are stood in for.</summary>
public sealed class KubernetesTests(TwoApiServers servers) : IClassFixture<TwoApiServers>
{
    [Fact]
    public async Task A_job_for_any_cluster_runs_on_the_one_that_has_room_and_the_commands_are_those_of_every_cluster()
    {
        SkipWithout(servers);
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var small = await JoinedCluster.JoinAsync(platform, servers.First, "small", nodes: 2);
        await using var large = await JoinedCluster.JoinAsync(platform, servers.Second, "large", nodes: 3);
        using var person = new ConvoyCommand(platform);
        var submitted = await person.RunAsync("submit", "--name", "big", "--gpus", "8", "--nodes", "3", "--detach", "-o", "name", "--", "sleep", "infinity");
        submitted.ExitCode.ShouldBe(0, submitted.Error);
        var job = submitted.Output.Trim();
        await platform.UntilAsync(job, view => view.Phase == JobPhase.Running);
        (await small.PodsAsync(job)).ShouldBeEmpty();
        (await large.BoundAsync(job)).Count.ShouldBe(3);
        (await person.RunAsync("list", "-o", "wide")).Output.ShouldContain("large-0");
        (await person.RunAsync("cancel", "big")).ExitCode.ShouldBe(0);
        (await platform.UntilFinishedAsync(job)).Phase.ShouldBe(JobPhase.Cancelled);
        (await large.BoundAsync(job)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_gang_that_does_not_fit_binds_no_pod_and_all_of_them_once_it_does()
    {
        SkipWithout(servers);
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, servers.First, "gpu", nodes: 3);
        var first = await platform.SubmitAsync(Jobs.Shell("first", "sleep infinity", tasks: 1, gpus: 8));
        await platform.UntilAsync(first.Id, view => view.Phase == JobPhase.Running);
        var gang = await platform.SubmitAsync(Jobs.Shell("gang", "sleep infinity", tasks: 3, gpus: 8));
        await platform.UntilAsync(gang.Id, view => view is { Phase: JobPhase.Pending, Reason: "InsufficientResources" });
        (await cluster.PodsAsync(gang.Id)).ShouldBeEmpty();
        cluster.Kubelet.End(JobId.Parse(first.Id), 0, 0);
        await platform.UntilAsync(gang.Id, view => view.Phase == JobPhase.Running);
        (await cluster.BoundAsync(gang.Id)).Select(pod => pod.Spec.NodeName).Distinct().Count().ShouldBe(3);
        (await platform.UntilFinishedAsync(first.Id)).Phase.ShouldBe(JobPhase.Succeeded);
    }

    [Fact]
    public async Task A_pod_deleted_by_hand_restarts_the_gang_once_and_an_unhealthy_node_gets_none_of_it()
    {
        SkipWithout(servers);
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, servers.First, "gpu", nodes: 3);
        var job = await platform.SubmitAsync(Jobs.Shell("gang", "sleep infinity", tasks: 2, gpus: 8));
        await platform.UntilAsync(job.Id, view => view.Phase == JobPhase.Running);
        var pods = await cluster.BoundAsync(job.Id);
        await StandInNodes.SetAsync(cluster.Api, pods[0].Spec.NodeName!, 8, isReady: false);
        await Eventually.HoldsAsync("the server knows that the node is not ready", async () =>
            (await platform.Client.ListNodesAsync(null, null, CancellationToken.None)).Items.Any(node => node.Name == pods[0].Spec.NodeName && node.Health != Core.Scheduling.NodeHealth.Ready));
        await cluster.Api.DeleteAsync($"/api/v1/namespaces/{pods[0].Metadata.Namespace}/pods/{pods[0].Metadata.Name}", null, CancellationToken.None);
        var again = await platform.UntilAsync(job.Id, view => view.Phase == JobPhase.Running && view.Attempts!.Count == 2);
        var second = await cluster.BoundAsync(job.Id);
        second.Count.ShouldBe(2);
        second.Select(pod => pod.Spec.NodeName).ShouldNotContain(pods[0].Spec.NodeName);
        await Task.Delay(2000);
        (await platform.Client.GetJobAsync(job.Id, CancellationToken.None)).Attempts!.Count.ShouldBe(2);
        cluster.Kubelet.AllStarts.Where(start => start.Job.Value == job.Id).ShouldAllBe(start => start.Times == 2);
    }

    [Fact]
    public async Task An_agent_killed_twenty_times_among_two_hundred_submissions_makes_two_hundred_gangs_none_partial_and_none_twice()
    {
        const int Submissions = 200;
        SkipWithout(servers);
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, servers.First, "gpu", nodes: 100);
        var jobs = new List<string>();
        for (var i = 0; i < Submissions; i++)
        {
            jobs.Add((await platform.SubmitAsync(Jobs.Shell($"gang-{i}", "sleep infinity", tasks: 2, gpus: 1))).Id);
            if (i % 10 != 5) continue;
            await Task.Delay(100);
            await cluster.KillAgentAsync();
            cluster.StartAgent();
        }

        foreach (var job in jobs) await platform.UntilAsync(job, view => view.Phase == JobPhase.Running, TimeSpan.FromMinutes(3));
        var pods = await cluster.PodsAsync();
        pods.Count.ShouldBe(2 * Submissions);
        pods.GroupBy(pod => pod.Metadata.Labels["convoy.dev/job-id"]).ShouldAllBe(gang => gang.Count(pod => pod.IsBound) == 2);
        cluster.Kubelet.AllStarts.ShouldAllBe(start => start.Times == 1);
        cluster.Kubelet.AllStarts.Count().ShouldBe(2 * Submissions);
    }

    [Fact]
    public async Task Pods_of_another_operator_are_followed_to_their_end_by_the_next_agent()
    {
        SkipWithout(servers);
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, servers.First, "gpu", nodes: 2);
        var owner = (await platform.Client.WhoAmIAsync(CancellationToken.None)).Name;
        await cluster.Api.ApplyAsync("/api/v1/namespaces/rays", Encoding.UTF8.GetBytes($$$$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"rays","annotations":{"convoy.dev/owner":"{{{{owner}}}}"}}}"""), CancellationToken.None);
        const string Pod = """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"ray"},"spec":{"schedulerName":"convoy","containers":[{"name":"main","image":"image","resources":{"limits":{"nvidia.com/gpu":"8"}}}]}}""";
        await cluster.Api.PostAsync("/api/v1/namespaces/rays/pods", Encoding.UTF8.GetBytes(Pod), ApiJson.Default.PodObject, CancellationToken.None);
        var job = "";
        await Eventually.HoldsAsync("the pod is a job that runs", async () =>
        {
            var running = await platform.Client.ListJobsAsync(new JobQuery { All = true, Phase = JobPhase.Running }, CancellationToken.None);
            job = running.Items is [var only] ? only.Id : "";
            return job.Length > 0;
        });
        await cluster.KillAgentAsync();
        cluster.StartAgent();
        await Task.Delay(TimeSpan.FromSeconds(5));
        cluster.Kubelet.EndPod("ray", 0);
        (await platform.UntilFinishedAsync(job)).Phase.ShouldBe(JobPhase.Succeeded);
        (await platform.Client.GetJobAsync(job, CancellationToken.None)).Attempts!.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Of_two_agents_one_acts_and_the_other_takes_over_when_it_is_killed()
    {
        SkipWithout(servers);
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, servers.First, "gpu", nodes: 3);
        await cluster.KillAgentAsync();
        using var first = cluster.NewAgent();
        var before = await platform.SubmitAsync(Jobs.Shell("before", "sleep infinity", tasks: 2, gpus: 8));
        await platform.UntilAsync(before.Id, view => view.Phase == JobPhase.Running, TimeSpan.FromMinutes(1));
        using var second = cluster.NewAgent();
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(5));
            (first.HasExited, second.HasExited).ShouldBe((false, false), cluster.Output);
            first.Kill();
            await first.WaitForExitAsync();
            var after = await platform.SubmitAsync(Jobs.Shell("after", "sleep infinity", tasks: 1, gpus: 8));
            await platform.UntilAsync(after.Id, view => view.Phase == JobPhase.Running, TimeSpan.FromMinutes(2));
            (await platform.Client.GetJobAsync(before.Id, CancellationToken.None)).Attempts!.Count.ShouldBe(1);
            cluster.Kubelet.AllStarts.ShouldAllBe(start => start.Times == 1);

            // What is cancelled goes, too: the next one does all that the first did.
            await platform.CancelAllAsync();
            await platform.UntilFinishedAsync(before.Id);
            await platform.UntilFinishedAsync(after.Id);
        }
        finally
        {
            if (!first.HasExited) first.Kill();
            second.Kill();
            await second.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task While_the_api_server_is_away_jobs_go_on_and_nothing_is_made_again_when_it_comes_back()
    {
        SkipWithout(servers);
        await using var platform = await RunningPlatform.StartAsync(nodes: 1, gpus: 0);
        await using var cluster = await JoinedCluster.JoinAsync(platform, servers.First, "gpu", nodes: 3);
        var job = await platform.SubmitAsync(Jobs.Shell("gang", "sleep infinity", tasks: 2, gpus: 8));
        await platform.UntilAsync(job.Id, view => view.Phase == JobPhase.Running);
        var before = (await cluster.PodsAsync()).Select(pod => pod.Metadata.Uid).Order().ToArray();
        servers.First.KillServer();
        await Task.Delay(TimeSpan.FromSeconds(60));
        (await platform.Client.GetJobAsync(job.Id, CancellationToken.None)).Phase.ShouldBe(JobPhase.Running);
        await servers.First.StartServerAsync();
        var next = await platform.SubmitAsync(Jobs.Shell("next", "sleep infinity", tasks: 1, gpus: 8));
        await platform.UntilAsync(next.Id, view => view.Phase == JobPhase.Running, TimeSpan.FromMinutes(3));
        (await cluster.PodsAsync(job.Id)).Select(pod => pod.Metadata.Uid).Order().ShouldBe(before);
        (await platform.Client.GetJobAsync(job.Id, CancellationToken.None)).Attempts!.Count.ShouldBe(1);
    }

    private static void SkipWithout(TwoApiServers servers)
    {
        Assert.SkipWhen(servers.First.Missing is not null, servers.First.Missing ?? "");
        Assert.SkipWhen(servers.First.Version.CompareTo((1, 30)) < 0, $"the API server here is {servers.First.Version.Major}.{servers.First.Version.Minor}; the whole is supported, and shown, from Kubernetes 1.30 on");
    }
}
