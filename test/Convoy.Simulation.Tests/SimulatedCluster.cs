using Convoy.Clusters;
using Convoy.Core.Jobs;

namespace Convoy.Simulation.Tests;

/// <summary>One server's line to the machines. The machines outlive the server; what is on the line may arrive late.</summary>
internal sealed class SimulatedCluster(Machines machines, Timeline timeline, Faults faults) : ICluster
{
    public string Name => machines.Name;

    public Task<IReadOnlyList<Refusal>> ApplyAsync(IReadOnlyList<ClusterAssignment> assignments, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<IReadOnlyList<Refusal>>(TaskCreationOptions.RunContinuationsAsynchronously);
        IReadOnlyList<Refusal> refusals = [];
        var (isLost, isUnanswered, isLate) = (faults.Happens(Fault.ApplyLost), faults.Happens(Fault.ApplyUnanswered), faults.Happens(Fault.ApplyLate));
        if (!isLost) timeline.After(isLate ? timeline.Between(1, 60) : timeline.Between(0, 0.05), Take);
        if (faults.Happens(Fault.ApplyRepeated)) timeline.After(timeline.Between(0, 60), Take);
        timeline.After(timeline.Between(0.05, 0.1), () =>
        {
            if (isLost || isUnanswered || isLate) answer.SetException(new IOException("simulated"));
            else answer.SetResult(refusals);
        });
        return answer.Task;

        void Take() => refusals = [.. assignments.Select(wish => machines.Take(wish.Assignment)).OfType<Refusal>()];
    }

    public async Task<bool> ForgetAsync(JobId job, int ownerNumber, CancellationToken cancellationToken)
    {
        await DelayAsync(timeline.Between(0.001, 0.5));
        if (faults.Happens(Fault.ApplyLost)) throw new IOException("simulated");
        var isForgotten = machines.Forget(job);
        if (faults.Happens(Fault.ApplyUnanswered)) throw new IOException("simulated");
        return isForgotten;
    }

    public async Task<ClusterReport> ObserveAsync(ReportCursor? since, CancellationToken cancellationToken)
    {
        await DelayAsync(timeline.Between(0.001, 0.05));
        if (faults.Happens(Fault.ObserveFails)) throw new IOException("simulated");
        return machines.Journal.Since(since);
    }

    public async Task WaitForChangeAsync(ReportCursor since, CancellationToken cancellationToken)
    {
        await DelayAsync(timeline.Between(0.001, 0.01));
        if (faults.Happens(Fault.ObserveFails)) throw new IOException("simulated");
        await machines.Journal.WaitAsync(since, cancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task DelayAsync(TimeSpan delay)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        timeline.After(delay, end.SetResult);
        return end.Task;
    }
}
