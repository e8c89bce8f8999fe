using System.Text.Json;
using System.Text.Json.Serialization;

namespace Convoy.Core.Languages;

/// <summary>Texts as JSON strings: written in the language asked for, and read as they stand.</summary>
public sealed class TextJsonConverter(Func<Language> language) : JsonConverter<Text>
{
    public TextJsonConverter()
        : this(() => Language.English)
    {
    }

    public override Text? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? Text.Verbatim(reader.GetString()) : throw new JsonException("a text is a string");

    public override void Write(Utf8JsonWriter writer, Text value, JsonSerializerOptions options) => writer.WriteStringValue(value.In(language()));
}
