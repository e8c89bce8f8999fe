using System.Globalization;
using Convoy.Core.Resources;

namespace Convoy.Cli.Output;

/// <summary>What the numbers of a waiting reason count, in words.</summary>
internal static class Amounts
{
    /// <param name="unit">The word of a <see cref="Core.Scheduling.WaitingUnit"/>; one that this program does not know is shown as it is.</param>
    public static Text? Of(long? amount, string? unit) => amount is not { } number ? null : unit?.ToLowerInvariant() switch
    {
        "devices" => Spans.Count(number, "GPU"),
        "millidevices" => Gpus(number),
        "millicores" => $"{new CpuQuantity(number)} CPU",
        "bytes" => Text.Verbatim(Spans.Bytes(number)),
        "rdma" => Spans.Count(number, "RDMA device"),
        "jobs" => Spans.Count(number, "job"),
        _ => Text.Verbatim($"{number} {unit}".TrimEnd()),
    };

    /// <param name="milli">Thousandths of devices.</param>
    public static Text Gpus(long milli) => milli == 1000 ? Text.Count(1, "GPU") : $"{milli / 1000m:0.###} GPUs";
}
