using Convoy.Client.Wire;
using Convoy.Clusters;
using Convoy.Core.Datasets;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.Scheduling;

namespace Convoy.Server.Datasets;

/// <summary>Adds what became of its data sets to what people see of a job.</summary>
public sealed class JobDatasetViews(ITaskDatasets now)
{
    public JobView With(JobView view, Job job)
    {
        if (job.Spec.Datasets.Count == 0 || job.Attempts is not [.., var attempt]) return view;
        var uses = Of(attempt, task => task.HasEnded ? task.Outcome?.Datasets ?? [] : now.Of(job.Id, attempt.Number, task.Placement.Rank));
        var waiting = job.Phase == JobPhase.Running ? uses.FirstOrDefault(use => use.StartsAt is not null) : null;
        return waiting is null ? view with { Datasets = uses } : view with { Datasets = uses, Reason = nameof(WaitingToken.DatasetNotReady), Message = Waits(waiting) };
    }

    /// <summary>As the tasks told at their end.</summary>
    public static IReadOnlyList<JobDatasetView> AtEndOf(Attempt attempt) => Of(attempt, task => task.Outcome?.Datasets ?? []);

    private static JobDatasetView[] Of(Attempt attempt, Func<TaskRun, IReadOnlyList<DatasetUse>> told) =>
        [.. attempt.Members.SelectMany(task => told(task).Select(use => (task.Placement.Node, Use: use))).GroupBy(each => each.Use.Name).Select(each => View([.. each]))];

    /// <summary>Tasks of one node see the same bytes there: the one that has seen most tells of the node.</summary>
    private static JobDatasetView View(IReadOnlyList<(string Node, DatasetUse Use)> uses)
    {
        var nodes = uses.GroupBy(each => each.Node).Select(node => node.Select(each => each.Use).MaxBy(use => use.FilledBytes + use.MissedBytes + use.HeldBytes)!).ToArray();
        var (bytes, held) = (nodes.Sum(use => use.Bytes), nodes.Sum(use => use.HeldBytes));
        return new JobDatasetView(
            nodes[0].Name, nodes[0].Version, bytes, nodes.Sum(use => use.WantedBytes), held, nodes.Sum(use => use.FilledBytes), nodes.Sum(use => use.MissedBytes), bytes == 0 ? 1 : (double)held / bytes,
            nodes.Sum(use => use.FillRate) is > 0 and { } rate ? rate : null, uses.Max(each => each.Use.WaitsFor), nodes.FirstOrDefault(use => use.Problem is not null)?.Problem);
    }

    private static Text Waits(JobDatasetView use)
    {
        var percent = use.WantedBytes == 0 ? 100 : use.HeldBytes * 100 / use.WantedBytes;
        var left = use.FillRate is { } rate ? Math.Max(0, (double)use.WantedBytes * use.StartsAt!.Value / 100 - use.HeldBytes) / rate : 0;
        return left > 0
            ? $"data set '{use.Name}' is {percent} % on its nodes, tasks start at {use.StartsAt} %, in about {Math.Ceiling(left):0} s"
            : (Text)$"data set '{use.Name}' is {percent} % on its nodes, tasks start at {use.StartsAt} %";
    }
}
