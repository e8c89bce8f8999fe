using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Clusters.Remote;

public sealed partial class RemoteCluster
{
    /// <summary>What has come of the retelling under way, until it is whole.</summary>
    private Told? coming = new();

    /// <summary>Null until everything has been told once, and where it has to be told again.</summary>
    private ObservationJournal? journal;

    /// <summary>The nodes of the last retelling that was whole, as they are by now.</summary>
    private SortedDictionary<string, NodeObservation> nodes = new(StringComparer.Ordinal);
    private bool isWholeJournal;
    private string retelling;
    private long retellings;
    private long taken = -1;
    private TaskCompletionSource whole = NewSignal();

    public async Task<ClusterReport> ObserveAsync(ReportCursor? since, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task told;
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(isClosed, this);
                if (journal is not null && Since(journal, since) is { } report) return report with { HeardAt = heardAt };
                told = whole.Task;
            }

            await told.WaitAsync(cancellationToken);
        }
    }

    public async Task WaitForChangeAsync(ReportCursor since, CancellationToken cancellationToken)
    {
        Task change;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isClosed, this);
            change = journal?.WaitAsync(since, cancellationToken) ?? whole.Task.WaitAsync(cancellationToken);
        }

        await change;
    }

    /// <summary>What was told up to a cursor goes once somebody asks from there on. Null where everything is asked for, and not all is kept.</summary>
    private ClusterReport? Since(ObservationJournal from, ReportCursor? since)
    {
        var report = from.Since(since);
        if (report.IsComplete && !isWholeJournal)
        {
            from.End();
            journal = null;
            Retell();
            Wake();
            return null;
        }

        if (!report.IsComplete)
        {
            from.Drop(since!.Value);
            isWholeJournal = false;
        }

        return report;
    }

    /// <summary>From now on only the answer to this demand counts.</summary>
    private void Retell()
    {
        retelling = NextRetelling();
        taken = -1;
        coming = new Told();
    }

    private string NextRetelling() => string.Create(CultureInfo.InvariantCulture, $"{life}-{++retellings}");

    private void Take(ReportPage page)
    {
        // One that was lost comes again before this one does, and one that has come changes nothing.
        var next = Math.Max(taken, 0);
        if (page.From > next) return;
        var items = page.Items.Skip((int)Math.Min(next - page.From, page.Items.Count)).ToArray();
        taken = next + items.Length;
        if (coming is null)
        {
            if (TakeIn(journal!, nodes, items)) journal!.SetNodes([.. nodes.Values]);
            return;
        }

        TakeIn(coming.Journal, coming.Nodes, items);
        if (taken < page.Whole) return;
        nodes = coming.Nodes;
        coming.Journal.SetNodes([.. nodes.Values]);
        journal?.End();
        (journal, isWholeJournal, coming) = (coming.Journal, true, null);
        var waiting = whole;
        whole = NewSignal();
        waiting.SetResult();
    }

    /// <summary>True where the nodes have changed.</summary>
    private static bool TakeIn(ObservationJournal journal, SortedDictionary<string, NodeObservation> nodes, IEnumerable<ReportItem> items)
    {
        var changed = false;
        foreach (var item in items)
        {
            if (item.Task is { } task) journal.Add(task);
            changed |= item.Task is null;
            if (item.Node is { } node) nodes[node.Name] = node;
            if (item.Gone is { } name) nodes.Remove(name);
        }

        return changed;
    }

    private void Forget(JobId job)
    {
        journal?.Forget(job);
        coming?.Journal.Forget(job);
    }

    private sealed class Told
    {
        public ObservationJournal Journal { get; } = new();

        public SortedDictionary<string, NodeObservation> Nodes { get; } = new(StringComparer.Ordinal);
    }
}
