using System.Text.Json;
using Convoy.Core.Jobs;

namespace Convoy.Clusters.LocalProcesses;

public sealed partial class LocalCluster : IJobFiles
{
    public async Task<IReadOnlyList<JobId>> ListEndedAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            return [.. known.Where(job => job.Value.IsDone && !live.ContainsKey(job.Key)).Select(job => job.Key)];
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task ForgetEndAsync(JobId job, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (known.GetValueOrDefault(job) is not { IsDone: true } had || live.ContainsKey(job)) return;

            // What is still to be taken in of its outputs is found by what is forgotten here.
            if (DurableFile.Read(machine.Layout.Wish(job)) is { } bytes && machine.Layout.Person(JsonSerializer.Deserialize(bytes, LocalJson.Default.ClusterAssignment)!.OwnerNumber).Outputs(job).Any()) return;

            // The wish first: without it the rest is not looked at, and with it the outcome must be there.
            DurableFile.Delete(machine.Layout.Wish(job));
            DurableFile.Delete(machine.Layout.Outcome(job));
            machine.Journal.Forget(job, had.Tasks);
            known.Remove(job);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<bool> HasLaterAsync(JobId job, int attempts, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            return live.ContainsKey(job) || (known.TryGetValue(job, out var had) && had.Attempt > attempts);
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task RemoveAsync(JobId job, int ownerNumber, int attempts, JobParts parts, CancellationToken cancellationToken)
    {
        // It was retried after whoever asks had looked.
        if (await HasLaterAsync(job, attempts, cancellationToken)) return;
        await ForgetEndAsync(job, cancellationToken);
        await cleaning.WaitAsync(cancellationToken);
        var files = new JobFiles(machine.Layout, machine.Preparation.UidOf(ownerNumber));
        await Task.Run(() => files.Remove(job, ownerNumber, attempts, parts), cancellationToken);
        if (parts.HasFlag(JobParts.Outputs)) await Outputs.DeleteAsync(job, cancellationToken);
        await turn.WaitAsync(cancellationToken);
        try
        {
            // A wish makes it again; the two must not meet.
            if (!known.ContainsKey(job)) files.RemoveEmpty(job, ownerNumber);
        }
        finally
        {
            turn.Release();
        }
    }
}
