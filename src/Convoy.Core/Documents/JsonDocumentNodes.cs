using System.Text;
using System.Text.Json;

namespace Convoy.Core.Documents;

/// <summary>Reads JSON into nodes without positions. A member that is null is one left out.</summary>
public static class JsonDocumentNodes
{
    public const int MaxBytes = 4 << 20;
    public const int MaxDepth = 64;

    public static DocumentReading Read(ReadOnlySpan<byte> json)
    {
        if (json.Length > MaxBytes) return DocumentReading.Broken($"the document is larger than {MaxBytes} bytes");
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            reader.Read();
            var root = ReadValue(ref reader);
            reader.Read();
            return new DocumentReading(root, null);
        }
        catch (JsonException e)
        {
            return DocumentReading.Broken($"not JSON: {Plain(e.Message)}", (int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1);
        }
        catch (InvalidOperationException)
        {
            // So the reader says that a string is no UTF-8 or holds half of a surrogate pair.
            return DocumentReading.Broken("not JSON: a string is not Unicode");
        }
    }

    /// <summary>Leaves the reader at the value's last token.</summary>
    internal static DocumentNode ReadValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var entries = new List<MappingEntry>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var key = reader.GetString()!;
                    reader.Read();
                    var value = ReadValue(ref reader);
                    if (value is not ScalarNode { Kind: ScalarKind.Null }) entries.Add(new MappingEntry(key, 0, 0, value));
                }

                return new MappingNode(entries, 0, 0);
            case JsonTokenType.StartArray:
                var items = new List<DocumentNode>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(ReadValue(ref reader));
                return new SequenceNode(items, 0, 0);
            case JsonTokenType.String:
                return new ScalarNode(reader.GetString()!, ScalarKind.Text, 0, 0);
            case JsonTokenType.Number:
                return new ScalarNode(reader.HasValueSequence ? Encoding.UTF8.GetString(reader.ValueSequence) : Encoding.UTF8.GetString(reader.ValueSpan), ScalarKind.Number, 0, 0);
            case JsonTokenType.True:
                return new ScalarNode("true", ScalarKind.Boolean, 0, 0);
            case JsonTokenType.False:
                return new ScalarNode("false", ScalarKind.Boolean, 0, 0);
            default:
                return new ScalarNode("null", ScalarKind.Null, 0, 0);
        }
    }

    /// <summary>The reader's message without its own count of lines.</summary>
    private static string Plain(string message)
    {
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).TrimEnd('.', ' ');
    }
}
