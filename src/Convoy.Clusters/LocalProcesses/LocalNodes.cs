using System.Globalization;
using Convoy.Core.Scheduling;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>This machine as nodes.</summary>
internal static class LocalNodes
{
    /// <summary>A hanging driver is no reason not to run what needs no device.</summary>
    private static readonly TimeSpan DriverAnswersWithin = TimeSpan.FromSeconds(30);

    public static async Task<IReadOnlyList<NodeObservation>> DiscoverAsync(LocalClusterOptions options, CancellationToken cancellationToken)
    {
        var found = options.GpusPerNode is null ? FoundDevice.Parse(await NvidiaSmi.AskAsync("index,name,memory.total", DriverAnswersWithin, cancellationToken) ?? "") : [];
        return Split(options, found, Environment.ProcessorCount, TotalMemory());
    }

    /// <summary>
    /// Found devices keep the machine's own indexes and are dealt out in runs, because neighbours are wired closest; declared ones count from
    /// 0 on every node.
    /// </summary>
    public static IReadOnlyList<NodeObservation> Split(LocalClusterOptions options, IReadOnlyList<FoundDevice> found, int cores, long memory)
    {
        // A node has one type; of a mixed machine the commonest is used.
        var type = found.GroupBy(device => device.Type).OrderByDescending(group => group.Count()).FirstOrDefault();
        var indexes = type?.Select(device => device.Index).Order().ToArray() ?? [];
        var nodes = new List<NodeObservation>();
        for (var i = 0; i < options.Nodes; i++)
        {
            int[] devices = options.GpusPerNode is { } declared
                ? [.. Enumerable.Range(0, declared)]
                : indexes[(indexes.Length * i / options.Nodes)..(indexes.Length * (i + 1) / options.Nodes)];
            var accelerator = devices.Length == 0 ? null : options.Accelerator ?? type?.Key ?? "GPU";
            nodes.Add(new NodeObservation($"node-{i}", NodeHealth.Ready, Math.Max(1000, cores * 1000L / options.Nodes), memory / options.Nodes, accelerator, devices, AssignsDevices: true));
        }

        return nodes;
    }

    private static long TotalMemory()
    {
        var line = File.ReadLines("/proc/meminfo").First(l => l.StartsWith("MemTotal:", StringComparison.Ordinal));
        var total = long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
        foreach (var limit in new[] { "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes" })
        {
            if (File.Exists(limit) && long.TryParse(File.ReadAllText(limit), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var bytes)) total = Math.Min(total, bytes);
        }

        return total;
    }
}

/// <param name="Type">Canonical: model and memory, as in <c>H100-80G</c>.</param>
internal sealed record FoundDevice(int Index, string Type)
{
    /// <summary>Gigabytes as makers print them; the driver reports a little less.</summary>
    private static readonly int[] PrintedSizes = [4, 6, 8, 10, 11, 12, 16, 20, 24, 32, 40, 48, 64, 80, 94, 96, 141, 180, 192, 288];

    private static readonly string[] Makers = ["NVIDIA", "Tesla", "GeForce", "Quadro"];

    /// <summary>Of lines <c>index, name, MiB</c>.</summary>
    public static IReadOnlyList<FoundDevice> Parse(string table)
    {
        var devices = new List<FoundDevice>();
        foreach (var line in table.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var cells = line.Split(',', StringSplitOptions.TrimEntries);
            if (cells.Length != 3 || !int.TryParse(cells[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index)) continue;
            _ = long.TryParse(cells[2], NumberStyles.None, CultureInfo.InvariantCulture, out var mebibytes);
            devices.Add(new FoundDevice(index, Canonical(cells[1], mebibytes)));
        }

        return devices;
    }

    /// <summary>From what the maker calls it, and its memory in MiB (0 where it is not told).</summary>
    public static string Canonical(string name, long mebibytes)
    {
        var words = name.Split([' ', '-'], StringSplitOptions.RemoveEmptyEntries).SkipWhile(word => Makers.Contains(word));
        var model = string.Concat(words.TakeWhile(word => !IsForm(word)));
        var size = PrintedSizes.FirstOrDefault(printed => printed * 1024L >= mebibytes - 512);
        return size == 0 || mebibytes == 0 ? model : $"{model}-{size}G";
    }

    /// <summary>From here on a name tells of its case and memory.</summary>
    private static bool IsForm(string word) =>
        word.StartsWith("SXM", StringComparison.Ordinal) || word.StartsWith("PCI", StringComparison.Ordinal) || word.StartsWith("HBM", StringComparison.Ordinal)
        || word == "NVL" || word.EndsWith("GB", StringComparison.Ordinal);
}
