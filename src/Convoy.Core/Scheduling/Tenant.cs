using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling;

/// <summary>What a search for victims asks of every running job, side by side in memory: of most it decides without a look at the job itself.</summary>
/// <param name="Level">One text for all of it.</param>
/// <param name="Node">The number of the one node on which it is; -1 where it is on several, or on none that is known.</param>
/// <param name="Held">All that it holds.</param>
/// <param name="Started">When, in ticks.</param>
/// <param name="Since">When its work was last saved, in ticks.</param>
/// <param name="Sequence">Of its submission.</param>
/// <param name="IsFixed">It may not be evicted, is told to go, or to change its size.</param>
internal readonly record struct Tenant(RunningJob Job, string Level, int Node, ResourceVector Held, long Started, long Since, long Sequence, bool IsFixed)
{
    public static Tenant Of(RunningJob job, NodeLayout layout, string? level = null)
    {
        var (node, held) = (-1, default(ResourceVector));
        for (var i = 0; i < job.Places.Count; i++)
        {
            if (i == 0) node = layout.IndexOf(job.Cluster, job.Places[0].Node);
            else if (node >= 0 && job.Places[i].Node != job.Places[0].Node) node = -1;
            held += job.Places[i].Taken;
        }

        return new Tenant(job, level ?? job.Standing.Level, node, held, job.StartedAt.UtcTicks, (job.CheckpointedAt ?? job.StartedAt).UtcTicks, job.Standing.SubmitSequence, !job.Preemptible || job.IsStopping || job.IsResizing);
    }
}

/// <summary>The tenants of one level, without gaps between them, in no order.</summary>
internal sealed class Tenants(string level)
{
    private readonly List<Tenant> rows = [];
    private readonly Dictionary<RunningJob, int> rowOf = new(ReferenceEqualityComparer.Instance);

    public int Count => rows.Count;

    public Tenant this[int row] => rows[row];

    public Tenant Of(RunningJob job) => rows[rowOf[job]];

    public void Add(RunningJob job, NodeLayout layout)
    {
        if (rowOf.TryAdd(job, rows.Count)) rows.Add(Tenant.Of(job, layout, level));
    }

    public void Remove(RunningJob job)
    {
        if (!rowOf.Remove(job, out var row)) return;
        var last = rows[^1];
        rows.RemoveAt(rows.Count - 1);
        if (row == rows.Count) return;
        rows[row] = last;
        rowOf[last.Job] = row;
    }
}
