using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Convoy.Client.Wire;

namespace Convoy.Cli.Output;

/// <summary>Data for programs: indented JSON, JSON lines and YAML, Chinese as it is.</summary>
internal static class Rendering
{
    /// <summary>The API's own JSON, for reading.</summary>
    public static WireJson Indented { get; } = new(new JsonSerializerOptions(WireJson.Default.Options) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>What only the command line knows, likewise.</summary>
    public static CliJson Own { get; } = new(new JsonSerializerOptions(CliJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>One object a line, for streams.</summary>
    public static WireJson Lines { get; } = new(new JsonSerializerOptions(WireJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static void WriteJson<T>(TextWriter writer, T value, JsonTypeInfo<T> type) => writer.Write(JsonSerializer.Serialize(value, type) + "\n");

    public static void WriteYaml<T>(TextWriter writer, T value, JsonTypeInfo<T> type)
    {
        using var document = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(value, type));
        YamlText.Write(writer, document.RootElement);
    }
}
