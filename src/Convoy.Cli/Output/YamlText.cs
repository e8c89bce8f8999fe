using System.Text.Json;

namespace Convoy.Cli.Output;

/// <summary>JSON data written as YAML, in the order it has. Strings that YAML would read as something else are quoted.</summary>
internal static class YamlText
{
    public static void Write(TextWriter writer, JsonElement value)
    {
        if (IsBlock(value)) WriteBlock(writer, value, 0, startsInLine: false);
        else writer.Write(Scalar(value) + "\n");
    }

    /// <summary>One more item of a sequence that is indented so far.</summary>
    public static void WriteItem(TextWriter writer, JsonElement item, int indent)
    {
        writer.Write(new string(' ', indent) + "- ");
        if (IsBlock(item)) WriteBlock(writer, item, indent + 2, startsInLine: true);
        else writer.Write(Scalar(item) + "\n");
    }

    private static bool IsBlock(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Any(),
        JsonValueKind.Array => value.GetArrayLength() > 0,
        _ => false,
    };

    /// <param name="startsInLine">The first entry follows a <c>- </c> that is already written.</param>
    private static void WriteBlock(TextWriter writer, JsonElement value, int indent, bool startsInLine)
    {
        var first = startsInLine;
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
            {
                WriteItem(writer, item, first ? 0 : indent);
                first = false;
            }

            return;
        }

        foreach (var property in value.EnumerateObject())
        {
            Indent(writer, indent, ref first);
            writer.Write(Text(property.Name) + ":");
            if (IsBlock(property.Value))
            {
                writer.Write('\n');
                WriteBlock(writer, property.Value, indent + 2, startsInLine: false);
            }
            else
            {
                writer.Write(" " + Scalar(property.Value) + "\n");
            }
        }
    }

    private static void Indent(TextWriter writer, int indent, ref bool first)
    {
        if (!first) writer.Write(new string(' ', indent));
        first = false;
    }

    private static string Scalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{}",
        JsonValueKind.Array => "[]",
        JsonValueKind.String => Text(value.GetString()!),
        _ => value.GetRawText(),
    };

    public static string Text(string text) => IsPlain(text) ? text : Quoted(text);

    /// <summary>Narrow on purpose: what looks like anything but a word is quoted.</summary>
    private static bool IsPlain(string text) =>
        text.Length > 0
        && char.IsLetter(text[0])
        && text.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' or '/')
        && text.ToLowerInvariant() is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n");

    /// <summary>A JSON string is a YAML double-quoted string.</summary>
    private static string Quoted(string text) => "\"" + JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping) + "\"";
}
