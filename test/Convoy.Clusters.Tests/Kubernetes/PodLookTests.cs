using System.Text.Json;
using Convoy.Clusters.Kubernetes;
using Convoy.Clusters.Kubernetes.Api;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.Tests.Kubernetes;

/// <summary>What is made of the statuses that kubelets write.</summary>
public sealed class PodLookTests
{
    private static readonly JobId Job = JobId.Parse("j0123456789abcde");
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 10, 0, TimeSpan.Zero);

    [Fact]
    public void A_program_that_could_not_be_started_never_ran_and_its_failure_is_the_users()
    {
        var pod = Pod("""
            {"phase":"Failed","startTime":"2026-01-01T00:00:00Z","containerStatuses":[{"name":"task","state":{"terminated":
             {"exitCode":128,"reason":"StartError","message":"no such program","startedAt":"1970-01-01T00:00:00Z","finishedAt":"2026-01-01T00:00:02Z"}}}]}
            """);
        PodLook.Start(pod, Job, 1, 0).ShouldBeNull();
        End(pod)!.Outcome.ShouldBe(new TaskOutcome(128, Message: "no such program"));
    }

    [Fact]
    public void A_container_that_the_kubelet_does_not_find_any_more_is_lost_whatever_exit_code_it_makes_up()
    {
        var pod = Pod("""
            {"phase":"Failed","startTime":"2026-01-01T00:00:00Z","containerStatuses":[{"name":"task","state":{"terminated":
             {"exitCode":137,"reason":"ContainerStatusUnknown","message":"The container could not be located when the pod was terminated","startedAt":null,"finishedAt":null}}}]}
            """);
        PodLook.Start(pod, Job, 1, 0).ShouldBeNull();
        (End(pod)!.State, End(pod)!.Outcome).ShouldBe((TaskState.Lost, null));
    }

    [Fact]
    public void A_pod_whose_code_does_not_come_is_not_its_owners_fault_and_they_are_told_why()
    {
        var pod = Pod("""
            {"phase":"Failed","startTime":"2026-01-01T00:00:00Z",
             "initContainerStatuses":[{"name":"code","state":{"terminated":{"exitCode":1,"reason":"Error","message":"error[NoCode]: the server answered 404\n","startedAt":"2026-01-01T00:00:01Z","finishedAt":"2026-01-01T00:00:02Z"}}}],
             "containerStatuses":[{"name":"task","state":{"waiting":{"reason":"PodInitializing"}}}]}
            """);
        PodLook.Start(pod, Job, 1, 0).ShouldBeNull();
        End(pod)!.Outcome.ShouldBe(new TaskOutcome(1, Stopped: true, Message: "error[NoCode]: the server answered 404"));
    }

    private static TaskObservation? End(PodObject pod) => PodLook.End(pod, Job, 1, 0, nodeExists: true, Now);

    private static PodObject Pod(string status) =>
        JsonSerializer.Deserialize($$"""{"metadata":{"name":"pod","creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{"nodeName":"node","containers":[{"name":"task"}]},"status":{{status}}}""", ApiJson.Default.PodObject)!;
}
