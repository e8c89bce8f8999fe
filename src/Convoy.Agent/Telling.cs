using System.Security.Cryptography;
using System.Text.Json;
using Convoy.Clusters;
using Convoy.Clusters.Remote;
using Convoy.Core.Scheduling;

namespace Convoy.Agent;

/// <summary>
/// What the cluster reports, on its way to the server: first everything, in the retelling that the server asked for, then what changes. Kept is
/// only what the server has not said that it has. The cluster is not asked for more before that is gone.
/// </summary>
internal sealed class Telling(ICluster cluster)
{
    private const int LargestPage = 2000;

    private readonly Queue<(ReportItem Item, int Bytes)> untaken = new();

    /// <summary>What was told of each node.</summary>
    private readonly Dictionary<string, (NodeObservation Node, byte[] Hash)> told = new(StringComparer.Ordinal);
    private ReportCursor? cursor;
    private Task change = Task.CompletedTask;
    private long from;
    private long? whole;
    private bool hasToldWhole;

    /// <summary>Null where the server has to ask for one.</summary>
    public string? Retelling { get; private set; }

    /// <summary>Completes when there may be something to tell.</summary>
    public Task Change => Retelling is null ? Never : change;

    private static Task Never { get; } = new TaskCompletionSource().Task;

    /// <summary>Asks the cluster, where all that it has said before was taken.</summary>
    /// <param name="stop">Ends the waiting for the next change.</param>
    public async Task AskAsync(CancellationToken stop)
    {
        if (Retelling is null || untaken.Count > 0 || !change.IsCompleted) return;
        var seen = change;
        change = Task.CompletedTask;
        await seen;
        var report = await cluster.ObserveAsync(cursor, stop);
        if (cursor is not null && report.IsComplete)
        {
            // Another life of the cluster: what it no longer knows has to go at the server, too.
            Begin(null);
            return;
        }

        cursor = report.Cursor;
        change = cluster.WaitForChangeAsync(report.Cursor, stop);
        foreach (var task in report.Tasks) Add(new ReportItem(Task: task));
        if (report.Nodes is { } nodes) AddNodes(nodes);
        whole ??= from + untaken.Count;
    }

    /// <summary>Null where the server knows all that is known here.</summary>
    public ReportPage? Page()
    {
        if (whole is not { } all || (untaken.Count == 0 && hasToldWhole)) return null;
        var items = new List<ReportItem>();
        var bytes = 0;
        foreach (var (item, length) in untaken)
        {
            bytes += length;
            if (items.Count > 0 && (items.Count == LargestPage || bytes > SyncJson.PageBytes)) break;
            items.Add(item);
        }

        return new ReportPage(from, all, items);
    }

    public void Hear(SyncAnswer answer)
    {
        if (answer.Retelling != Retelling)
        {
            Begin(answer.Retelling);
            return;
        }

        for (; from < answer.Taken && untaken.Count > 0; from++) untaken.Dequeue();
        hasToldWhole |= answer.Taken >= whole;
    }

    private void Begin(string? asked)
    {
        Retelling = asked;
        untaken.Clear();
        told.Clear();
        (cursor, change, from, whole, hasToldWhole) = (null, Task.CompletedTask, 0, null, false);
    }

    private void AddNodes(IReadOnlyList<NodeObservation> nodes)
    {
        foreach (var node in nodes)
        {
            // Most are as they were, and are the same thing.
            if (told.TryGetValue(node.Name, out var before) && ReferenceEquals(before.Node, node)) continue;
            var item = new ReportItem(Node: node);
            var json = JsonSerializer.SerializeToUtf8Bytes(item, SyncJson.Default.ReportItem);
            var hash = SHA256.HashData(json);
            var isNews = before.Hash is null || !before.Hash.AsSpan().SequenceEqual(hash);
            told[node.Name] = (node, hash);
            if (!isNews) continue;
            untaken.Enqueue((item, json.Length));
        }

        var present = nodes.Select(node => node.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in told.Keys.Where(name => !present.Contains(name)).ToArray())
        {
            told.Remove(gone);
            Add(new ReportItem(Gone: gone));
        }
    }

    private void Add(ReportItem item) => untaken.Enqueue((item, JsonSerializer.SerializeToUtf8Bytes(item, SyncJson.Default.ReportItem).Length));
}
