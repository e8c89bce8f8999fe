using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>Two nodes of eight devices, and jobs that want all of them at once or none.</summary>
public sealed class GangTests
{
    [Fact]
    public async Task A_gang_that_no_cluster_could_hold_is_refused_with_numbers()
    {
        await using var platform = await RunningPlatform.StartAsync(nodes: 2, gpus: 8);
        var refused = await Should.ThrowAsync<ConvoyException>(platform.SubmitAsync(Jobs.Shell("too-large", "true", tasks: 3, gpus: 8)));
        refused.Status.ShouldBe(422);
        refused.Code.ShouldBe("Infeasible");
        refused.Message.ShouldContain("needs 3 tasks of 8 GPUs; cluster local has 2 nodes of 8 GPUs");
        refused.RequestId.ShouldNotBeEmpty();
        (await platform.Client.ListJobsAsync(new JobQuery { All = true }, CancellationToken.None)).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task Of_two_gangs_that_fill_the_cluster_one_runs_whole_and_the_other_holds_nothing_until_its_turn()
    {
        await using var platform = await RunningPlatform.StartAsync(nodes: 2, gpus: 8);
        var whole = (string name) => Jobs.Shell(name, $"echo $CUDA_VISIBLE_DEVICES; touch {platform.Marks}/{name}-$CONVOY_RANK; {Jobs.Until(platform.Mark($"end-{name}"))}", tasks: 2, gpus: 8);
        await Task.WhenAll(platform.SubmitAsync(whole("one")), platform.SubmitAsync(whole("two")));

        await Eventually.HoldsAsync("one of them runs", async () => (await BothAsync()).Any(job => job.Phase == JobPhase.Running));
        var (first, second) = await BothAsync() is [var a, var b] && a.Phase == JobPhase.Running ? (a, b) : ((await BothAsync())[1], (await BothAsync())[0]);
        first.Tasks.ShouldBe(2);
        first.Nodes.ShouldBe(["node-0", "node-1"], ignoreOrder: true);
        second.Phase.ShouldBe(JobPhase.Pending);
        second.Nodes.ShouldBeEmpty();
        (await platform.Client.GetJobAsync(second.Id, CancellationToken.None)).Attempts!.ShouldBeEmpty();
        foreach (var node in (await platform.Client.ListNodesAsync(null, null, CancellationToken.None)).Items)
        {
            node.GpusFree.ShouldBe(0);
            node.Jobs.ShouldBe([new NodeJobView(first.Id, first.Name, "admin", first.Level, 1, 8)]);
        }

        var why = await platform.Client.WhyAsync(second.Id, CancellationToken.None);
        why.Reason.ShouldBe("InsufficientResources");
        (why.Unit, why.Needed, why.Free).ShouldBe(("Devices", 16, 0));
        why.Message.ToString().ShouldContain($"{first.Name} ({first.Id}, admin) holds 16 GPUs");
        why.Try.ShouldNotBeNull();
        using var convoy = new ConvoyCommand(platform);
        var told = await convoy.RunAsync("why", second.Id);
        told.ExitCode.ShouldBe(0, told.Error);
        told.Output.ShouldContain("InsufficientResources");
        told.Output.ShouldContain("needs 16 GPUs; 0 GPUs are free");
        told.Output.ShouldContain($"{first.Name} ({first.Id}, admin) holds 16 GPUs");
        Directory.GetFiles(platform.Marks, $"{second.Name}-*").ShouldBeEmpty();

        platform.Say($"end-{first.Name}");
        await platform.HeardAsync($"{second.Name}-0");
        await platform.HeardAsync($"{second.Name}-1");
        platform.Say($"end-{second.Name}");
        var ended = await platform.UntilFinishedAsync(second.Id);
        ended.Phase.ShouldBe(JobPhase.Succeeded);
        ended.Attempts![0].AssignedAt.ShouldBeGreaterThanOrEqualTo((await platform.UntilFinishedAsync(first.Id)).EndedAt!.Value);
        (await platform.LogsAsync(first.Id)).ShouldBe("0,1,2,3,4,5,6,7\n0,1,2,3,4,5,6,7\n");

        async Task<IReadOnlyList<JobView>> BothAsync() => (await platform.Client.ListJobsAsync(new JobQuery(), CancellationToken.None)).Items;
    }
}
