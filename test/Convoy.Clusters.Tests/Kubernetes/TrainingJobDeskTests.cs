using System.Text;
using System.Text.Json.Nodes;
using Convoy.Clusters.Kubernetes;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Tests.Kubernetes;

/// <summary>TrainingJobs made with kubectl, against an API server.</summary>
public abstract class TrainingJobDeskTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private protected abstract Task<KubernetesBed> MakeBedAsync();

    [Fact]
    public async Task What_somebody_makes_is_asked_for_its_namespaces_owner_and_gets_the_answer_and_then_its_machines()
    {
        await using var bed = await MakeBedAsync();
        await MakeNamespaceAsync(bed, "alices", "Alice Ägypten");
        var cluster = await bed.OpenAsync();
        var requests = (IClusterRequests)((PatientCluster)cluster).Inner;
        await MakeJobAsync(bed, "alices", "digits", new JsonObject());
        var request = await UntilPendingAsync(requests);
        request.Kind.ShouldBe(RequestKind.Submit);
        request.Owner.ShouldBe("Alice Ägypten");
        request.Spec!.Name.ShouldBe("digits");

        var id = JobId.FromKey("local", request.Key);
        await requests.AnswerAsync([new RequestAnswer(request.Key, RequestKind.Submit, id, null, null, Retry: false)], CancellationToken.None);
        (await AskedAsync(requests)).ShouldBeEmpty();
        (await StatusAsync(bed, "alices", "digits", status => (string?)status["phase"] == "Pending"))["jobId"]!.GetValue<string>().ShouldBe(id.Value);

        var wish = Wishes.Run(bed.Waiting, tasks: 2) is var run ? run with { Assignment = run.Assignment with { JobId = id, Owner = request.Owner, Spec = request.Spec } } : null!;
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        bed.Kubelet.Pods.Count(pod => pod.Metadata.Namespace == "alices").ShouldBe(2);
        (await StatusAsync(bed, "alices", "digits", status => (string?)status["phase"] == "Running"))["gang"]!.GetValue<string>().ShouldBe("2/2");
    }

    [Fact]
    public async Task What_is_no_job_or_in_nobodys_namespace_is_told_so_in_the_object_and_asked_of_nobody()
    {
        await using var bed = await MakeBedAsync();
        await MakeNamespaceAsync(bed, "alices", "alice");
        await MakeNamespaceAsync(bed, "nobodys", null);
        var requests = (IClusterRequests)((PatientCluster)await bed.OpenAsync()).Inner;
        await MakeJobAsync(bed, "nobodys", "digits", new JsonObject());
        await MakeJobAsync(bed, "alices", "wrong", new JsonObject { ["recovery"] = new JsonObject { ["maxRestarts"] = -1 } });
        var homeless = await StatusAsync(bed, "nobodys", "digits", status => (string?)status["phase"] == "Rejected");
        homeless["reason"]!.GetValue<string>().ShouldBe("NoOwner");
        var wrong = await StatusAsync(bed, "alices", "wrong", status => (string?)status["phase"] == "Rejected");
        wrong["reason"]!.GetValue<string>().ShouldBe("InvalidSpec");
        wrong["message"]!.GetValue<string>().ShouldContain("spec.recovery.maxRestarts");
        (await AskedAsync(requests)).ShouldBeEmpty();
    }

    [Fact]
    public async Task One_that_is_deleted_while_it_waits_is_cancelled_before_it_goes_even_if_nobody_watched()
    {
        await using var bed = await MakeBedAsync();
        await MakeNamespaceAsync(bed, "alices", "alice");
        var requests = (IClusterRequests)((PatientCluster)await bed.OpenAsync()).Inner;
        await MakeJobAsync(bed, "alices", "digits", new JsonObject());
        var request = await UntilPendingAsync(requests);
        var id = JobId.FromKey("local", request.Key);
        await requests.AnswerAsync([new RequestAnswer(request.Key, RequestKind.Submit, id, null, null, Retry: false)], CancellationToken.None);
        await bed.CloseAsync();

        await bed.Admin.DeleteAsync(TrainingJobObject.PathOf("alices", "digits"), null, CancellationToken.None);
        requests = (IClusterRequests)((PatientCluster)await bed.OpenAsync()).Inner;
        var cancel = await UntilPendingAsync(requests);
        cancel.Kind.ShouldBe(RequestKind.Cancel);
        cancel.Job.ShouldBe(id);
        (await bed.Admin.GetAsync(TrainingJobObject.PathOf("alices", "digits"), ApiJson.Default.TrainingJobObject, CancellationToken.None)).Metadata.IsDeleting.ShouldBeTrue();
        await requests.AnswerAsync([new RequestAnswer(cancel.Key, RequestKind.Cancel, id, null, null, Retry: false)], CancellationToken.None);
        await UntilGoneAsync(bed, "alices", "digits");
    }

    [Fact]
    public async Task One_that_waits_shows_why_and_one_that_ended_without_machines_how()
    {
        await using var bed = await MakeBedAsync();
        await MakeNamespaceAsync(bed, "alices", "alice");
        var requests = (IClusterRequests)((PatientCluster)await bed.OpenAsync()).Inner;
        await MakeJobAsync(bed, "alices", "digits", new JsonObject());
        var request = await UntilPendingAsync(requests);
        var id = JobId.FromKey("local", request.Key);
        await requests.AnswerAsync([new RequestAnswer(request.Key, RequestKind.Submit, id, null, null, Retry: false)], CancellationToken.None);
        var look = await UntilLookAsync(requests);
        (look.Key, look.Owner, look.Job).ShouldBe((request.Key, "alice", id));
        await requests.AnswerAsync([new RequestAnswer(look.Key, RequestKind.Look, id, null, null, Retry: false, new JobStanding(JobPhase.Pending, "InsufficientResources", "needs 8 GPUs and 3 are free"))], CancellationToken.None);
        var waits = await StatusAsync(bed, "alices", "digits", status => (string?)status["reason"] == "InsufficientResources");
        ((string?)waits["phase"], (string?)waits["message"], (string?)waits["jobId"]).ShouldBe(("Pending", "needs 8 GPUs and 3 are free", id.Value));

        await requests.AnswerAsync([new RequestAnswer(look.Key, RequestKind.Look, id, null, null, Retry: false, new JobStanding(JobPhase.Cancelled, "Cancelled", "cancelled by alice"))], CancellationToken.None);
        var ended = await StatusAsync(bed, "alices", "digits", status => (string?)status["phase"] == "Cancelled");
        ((string?)ended["message"]).ShouldBe("cancelled by alice");
        ended["conditions"]!.AsArray().Single(condition => (string?)condition!["type"] == "Accepted")!["status"]!.GetValue<string>().ShouldBe("True");
    }

    [Fact]
    public async Task What_was_refused_is_asked_for_again_and_taken_in_once_it_may_be()
    {
        await using var bed = await MakeBedAsync();
        await MakeNamespaceAsync(bed, "alices", "alice");
        var requests = (IClusterRequests)((PatientCluster)await bed.OpenAsync()).Inner;
        await MakeJobAsync(bed, "alices", "early", new JsonObject());
        var request = await UntilPendingAsync(requests);
        await requests.AnswerAsync([new RequestAnswer(request.Key, RequestKind.Submit, null, "NotFound", "there is no user 'alice'", Retry: false)], CancellationToken.None);
        await StatusAsync(bed, "alices", "early", status => (string?)status["reason"] == "NotFound");
        var again = await UntilPendingAsync(requests);
        (again.Key, again.Kind, again.Owner).ShouldBe((request.Key, RequestKind.Submit, "alice"));
        var id = JobId.FromKey("local", again.Key);
        await requests.AnswerAsync([new RequestAnswer(again.Key, RequestKind.Submit, id, null, null, Retry: false)], CancellationToken.None);
        (await StatusAsync(bed, "alices", "early", status => (string?)status["phase"] == "Pending"))["jobId"]!.GetValue<string>().ShouldBe(id.Value);
    }

    /// <summary>What `kubectl replace` with the file of before does.</summary>
    [Fact]
    public async Task What_is_taken_off_a_running_jobs_object_is_written_back_and_nothing_starts_again()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting, tasks: 2);
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        var path = bed.Kubelet.Pods.First().Metadata is var pod ? TrainingJobObject.PathOf(pod.Namespace, ObjectNames.Job(wish.Assignment)) : "";
        await StripAsync(bed, path);
        await UntilAsync(async () => await bed.Admin.GetAsync(path, ApiJson.Default.TrainingJobObject, CancellationToken.None) is { HasAssignment: true } item && item.Metadata.Finalizers.Contains(ObjectNames.JobFinalizer));

        await bed.CloseAsync();
        cluster = await bed.OpenAsync();
        await cluster.UntilRunningAsync(wish);
        await cluster.ApplyAsync(wish);
        foreach (var task in wish.Assignment.Tasks) bed.StartsOf(wish.Assignment.JobId, task.Rank).ShouldBe(1);
    }

    /// <summary>`kubectl replace` with a file that was saved while an earlier attempt ran: its decision is sealed, and over.</summary>
    [Fact]
    public async Task An_earlier_decision_that_somebody_writes_back_is_taken_for_nothing_and_harms_no_pod()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting);
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        var path = TrainingJobObject.PathOf(bed.Kubelet.Pods.Single().Metadata.Namespace, ObjectNames.Job(wish.Assignment));
        var saved = (await bed.Admin.GetAsync(path, ApiJson.Default.JsonObject, CancellationToken.None))["assignment"]!.ToJsonString();
        await cluster.ApplyAsync(wish.Stopped());
        await cluster.UntilEndedAsync(wish);
        var next = wish with { Assignment = wish.Assignment with { Generation = 5, Attempt = 2 } };
        (await cluster.ApplyAsync([next], CancellationToken.None)).Select(refusal => refusal.Reason).ShouldBeEmpty();
        await UntilAsync(() => Task.FromResult(bed.Kubelet.Bound.Any()));
        var second = bed.Kubelet.Bound.Single().Metadata.Uid;

        await bed.Admin.MergeAsync(path, Encoding.UTF8.GetBytes($"{{\"assignment\":{saved}}}"), ApiJson.Default.TrainingJobObject, CancellationToken.None);
        await UntilAsync(async () => (int)(await bed.Admin.GetAsync(path, ApiJson.Default.JsonObject, CancellationToken.None))["assignment"]!["decision"]!["attempt"]! == 2);

        // The same while no agent was there to write it back.
        await bed.CloseAsync();
        await bed.Admin.MergeAsync(path, Encoding.UTF8.GetBytes($"{{\"assignment\":{saved}}}"), ApiJson.Default.TrainingJobObject, CancellationToken.None);
        cluster = await bed.OpenAsync();
        await cluster.ApplyAsync(next);
        await cluster.UntilRunningAsync(next);
        await Task.Delay(500);
        bed.Kubelet.Bound.Select(pod => pod.Metadata.Uid).ShouldBe([second]);
    }

    [Fact]
    public async Task No_attempt_starts_beside_its_predecessor_though_nobody_knew_of_it_any_more()
    {
        await using var bed = await MakeBedAsync();
        var cluster = await bed.OpenAsync();
        var wish = Wishes.Run(bed.Waiting);
        await cluster.ApplyAsync(wish);
        await cluster.UntilRunningAsync(wish);
        var first = bed.Kubelet.Pods.Single().Metadata;
        await bed.CloseAsync();
        await StripAsync(bed, TrainingJobObject.PathOf(first.Namespace, ObjectNames.Job(wish.Assignment)));

        cluster = await bed.OpenAsync();
        (await cluster.ObserveAsync(null, CancellationToken.None)).Tasks.ShouldBeEmpty();
        var next = wish with { Assignment = wish.Assignment with { Generation = 5, Attempt = 2 } };
        await cluster.ApplyAsync(next);
        await cluster.UntilRunningAsync(next);
        bed.Kubelet.Bound.Count(pod => pod.Metadata.Uid == first.Uid).ShouldBe(0);
        bed.Kubelet.Bound.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task What_somebody_writes_where_decisions_stand_hides_nobody_elses_job()
    {
        await using var bed = await MakeBedAsync();
        await MakeNamespaceAsync(bed, "alices", "alice");
        foreach (var (name, assignment) in new[] { ("empty", "{}"), ("half", """{"decision":{}}"""), ("wrong", """{"decision":{"jobId":7,"spec":[]},"ownerNumber":"x","seal":null}""") })
        {
            await MakeJobAsync(bed, "alices", name, new JsonObject());
            await bed.Admin.MergeAsync(TrainingJobObject.PathOf("alices", name), Encoding.UTF8.GetBytes($"{{\"assignment\":{assignment}}}"), ApiJson.Default.TrainingJobObject, CancellationToken.None);
        }

        // Those that are there when it begins, and one that changes while it watches.
        var requests = (IClusterRequests)((PatientCluster)await bed.OpenAsync()).Inner;
        await bed.Admin.MergeAsync(TrainingJobObject.PathOf("alices", "empty"), Encoding.UTF8.GetBytes("""{"assignment":{"decision":{},"seal":""}}"""), ApiJson.Default.TrainingJobObject, CancellationToken.None);
        await MakeJobAsync(bed, "alices", "digits", new JsonObject());
        (await UntilPendingAsync(requests)).Spec!.Name.ShouldBe("digits");
        (await StatusAsync(bed, "alices", "half", status => (string?)status["phase"] == "Rejected"))["reason"]!.GetValue<string>().ShouldBe("NotConvoys");
    }

    [Fact]
    public async Task What_is_left_of_a_job_is_removed_and_what_was_made_anew_under_its_name_runs_on()
    {
        await using var bed = await MakeBedAsync();
        await MakeNamespaceAsync(bed, "alices", "alice");
        var cluster = await bed.OpenAsync();
        var requests = (IClusterRequests)((PatientCluster)cluster).Inner;
        var first = await RunningAsync();
        for (var rank = 0; rank < 2; rank++) bed.End(first.Assignment.JobId, rank, 0);
        await cluster.UntilEndedAsync(first);
        await bed.Admin.DeleteAsync(TrainingJobObject.PathOf("alices", "digits"), null, CancellationToken.None);
        await UntilGoneAsync(bed, "alices", "digits");
        var second = await RunningAsync();
        second.Assignment.JobId.ShouldNotBe(first.Assignment.JobId);

        (await cluster.ForgetAsync(first.Assignment.JobId, 1, CancellationToken.None)).ShouldBeTrue();
        (await bed.Admin.GetAsync(TrainingJobObject.PathOf("alices", "digits"), ApiJson.Default.TrainingJobObject, CancellationToken.None)).Metadata.IsDeleting.ShouldBeFalse();
        for (var rank = 0; rank < 2; rank++) bed.End(second.Assignment.JobId, rank, 0);
        (await cluster.UntilEndedAsync(second)).EndOf(second, 0)!.Outcome!.Stopped.ShouldBeFalse();

        async Task<ClusterAssignment> RunningAsync()
        {
            await MakeJobAsync(bed, "alices", "digits", new JsonObject());
            var request = await UntilPendingAsync(requests);
            var id = JobId.FromKey("local", request.Key);
            await requests.AnswerAsync([new RequestAnswer(request.Key, RequestKind.Submit, id, null, null, Retry: false)], CancellationToken.None);
            var run = Wishes.Run(bed.Waiting, tasks: 2);
            var wish = run with { Assignment = run.Assignment with { JobId = id, Owner = request.Owner, Spec = request.Spec! } };
            await cluster.ApplyAsync(wish);
            await cluster.UntilRunningAsync(wish);
            return wish;
        }
    }

    [Fact]
    public async Task Suspending_and_resuming_is_asked_as_the_object_says()
    {
        await using var bed = await MakeBedAsync();
        await MakeNamespaceAsync(bed, "alices", "alice");
        var requests = (IClusterRequests)((PatientCluster)await bed.OpenAsync()).Inner;
        await MakeJobAsync(bed, "alices", "digits", new JsonObject());
        var request = await UntilPendingAsync(requests);
        await requests.AnswerAsync([new RequestAnswer(request.Key, RequestKind.Submit, JobId.FromKey("local", request.Key), null, null, Retry: false)], CancellationToken.None);
        foreach (var (suspend, kind) in new[] { (true, RequestKind.Suspend), (false, RequestKind.Resume) })
        {
            await bed.Admin.MergeAsync(TrainingJobObject.PathOf("alices", "digits"), Encoding.UTF8.GetBytes(new JsonObject { ["spec"] = new JsonObject { ["suspend"] = suspend } }.ToJsonString()), ApiJson.Default.TrainingJobObject, CancellationToken.None);
            var asked = await UntilPendingAsync(requests);
            asked.Kind.ShouldBe(kind);
            await requests.AnswerAsync([new RequestAnswer(asked.Key, asked.Kind, asked.Job, null, null, Retry: false)], CancellationToken.None);
            (await StatusAsync(bed, "alices", "digits", status => (bool?)status["suspended"] == suspend)).ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task A_decision_that_somebody_wrote_into_their_object_gives_them_no_machines()
    {
        await using var bed = await MakeBedAsync();
        await MakeNamespaceAsync(bed, "alices", "alice");
        var cluster = await bed.OpenAsync();
        var forged = new DecisionSeal(new byte[] { 1, 2, 3 }).Mark("alices", "digits", Wishes.Run(bed.Waiting).Assignment, 1);
        await MakeJobAsync(bed, "alices", "digits", new JsonObject(), forged);
        (await StatusAsync(bed, "alices", "digits", status => (string?)status["phase"] == "Rejected"))["reason"]!.GetValue<string>().ShouldBe("NotConvoys");
        (await ((IClusterRequests)((PatientCluster)cluster).Inner).PendingAsync(10, CancellationToken.None)).ShouldBeEmpty();
        bed.Kubelet.Pods.ShouldBeEmpty();
        (await cluster.ObserveAsync(null, CancellationToken.None)).Tasks.ShouldBeEmpty();
    }

    internal static async Task MakeNamespaceAsync(KubernetesBed bed, string name, string? owner)
    {
        var meta = new JsonObject { ["name"] = name };
        if (owner is not null) meta["annotations"] = new JsonObject { [ObjectNames.OwnerLabel] = owner };
        await bed.Admin.ApplyAsync($"/api/v1/namespaces/{name}", Encoding.UTF8.GetBytes(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = meta }.ToJsonString()), CancellationToken.None);
    }

    private static Task StripAsync(KubernetesBed bed, string path) =>
        bed.Admin.MergeAsync(path, Encoding.UTF8.GetBytes("""{"assignment":null,"metadata":{"finalizers":null}}"""), ApiJson.Default.TrainingJobObject, CancellationToken.None);

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var deadline = DateTime.UtcNow + Patience; !await condition(); await Task.Delay(50)) (DateTime.UtcNow < deadline).ShouldBeTrue("it did not come true in time");
    }

    private static async Task MakeJobAsync(KubernetesBed bed, string space, string name, JsonObject more, AssignmentRecord? assignment = null)
    {
        var spec = new JsonObject { ["name"] = name, ["roles"] = new JsonObject { ["worker"] = new JsonObject { ["replicas"] = 2, ["command"] = new JsonArray("sleep", "infinity") } } };
        foreach (var (key, value) in more) spec[key] = value?.DeepClone();
        var item = new JsonObject { ["apiVersion"] = TrainingJobObject.ApiVersion, ["kind"] = TrainingJobObject.Kind, ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = spec };
        if (assignment is not null) item["assignment"] = System.Text.Json.JsonSerializer.SerializeToNode(assignment, ApiJson.Default.AssignmentRecord);
        await bed.Admin.PostAsync($"/apis/{TrainingJobObject.ApiVersion}/namespaces/{space}/{TrainingJobObject.Plural}", Encoding.UTF8.GetBytes(item.ToJsonString()), CancellationToken.None);
    }

    internal static async Task<ClusterRequest> UntilPendingAsync(IClusterRequests requests)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            if (await AskedAsync(requests) is [var only]) return only;
            await Task.Delay(20, deadline.Token);
        }
    }

    /// <summary>All but looks, which come again and again.</summary>
    internal static async Task<IReadOnlyList<ClusterRequest>> AskedAsync(IClusterRequests requests) =>
        [.. (await requests.PendingAsync(10, CancellationToken.None)).Where(request => request.Kind != RequestKind.Look)];

    internal static async Task<ClusterRequest> UntilLookAsync(IClusterRequests requests)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            if ((await requests.PendingAsync(10, deadline.Token)).FirstOrDefault(request => request.Kind == RequestKind.Look) is { } look) return look;
            await requests.WaitAsync(deadline.Token);
        }
    }

    private static async Task<JsonObject> StatusAsync(KubernetesBed bed, string space, string name, Func<JsonObject, bool> isEnough)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            var item = await bed.Admin.GetAsync(TrainingJobObject.PathOf(space, name), ApiJson.Default.JsonObject, deadline.Token);
            if (item["status"] is JsonObject status && isEnough(status)) return status;
            await Task.Delay(20, deadline.Token);
        }
    }

    private static async Task UntilGoneAsync(KubernetesBed bed, string space, string name)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                await bed.Admin.GetAsync(TrainingJobObject.PathOf(space, name), ApiJson.Default.TrainingJobObject, deadline.Token);
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                return;
            }

            await Task.Delay(20, deadline.Token);
        }
    }
}

public sealed class TrainingJobDeskOnTheDouble : TrainingJobDeskTests
{
    private protected override Task<KubernetesBed> MakeBedAsync() => Task.FromResult(Doubles.Sound());
}

[Collection(KubernetesWorld.Name)]
public sealed class TrainingJobDeskOnKubernetes(RealApiServer server) : TrainingJobDeskTests
{
    private protected override Task<KubernetesBed> MakeBedAsync() => KubernetesContract.BedOnAsync(server);
}
