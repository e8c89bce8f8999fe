using System.Globalization;
using Convoy.Core.Scheduling.Placement;

namespace Convoy.Bench.Openb;

/// <summary>Alibaba's 2023 GPU trace as the authors of FGD prepared it: nodes, and the pods of one workload.</summary>
internal sealed record OpenbTrace(IReadOnlyList<SharedNode> Nodes, IReadOnlyList<PodShape> Pods)
{
    public const string NodeFile = "openb_node_list_gpu_node.csv";

    private const long Mebibyte = 1024 * 1024;

    /// <summary>The part of the workload that the paper's measure is taken over: all pods of the file, by popularity.</summary>
    public Fragmentation Fragmentation => new(Pods.CountBy(pod => pod).Select(seen => KeyValuePair.Create(seen.Key, (long)seen.Value)));

    /// <param name="workload">As in the file's name: default, gpuspec33, multigpu50, …</param>
    public static OpenbTrace Read(string folder, string workload)
    {
        var rows = Rows(Path.Combine(folder, NodeFile), "sn,cpu_milli,memory_mib,gpu,model");
        var models = rows.Select(row => row[4]).Distinct().Order(StringComparer.Ordinal).ToList();
        var nodes = rows.Select(row => new SharedNode(row[0], models.IndexOf(row[4]), Number(row[1]), Number(row[2]) * Mebibyte,
            [.. Enumerable.Repeat(PodShape.WholeDevice, (int)Number(row[3]))]));
        var pods = Rows(Path.Combine(folder, $"openb_pod_list_{workload}.csv"), "name,cpu_milli,memory_mib,num_gpu,gpu_milli").Select(row => new PodShape(
            Number(row[1]), Number(row[2]) * Mebibyte, (int)Number(row[3]), (int)Number(row[4]), Accepted(row.ElementAtOrDefault(5) ?? "", models)));
        return new OpenbTrace([.. nodes], [.. pods]);
    }

    private static ModelSet Accepted(string spec, List<string> models) => spec.Length == 0 ? ModelSet.Any : ModelSet.Of(spec.Split('|').Select(model => models.IndexOf(model)));

    private static string[][] Rows(string file, string header)
    {
        var lines = File.ReadAllLines(file);
        return lines.Length > 0 && lines[0].StartsWith(header, StringComparison.Ordinal)
            ? [.. lines.Skip(1).Select(line => line.Split(','))]
            : throw new InvalidDataException($"{file} does not begin with {header}");
    }

    private static long Number(string cell) => long.Parse(cell, CultureInfo.InvariantCulture);
}
