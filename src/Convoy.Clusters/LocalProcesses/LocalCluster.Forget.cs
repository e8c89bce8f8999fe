using Convoy.Core.Jobs;

namespace Convoy.Clusters.LocalProcesses;

public sealed partial class LocalCluster
{
    public async Task<bool> ForgetAsync(JobId job, int ownerNumber, CancellationToken cancellationToken)
    {
        string? leftovers = null;
        Task tidying;
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (live.ContainsKey(job)) return false;
            tidying = cleaning;
            if (known.Remove(job, out var had)) machine.Journal.Forget(job, had.Tasks);

            // Whole at once: half a folder could be taken for a job that has never started.
            var folder = machine.Layout.Job(job);
            if (Directory.Exists(folder))
            {
                leftovers = Path.Combine(machine.Layout.Staging, $"{job}-{Path.GetRandomFileName()}");
                Directory.Move(folder, leftovers);
                Native.FlushFolder(machine.Layout.Jobs);
            }
        }
        finally
        {
            turn.Release();
        }

        // What its tasks left in TMPDIR: the next job of that id has the same.
        await tidying;

        // Not in anybody's way any more; what a crash leaves of it goes when the folder is opened next.
        if (leftovers is not null) await Task.Run(() => Directory.Delete(leftovers, recursive: true), cancellationToken);
        var files = new JobFiles(machine.Layout, machine.Preparation.UidOf(ownerNumber));
        await Task.Run(() => files.Remove(job, ownerNumber, int.MaxValue, JobParts.Code | JobParts.Outputs | JobParts.Checkpoints), cancellationToken);
        files.RemoveEmpty(job, ownerNumber);

        // Whatever begins from here on finds no folder; what began before is told, and deletes what it keeps after this.
        intake.Forget(job);
        await Outputs.DeleteAsync(job, cancellationToken);
        return true;
    }
}
