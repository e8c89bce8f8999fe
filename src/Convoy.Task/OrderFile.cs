using System.Text.Json;
using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>The order as it lies in the folder, checked for what would make it run otherwise than it reads.</summary>
internal static class OrderFile
{
    /// <exception cref="CannotStartException">It is not there, cannot be read or cannot be meant.</exception>
    public static TaskOrder Read(string folder)
    {
        TaskOrder? order;
        try
        {
            order = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, TaskFolder.Order)), TaskJson.Default.TaskOrder);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CannotStartException($"{TaskFolder.Order} cannot be read: {e.Message}", e);
        }

        return Problem(order) is { } problem ? throw new CannotStartException($"{TaskFolder.Order}: {problem}") : order!;
    }

    private static string? Problem(TaskOrder? order)
    {
        if (order is null) return "it is empty";
        // Deserialisation lets null into what is declared never null.
        if (order.Command is null || order.Command.Count == 0 || string.IsNullOrEmpty(order.Command[0])) return "command names no program";
        if (order.Command.Any(word => word is null || word.Contains('\0', StringComparison.Ordinal))) return "command contains a null";
        if (order.Environment is null || order.Environment.Any(pair => pair.Value is null || pair.Value.Contains('\0', StringComparison.Ordinal)))
            return "environment contains a null";
        if (order.Environment.Keys.FirstOrDefault(name => name.Length == 0 || name.AsSpan().IndexOfAny('=', '\0') >= 0) is { } bad)
            return $"environment has a variable named '{bad}'";
        if (order.WorkingDirectory is null || !Path.IsPathRooted(order.WorkingDirectory) || order.WorkingDirectory.Contains('\0', StringComparison.Ordinal))
            return "workingDirectory is not an absolute path";
        if (order.Uid < 0) return "uid is negative";
        if (order.StopSignal is null || Signals.Number(order.StopSignal) is null) return $"stopSignal '{order.StopSignal}' is no signal";
        if (order.GraceMilliseconds < 0 || order.CpuMillicores < 0 || order.MemoryBytes < 0) return "a duration or a limit is negative";
        if (order.LogBytes <= 0 || order.LogSegmentBytes <= 0) return "logBytes and logSegmentBytes must be positive";
        if (string.IsNullOrEmpty(order.CgroupName) || order.CgroupName is "." or ".." || order.CgroupName.AsSpan().IndexOfAny('/', '\0') >= 0)
            return "cgroupName is not a file name";
        if (order.HoldPorts is null || order.HoldPorts.Any(port => port is < 1 or > 65535)) return "holdPorts has a number that is no port";
        if (order.Datasets is null || order.Datasets.Any(dataset => string.IsNullOrEmpty(dataset?.Name) || string.IsNullOrEmpty(dataset.Version) || dataset.Mount is "" || dataset.Mount?[0] is not (null or '/')))
            return "datasets has one without name or version, or with a mount that is no absolute path";
        if (order.Datasets.Count > 0 && string.IsNullOrEmpty(order.NodeSocket)) return "there are datasets, and no nodeSocket";
        if (order.Console is { IdleMilliseconds: <= 0 }) return "console.idleMilliseconds must be positive";
        return null;
    }
}
