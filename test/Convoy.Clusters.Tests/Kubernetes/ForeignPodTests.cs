using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Convoy.Clusters.Kubernetes;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Clusters.Tests.Kubernetes;

/// <summary>Pods of other operators that ask for Convoy's scheduler.</summary>
public abstract class ForeignPodTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private protected abstract Task<KubernetesBed> MakeBedAsync();

    [Fact]
    public async Task A_group_is_asked_for_once_it_is_whole_and_its_pods_go_where_they_are_sent_together()
    {
        await using var bed = await MakeBedAsync();
        await TrainingJobDeskTests.MakeNamespaceAsync(bed, "rays", "rosa");
        var cluster = await bed.OpenAsync();
        var requests = (IClusterRequests)((PatientCluster)cluster).Inner;
        await MakePodAsync(bed, "ray-0", "ray", size: 2);
        await Task.Delay(300);
        (await TrainingJobDeskTests.AskedAsync(requests)).ShouldBeEmpty("half a group is none");
        await MakePodAsync(bed, "ray-1", "ray", size: 2);
        var request = await TrainingJobDeskTests.UntilPendingAsync(requests);
        request.Owner.ShouldBe("rosa");
        request.Spec!.Roles["worker"].Replicas.ShouldBe(new Replicas(2, 2));
        request.Spec.Roles["worker"].Resources.Gpu.ShouldBe(1);
        request.Spec.Pods!.Requirements["worker"].AnyOf.ShouldHaveSingleItem().ShouldHaveSingleItem().ShouldBe(new LabelExpression("disk", LabelOperator.In, ["fast"]));

        var wish = await TakenAsync(cluster, requests, request);
        await cluster.UntilRunningAsync(wish);
        bed.Kubelet.Pods.Select(pod => (pod.Metadata.Name, pod.Spec.NodeName)).Order().ShouldBe([("ray-0", "node-0"), ("ray-1", "node-1")]);
        bed.Kubelet.EndPod("ray-0", 0);
        bed.Kubelet.EndPod("ray-1", 0);
        var seen = await cluster.UntilEndedAsync(wish);
        seen.EndOf(wish, 1)!.Outcome!.IsSuccess.ShouldBeTrue();
        (await TrainingJobDeskTests.AskedAsync(requests)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_group_that_loses_a_pod_while_it_waits_is_withdrawn_and_asked_for_anew_when_it_is_whole_again()
    {
        await using var bed = await MakeBedAsync();
        await TrainingJobDeskTests.MakeNamespaceAsync(bed, "rays", "rosa");
        var requests = (IClusterRequests)((PatientCluster)await bed.OpenAsync()).Inner;
        await MakePodAsync(bed, "ray-0", "ray", size: 2);
        await MakePodAsync(bed, "ray-1", "ray", size: 2);
        var request = await TrainingJobDeskTests.UntilPendingAsync(requests);
        var job = JobId.FromKey("local", request.Key);
        await requests.AnswerAsync([new RequestAnswer(request.Key, RequestKind.Submit, job, null, null, Retry: false)], CancellationToken.None);
        await bed.Admin.DeleteAsync("/api/v1/namespaces/rays/pods/ray-1", null, CancellationToken.None);
        var cancel = await TrainingJobDeskTests.UntilPendingAsync(requests);
        (cancel.Kind, cancel.Job).ShouldBe((RequestKind.Cancel, job));
        await requests.AnswerAsync([new RequestAnswer(cancel.Key, RequestKind.Cancel, job, null, null, Retry: false)], CancellationToken.None);
        (await TrainingJobDeskTests.AskedAsync(requests)).ShouldBeEmpty();
        await MakePodAsync(bed, "ray-1", "ray", size: 2);
        (await TrainingJobDeskTests.UntilPendingAsync(requests)).Kind.ShouldBe(RequestKind.Submit);
    }

    [Fact]
    public async Task One_that_is_stopped_is_evicted_and_one_whose_nodes_are_taken_meanwhile_keeps_waiting_unharmed()
    {
        await using var bed = await MakeBedAsync();
        await TrainingJobDeskTests.MakeNamespaceAsync(bed, "rays", "rosa");
        var cluster = await bed.OpenAsync(nodes: 2, devicesPerNode: 1);
        var requests = (IClusterRequests)((PatientCluster)cluster).Inner;
        await MakePodAsync(bed, "alone", null, null);
        var request = await TrainingJobDeskTests.UntilPendingAsync(requests);
        var wish = await TakenAsync(cluster, requests, request);
        await cluster.UntilRunningAsync(wish);

        // The device is held now: the next is refused there, before anything happens to it.
        await MakePodAsync(bed, "second", null, null);
        var next = await TrainingJobDeskTests.UntilPendingAsync(requests);
        var job = JobId.FromKey("local", next.Key);
        await requests.AnswerAsync([new RequestAnswer(next.Key, RequestKind.Submit, job, null, null, Retry: false)], CancellationToken.None);
        var refusal = (await cluster.ApplyAsync([Wish(next, job)], CancellationToken.None)).ShouldHaveSingleItem();
        refusal.Permanent.ShouldBeTrue();
        refusal.Reason.ShouldContain("nvidia.com/gpu");

        await cluster.ApplyAsync(wish.Stopped());
        (await cluster.UntilEndedAsync(wish)).EndOf(wish, 0)!.Outcome!.Stopped.ShouldBeTrue();
        bed.Kubelet.Pods.Select(pod => pod.Metadata.Name).ShouldContain("second");
    }

    [Fact]
    public async Task Pods_that_come_again_under_the_same_names_are_asked_for_though_the_server_stops_the_job_of_the_first_ones_late()
    {
        await using var bed = await MakeBedAsync();
        await TrainingJobDeskTests.MakeNamespaceAsync(bed, "rays", "rosa");
        var cluster = await bed.OpenAsync();
        var requests = (IClusterRequests)((PatientCluster)cluster).Inner;
        await MakePodAsync(bed, "alone", null, null);
        var first = await TrainingJobDeskTests.UntilPendingAsync(requests);
        var wish = await TakenAsync(cluster, requests, first);
        await cluster.UntilRunningAsync(wish);
        await bed.Admin.DeleteAsync("/api/v1/namespaces/rays/pods/alone", null, CancellationToken.None);
        await cluster.UntilEndedAsync(wish);
        var cancel = await TrainingJobDeskTests.UntilPendingAsync(requests);
        cancel.Kind.ShouldBe(RequestKind.Cancel);
        await MakePodAsync(bed, "alone", null, null);
        await cluster.ApplyAsync(wish.Stopped());
        await requests.AnswerAsync([new RequestAnswer(cancel.Key, RequestKind.Cancel, cancel.Job, null, null, Retry: false)], CancellationToken.None);
        var second = await TrainingJobDeskTests.UntilPendingAsync(requests);

        // It is a level: what was answered too early is asked once more.
        while (second.Kind == RequestKind.Cancel)
        {
            await requests.AnswerAsync([new RequestAnswer(second.Key, RequestKind.Cancel, second.Job, null, null, Retry: false)], CancellationToken.None);
            second = await TrainingJobDeskTests.UntilPendingAsync(requests);
        }

        second.Kind.ShouldBe(RequestKind.Submit);
        second.Key.ShouldNotBe(first.Key);
    }

    [Fact]
    public async Task A_life_that_knows_nothing_of_bound_pods_takes_them_up_when_it_is_told()
    {
        await using var bed = await MakeBedAsync();
        await TrainingJobDeskTests.MakeNamespaceAsync(bed, "rays", "rosa");
        var cluster = await bed.OpenAsync(nodes: 2, devicesPerNode: 1);
        var requests = (IClusterRequests)((PatientCluster)cluster).Inner;
        await MakePodAsync(bed, "ray-0", "ray", size: 2);
        await MakePodAsync(bed, "ray-1", "ray", size: 2);
        var wish = await TakenAsync(cluster, requests, await TrainingJobDeskTests.UntilPendingAsync(requests));
        await cluster.UntilRunningAsync(wish);
        cluster = await bed.OpenAsync(nodes: 2, devicesPerNode: 1);
        requests = (IClusterRequests)((PatientCluster)cluster).Inner;
        (await TrainingJobDeskTests.AskedAsync(requests)).ShouldBeEmpty();
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        bed.Kubelet.EndPod("ray-0", 3);
        (await cluster.UntilAsync("one failed", seen => seen.EndOf(wish, 0) is not null)).EndOf(wish, 0)!.Outcome!.Code.ShouldBe(3);
    }

    [Fact]
    public async Task What_became_of_pods_while_no_agent_looked_is_told_by_the_next()
    {
        await using var bed = await MakeBedAsync();
        await TrainingJobDeskTests.MakeNamespaceAsync(bed, "rays", "rosa");
        var cluster = await bed.OpenAsync();
        var requests = (IClusterRequests)((PatientCluster)cluster).Inner;
        await MakePodAsync(bed, "ray-0", "ray", size: 2);
        await MakePodAsync(bed, "ray-1", "ray", size: 2);
        var wish = await TakenAsync(cluster, requests, await TrainingJobDeskTests.UntilPendingAsync(requests));
        await cluster.UntilRunningAsync(wish);
        await bed.CloseAsync();
        bed.Kubelet.EndPod("ray-0", 0);
        await bed.Admin.DeleteAsync("/api/v1/namespaces/rays/pods/ray-1", null, CancellationToken.None);
        using (var deadline = new CancellationTokenSource(Patience))
        {
            while (bed.Kubelet.Pods.Any(pod => pod.Metadata.Name == "ray-1" || pod is { Metadata.Name: "ray-0", IsTerminal: false })) await Task.Delay(20, deadline.Token);
        }

        cluster = await bed.OpenAsync();
        await cluster.ApplyAsync(wish);
        var seen = await cluster.UntilEndedAsync(wish);
        (seen.EndOf(wish, 0)!.Outcome!.IsSuccess, seen.EndOf(wish, 1)!.State).ShouldBe((true, TaskState.Lost));
    }

    [Fact]
    public async Task Pods_of_a_group_that_waits_are_told_why_and_one_that_was_refused_is_asked_for_again()
    {
        await using var bed = await MakeBedAsync();
        await TrainingJobDeskTests.MakeNamespaceAsync(bed, "rays", "rosa");
        var requests = (IClusterRequests)((PatientCluster)await bed.OpenAsync()).Inner;
        await MakePodAsync(bed, "ray-0", "ray", size: 2);
        await MakePodAsync(bed, "ray-1", "ray", size: 2);
        var request = await TrainingJobDeskTests.UntilPendingAsync(requests);
        await requests.AnswerAsync([new RequestAnswer(request.Key, RequestKind.Submit, null, "OverCap", "rosa may have 2 jobs, and has them", Retry: false)], CancellationToken.None);
        (await EventsAsync(bed, "ray-", 2)).Select(one => ((string?)one["involvedObject"]!["name"], (string?)one["reason"], (string?)one["message"])).Order()
            .ShouldBe([("ray-0", "FailedScheduling", "OverCap: rosa may have 2 jobs, and has them"), ("ray-1", "FailedScheduling", "OverCap: rosa may have 2 jobs, and has them")]);

        var again = await TrainingJobDeskTests.UntilPendingAsync(requests);
        (again.Key, again.Kind).ShouldBe((request.Key, RequestKind.Submit));
        var job = JobId.FromKey("local", request.Key);
        await requests.AnswerAsync([new RequestAnswer(request.Key, RequestKind.Submit, job, null, null, Retry: false)], CancellationToken.None);
        var look = await TrainingJobDeskTests.UntilLookAsync(requests);
        var standing = new RequestAnswer(look.Key, RequestKind.Look, job, null, null, Retry: false, new JobStanding(JobPhase.Pending, "ExceedsQueueQuota", "the queue has 8 GPUs left of 16"));
        await requests.AnswerAsync([standing], CancellationToken.None);
        await requests.AnswerAsync([standing with { Standing = standing.Standing! with { Message = "the queue has 9 GPUs left of 16" } }], CancellationToken.None);
        (await EventsAsync(bed, "ray-", 4)).Select(one => (string?)one["message"]).Distinct().Order().ShouldBe(["ExceedsQueueQuota: the queue has 8 GPUs left of 16", "OverCap: rosa may have 2 jobs, and has them"]);
    }

    [Fact]
    public async Task Pods_in_nobodys_namespace_are_told_so_and_asked_for_when_it_is_somebodys()
    {
        await using var bed = await MakeBedAsync();
        await TrainingJobDeskTests.MakeNamespaceAsync(bed, "rays", null);
        var requests = (IClusterRequests)((PatientCluster)await bed.OpenAsync()).Inner;
        await MakePodAsync(bed, "alone", null, null);
        ((string?)(await EventsAsync(bed, "alone", 1))[0]["message"])!.ShouldStartWith("NoOwner: namespace rays belongs to nobody");
        await TrainingJobDeskTests.MakeNamespaceAsync(bed, "rays", "rosa");
        (await TrainingJobDeskTests.UntilPendingAsync(requests)).Owner.ShouldBe("rosa");
    }

    [Fact]
    public async Task Half_a_group_is_told_how_many_pods_it_waits_for()
    {
        await using var bed = await MakeBedAsync();
        await TrainingJobDeskTests.MakeNamespaceAsync(bed, "rays", "rosa");
        var requests = (IClusterRequests)((PatientCluster)await bed.OpenAsync()).Inner;
        await MakePodAsync(bed, "half-0", "half", size: 3);
        await requests.PendingAsync(10, CancellationToken.None);
        using var looking = new CancellationTokenSource(Patience);
        var events = EventsAsync(bed, "half-", 1);
        while (!events.IsCompleted)
        {
            await Task.Delay(100, looking.Token);
            (await TrainingJobDeskTests.AskedAsync(requests)).ShouldBeEmpty();
        }

        ((string?)(await events)[0]["message"]).ShouldBe("Incomplete: pod group half has 1 of 3 pods");
    }

    private static async Task<IReadOnlyList<JsonObject>> EventsAsync(KubernetesBed bed, string pods, int count)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            var list = await bed.Admin.GetAsync("/api/v1/namespaces/rays/events", ApiJson.Default.JsonObject, deadline.Token);
            var events = list["items"]!.AsArray().Select(one => one!.AsObject()).Where(one => (string?)one["source"]?["component"] == "convoy" && ((string?)one["involvedObject"]!["name"])!.StartsWith(pods, StringComparison.Ordinal)).ToArray();
            if (events.Length >= count) return events;
            await Task.Delay(50, deadline.Token);
        }
    }

    private static async Task<ClusterAssignment> TakenAsync(ICluster cluster, IClusterRequests requests, ClusterRequest request)
    {
        var job = JobId.FromKey("local", request.Key);
        await requests.AnswerAsync([new RequestAnswer(request.Key, RequestKind.Submit, job, null, null, Retry: false)], CancellationToken.None);
        var wish = Wish(request, job);
        await cluster.ApplyAsync(wish);
        return wish;
    }

    private static ClusterAssignment Wish(ClusterRequest request, JobId job)
    {
        var run = Wishes.Run(["x"], tasks: request.Spec!.Roles["worker"].Replicas.Min);
        return run with { Assignment = run.Assignment with { JobId = job, Owner = request.Owner, Spec = request.Spec } };
    }

    private static async Task MakePodAsync(KubernetesBed bed, string name, string? group, int? size)
    {
        var labels = new JsonObject();
        if (group is not null) labels["convoy.dev/pod-group"] = group;
        if (size is { } count) labels["convoy.dev/pod-group-size"] = count.ToString(CultureInfo.InvariantCulture);
        var pod = new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "rays", ["labels"] = labels },
            ["spec"] = new JsonObject
            {
                ["schedulerName"] = "convoy", ["nodeSelector"] = new JsonObject { ["disk"] = "fast" },
                ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "image", ["resources"] = new JsonObject { ["limits"] = new JsonObject { ["nvidia.com/gpu"] = "1" } } }),
            },
        };
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                await bed.Admin.PostAsync("/api/v1/namespaces/rays/pods", Encoding.UTF8.GetBytes(pod.ToJsonString()), deadline.Token);
                return;
            }
            catch (ApiException e) when (e.IsConflict)
            {
                await Task.Delay(20, deadline.Token);
            }
        }
    }
}

public sealed class ForeignPodsOnTheDouble : ForeignPodTests
{
    private protected override Task<KubernetesBed> MakeBedAsync() => Task.FromResult(Doubles.Sound());
}

public sealed class ForeignPodsOnAnOldDouble : ForeignPodTests
{
    private protected override Task<KubernetesBed> MakeBedAsync() => Task.FromResult(Doubles.Old());
}

[Collection(KubernetesWorld.Name)]
public sealed class ForeignPodsOnKubernetes(RealApiServer server) : ForeignPodTests
{
    private protected override Task<KubernetesBed> MakeBedAsync() => KubernetesContract.BedOnAsync(server);
}
