using System.Text.Json;
using Convoy.Core.Datasets;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>The data sets of a task, open at the node agent for as long as this process lives, and what is told of them meanwhile.</summary>
internal sealed class OpenDatasets(string folder)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan BetweenWords = TimeSpan.FromSeconds(10);

    /// <summary>For the first look, and for the last of all together.</summary>
    private static readonly TimeSpan LookWithin = TimeSpan.FromSeconds(1);

    /// <summary>Nothing has come for so long: whatever holds it up, devices are not to wait for it for ever.</summary>
    private static readonly TimeSpan Stuck = TimeSpan.FromMinutes(5);

    private readonly List<DatasetLine> _lines = [];
    private readonly List<string> _unmounted = [];
    private readonly Lock _telling = new();
    private byte[] _told = [];

    /// <summary><c>NAME=PATH</c> of those that are in a folder.</summary>
    public IReadOnlyList<string> Paths => [.. _lines.Where(line => line.Path is not null).Select(line => $"{line.Dataset.Name}={line.Path}")];

    /// <summary>What the task's owner is to know of those that are not.</summary>
    public IReadOnlyList<string> Unmounted => _unmounted;

    /// <exception cref="CannotStartException">One cannot be had, or not where it is wanted, or the task is to stop.</exception>
    public static OpenDatasets Open(string folder, TaskOrder order, Func<bool> isStopping)
    {
        var opened = new OpenDatasets(folder);
        foreach (var dataset in order.Datasets)
        {
            var (line, whyUnmounted) = DatasetLine.Open(order, dataset, isStopping);
            opened._lines.Add(line);
            if (whyUnmounted is not null) opened._unmounted.Add($"data set {dataset.Name} has no folder here: {whyUnmounted}; read it with convoy.dataset(\"{dataset.Name}\")");
        }

        foreach (var line in opened._lines) line.Look(LookWithin);
        opened.Tell();
        foreach (var line in opened._lines) new Thread(() => line.Keep(opened.Tell)) { IsBackground = true, Name = "dataset" }.Start();
        return opened;
    }

    /// <summary>Returns when of each so much is on the node as is to be there before the start, or cannot be. False where the task is to stop.</summary>
    /// <param name="say">Tells the task's owner.</param>
    public bool AwaitStart(Action<string> say, Func<bool> isStopping)
    {
        foreach (var line in _lines)
        {
            if (line.Use.WaitsFor is null) continue;
            if (!Await(line, say, isStopping)) return false;
            line.StopWaiting();
            Tell();
        }

        return true;
    }

    /// <summary>How all of them are at the end of the task; null where there are none.</summary>
    public IReadOnlyList<DatasetUse>? End()
    {
        if (_lines.Count == 0) return null;
        var until = Environment.TickCount64 + (long)LookWithin.TotalMilliseconds;
        foreach (var line in _lines) line.Look(TimeSpan.FromMilliseconds(Math.Max(1, until - Environment.TickCount64)));
        return [.. _lines.Select(line => line.Use with { FillRate = null, WaitsFor = null })];
    }

    private static bool Await(DatasetLine line, Action<string> say, Func<bool> isStopping)
    {
        var (most, movedAt, saidAt) = (-1L, Environment.TickCount64, long.MinValue);
        while (true)
        {
            if (isStopping()) return false;
            var (use, now) = (line.Use, Environment.TickCount64);
            if (use.HeldPercent >= use.WaitsFor) return true;
            if (use.HeldBytes > most) (most, movedAt) = (use.HeldBytes, now);
            var obstacle = use.Problem ?? (now - movedAt > Stuck.TotalMilliseconds ? "nothing comes" : null);
            if (obstacle is not null)
            {
                say($"data set {use.Name}: starts with {use.HeldPercent} % on this node instead of {use.WaitsFor} %: {obstacle}");
                return true;
            }

            if (saidAt == long.MinValue || now - saidAt >= BetweenWords.TotalMilliseconds)
            {
                say($"data set {use.Name}: {use.HeldPercent} % on this node, starts at {use.WaitsFor} %{(use.WaitsAbout is { } left ? $", in about {Math.Ceiling(left.TotalSeconds):0} s" : "")}");
                saidAt = now;
            }

            Thread.Sleep(BetweenLooks);
        }
    }

    private void Tell()
    {
        lock (_telling)
        {
            var now = JsonSerializer.SerializeToUtf8Bytes([.. _lines.Select(line => line.Use)], TaskJson.Default.IReadOnlyListDatasetUse);
            if (now.AsSpan().SequenceEqual(_told)) return;
            try
            {
                DurableFile.Write(folder, TaskFolder.Datasets, now);
                _told = now;
            }
            catch (IOException)
            {
                // A full disk: it is told later, or not at all.
            }
        }
    }
}
