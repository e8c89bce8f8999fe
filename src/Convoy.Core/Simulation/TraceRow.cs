using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;
using Convoy.Core.Queues;
using Convoy.Core.Resources;

namespace Convoy.Core.Simulation;

/// <summary>Reads the rows of a trace, one after another. What cannot be read gets its default, and a problem.</summary>
internal sealed class TraceRow(IReadOnlyDictionary<string, int> columns, SimulatedCluster cluster, TraceProblems problems)
{
    private const int MaxGpus = 1_000_000;
    private const int MaxTasks = 100_000;

    /// <summary>A hundred years: seconds since 1970 are good, milliseconds are a mistake.</summary>
    private const long MaxSeconds = 100L * 365 * 24 * 3600;

    private static readonly string[] Priorities = [.. Enum.GetNames<JobPriority>().Select(name => name.ToLowerInvariant())];

    private readonly HashSet<string> levels = [.. cluster.Levels.Select(level => level.Name)];
    private readonly HashSet<string> queues = [.. cluster.Queues.Select(queue => queue.Name), QueueTree.RootName];
    private IReadOnlyList<CsvCell> cells = [];

    public SimulatedJob Read(IReadOnlyList<CsvCell> row)
    {
        cells = row;
        foreach (var column in TraceReader.Required)
        {
            if (columns.TryGetValue(column, out var index) && cells[index].Text.Length == 0) Wrong(column, "is empty");
        }

        var nodes = Whole("nodes", 1, MaxTasks);
        var gpus = Whole("gpus", 0, MaxGpus) ?? 0;
        var milli = Whole("gpu_milli", 0, 1000) ?? 0;
        if ((long)gpus * (nodes ?? 1) > MaxGpus) Wrong("gpus", $"times nodes must be at most {MaxGpus}");
        if (milli is > 0 and < 1000 && gpus > 1) Wrong("gpu_milli", $"is a share of one GPU, and the job has {gpus}");
        var shares = milli is > 0 and < 1000 && gpus <= 1;
        return new SimulatedJob(Text("id") ?? "", Seconds("submit_s") ?? default, Seconds("duration_s") ?? default, shares ? 0 : milli == 1000 ? Math.Max(1, gpus) : gpus, nodes, Accelerators())
        {
            GpuMilli = shares ? milli : 0,
            CpuMillicores = Parsed<CpuQuantity>("cpu", CpuQuantity.TryParse, cpu => cpu.Millicores <= SimulatedNode.AnyCpuMillicores, "a number of cores such as 4, 0.5 or 500m")?.Millicores ?? 0,
            MemoryBytes = Parsed<ByteSize>("memory", ByteSize.TryParse, size => size.Bytes <= SimulatedNode.AnyMemoryBytes, "a size such as 512Gi, at most 64Ti")?.Bytes ?? 0,
            User = Text("user") ?? SimulatedJob.Somebody,
            Level = Level(),
            Queue = Queue(),
            Priority = Priority(),
            Preemptible = Preemptible(),
            MinNodes = MinNodes(nodes),
        };
    }

    /// <summary>Null where it is empty, or the trace has no such column.</summary>
    private string? Text(string column)
    {
        if (!columns.TryGetValue(column, out var index) || cells[index].Text.Length == 0) return null;
        var text = cells[index].Text;
        if (!text.Any(char.IsControl)) return text;
        Wrong(column, "must have no control characters");
        return null;
    }

    private decimal? Number(string column)
    {
        if (Text(column) is not { } text) return null;
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)) return number;
        Wrong(column, $"must be a number, and is '{Cell.Short(text)}'");
        return null;
    }

    private TimeSpan? Seconds(string column)
    {
        if (Number(column) is not { } seconds) return null;
        if (seconds is >= 0 and <= MaxSeconds) return TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond, MidpointRounding.AwayFromZero));
        Wrong(column, $"must be 0 to {MaxSeconds} seconds, and is {Cell.Short(Text(column)!)}");
        return null;
    }

    private int? Whole(string column, int least, int most)
    {
        if (Number(column) is not { } number) return null;
        if (number == decimal.Truncate(number) && number >= least && number <= most) return (int)number;
        var hint = column == "gpus" && number is > 0 and < 1 ? (Text)"; a share of a GPU is gpu_milli, in thousandths" : "";
        Wrong(column, $"must be a whole number from {least} to {most}, and is {Cell.Short(Text(column)!)}{hint}");
        return null;
    }

    private T? Parsed<T>(string column, TextParser<T> parse, Func<T, bool> allowed, Text what)
        where T : struct
    {
        if (Text(column) is not { } text) return null;
        if (parse(text, out var value) && allowed(value)) return value;
        Wrong(column, $"must be {what}, and is '{Cell.Short(text)}'");
        return null;
    }

    private string[] Accelerators()
    {
        if (Text("accelerators") is not { } text) return [];
        var types = text.Split('|', StringSplitOptions.TrimEntries);
        if (types.FirstOrDefault(type => !JobSpecValidator.IsAcceleratorName(type)) is { } bad) Wrong("accelerators", $"'{Cell.Short(bad)}' is no accelerator's name: 1 to 63 of letters, digits, '.', '_' and '-', several with '|' between them");
        else if (types.Distinct().Count() < types.Length) Wrong("accelerators", "names one twice");
        return types;
    }

    private string? Level()
    {
        var name = Text("level");
        if (name is null || levels.Contains(name)) return name;
        Wrong("level", $"there is no level '{Cell.Short(name)}'{problems.Guess(name, levels)} (one of {string.Join(", ", levels)})");
        return null;
    }

    /// <summary>Where the cluster's file names no queues, every name is a queue.</summary>
    private string? Queue()
    {
        var name = Text("queue");
        if (name is null || cluster.Queues.Count == 0 || queues.Contains(name) || name == Text("user")) return name;
        Wrong("queue", $"the cluster has no queue '{Cell.Short(name)}'{problems.Guess(name, queues)}");
        return null;
    }

    private JobPriority Priority()
    {
        if (Text("priority") is not { } word) return JobPriority.Normal;
        if (Array.IndexOf(Priorities, word) is >= 0 and var index) return Enum.GetValues<JobPriority>()[index];
        Wrong("priority", $"there is no priority '{Cell.Short(word)}'{problems.Guess(word, Priorities)} (one of {string.Join(", ", Priorities)})");
        return JobPriority.Normal;
    }

    private bool Preemptible()
    {
        switch (Text("preemptible")?.ToLowerInvariant())
        {
            case null or "true" or "1":
                return true;
            case "false" or "0":
                return false;
            case var other:
                Wrong("preemptible", $"must be true or false, and is '{Cell.Short(other)}'");
                return true;
        }
    }

    private int? MinNodes(int? nodes)
    {
        if (Whole("min_nodes", 1, MaxTasks) is not { } least) return null;
        if (nodes is null) Wrong("min_nodes", "needs nodes: the most that the job can use");
        else if (least > nodes) Wrong("min_nodes", $"must not be more than nodes, which is {nodes}");
        return least;
    }

    private void Wrong(string column, Text message) => problems.Add(cells[columns[column]], column, "BadValue", message);

    private delegate bool TextParser<T>(string text, out T value);
}

/// <summary>Cells in messages.</summary>
internal static class Cell
{
    public static string Short(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
