using System.Text.Json.Serialization;

namespace Convoy.Objects.Outputs;

/// <summary>The form of manifests on disk: a summary, then one entry a line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(OutputSummary))]
[JsonSerializable(typeof(OutputEntry))]
internal sealed partial class OutputJson : JsonSerializerContext;
