using System.Text.Json;
using System.Text.Json.Serialization;
using Convoy.Core.Json;
using Convoy.Core.People;

namespace Convoy.Core.Queues;

/// <summary>What administrators say of everybody: all queues, and levels.</summary>
/// <param name="Queues">All there are, besides people's own. They make a tree (<see cref="QueueTree.Of"/>).</param>
/// <param name="Levels">Each is new, or takes the place of the one of its name; levels that are not listed stay as they are.</param>
public sealed record Organisation(IReadOnlyList<QueueSpec> Queues, IReadOnlyList<Level> Levels)
{
    public static Organisation Empty { get; } = new([], []);

    /// <summary>As <see cref="OrganisationReader"/> reads it.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, OrganisationJson.Default.Organisation);
}

/// <summary>The JSON form of an organisation's file.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    Converters = [typeof(DurationConverter), typeof(ByteSizeConverter), typeof(OrderingConverter)])]
[JsonSerializable(typeof(Organisation))]
internal sealed partial class OrganisationJson : JsonSerializerContext;
