using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Convoy.Core.Jobs;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Json;

/// <summary>Values whose JSON is their text form. Reading takes what <c>TryParse</c> takes, and nothing else.</summary>
public abstract class TextConverter<T>(string what) : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number => reader.HasValueSequence ? Encoding.UTF8.GetString(reader.ValueSequence) : Encoding.UTF8.GetString(reader.ValueSpan),
            _ => null,
        };
        return TryParse(text, out var value) ? value : throw new JsonException($"not {what}");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(Format(value));

    protected abstract bool TryParse(string? text, out T value);

    protected abstract string Format(T value);
}

public sealed class ByteSizeConverter() : TextConverter<ByteSize>("a size such as 512Gi")
{
    protected override bool TryParse(string? text, out ByteSize value) => ByteSize.TryParse(text, out value);

    protected override string Format(ByteSize value) => value.ToString();
}

public sealed class CpuQuantityConverter() : TextConverter<CpuQuantity>("a number of cores such as 4 or 500m")
{
    protected override bool TryParse(string? text, out CpuQuantity value) => CpuQuantity.TryParse(text, out value);

    protected override string Format(CpuQuantity value) => value.ToString();
}

public sealed class DurationConverter() : TextConverter<TimeSpan>("a duration such as 2m")
{
    protected override bool TryParse(string? text, out TimeSpan value) => DurationText.TryParse(text, out value);

    protected override string Format(TimeSpan value) => DurationText.Format(value);
}

public sealed class ReplicasConverter() : TextConverter<Replicas>("a number such as 4, or a range such as 2..8")
{
    protected override bool TryParse(string? text, out Replicas value) => Replicas.TryParse(text, out value);

    protected override string Format(Replicas value) => value.ToString();
}

public sealed class JobIdConverter() : TextConverter<JobId>("a job id")
{
    protected override bool TryParse(string? text, out JobId value) => JobId.TryParse(text, out value);

    protected override string Format(JobId value) => value.Value;
}

/// <summary>Priorities as people type them: <c>low normal high</c>.</summary>
public sealed class PriorityConverter() : JsonStringEnumConverter<JobPriority>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

/// <summary>Orderings of queues as people type them: <c>fair fifo las</c>.</summary>
public sealed class OrderingConverter() : JsonStringEnumConverter<QueueOrdering>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

/// <summary>How close together, as people type it: <c>island node rack block fabric zone region cluster</c>.</summary>
public sealed class TopologyLevelConverter() : JsonStringEnumConverter<TopologyLevel>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

/// <summary>Frameworks as people type them: <c>command pytorch</c>.</summary>
public sealed class FrameworkConverter() : JsonStringEnumConverter<Framework>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
