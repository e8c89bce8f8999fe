using System.Text.RegularExpressions;
using Convoy.Core.Documents;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Convoy.Client;

/// <summary>
/// Reads one YAML document into nodes with positions. Plain scalars mean what the core schema of YAML 1.2 says (<c>no</c> is
/// text), quoted ones are text. Anchors are refused, so a small file cannot unfold into a large one.
/// </summary>
public static partial class YamlDocument
{
    public const int MaxCharacters = 1 << 20;
    private const int MaxDepth = 64;

    public static DocumentReading Read(string text)
    {
        if (text.Length > MaxCharacters) return DocumentReading.Broken($"the file is larger than {MaxCharacters} characters");
        using var reader = new StringReader(text);
        var parser = new Parser(reader);
        try
        {
            Next(parser);
            Next(parser);
            if (parser.Current is StreamEnd) return DocumentReading.Broken("the file is empty", 1, 1);
            Next(parser);
            var root = ReadNode(parser, 0);
            Next(parser);
            return parser.Current is StreamEnd ? new DocumentReading(root, null) : throw new RefusedException("a file holds one job; this is a second document", parser.Current!.Start);
        }
        catch (RefusedException e)
        {
            return DocumentReading.Broken(e.Message, (int)e.Start.Line, (int)e.Start.Column);
        }
        catch (YamlException e)
        {
            return DocumentReading.Broken($"not YAML: {e.InnerException?.Message ?? e.Message}", (int)e.Start.Line, (int)e.Start.Column);
        }
    }

    /// <summary>Leaves the parser behind the node.</summary>
    private static DocumentNode ReadNode(Parser parser, int depth)
    {
        var start = parser.Current!.Start;
        if (depth > MaxDepth) throw new RefusedException($"nested more than {MaxDepth} deep", start);
        if (parser.Current is AnchorAlias) throw new RefusedException("aliases (*name) are not supported; write the value out", start);
        if (parser.Current is NodeEvent node)
        {
            if (!node.Anchor.IsEmpty) throw new RefusedException("anchors (&name) are not supported; write the value out", start);
            if (!node.Tag.IsEmpty) throw new RefusedException("tags (!name) are not supported", start);
        }

        var (line, column) = ((int)start.Line, (int)start.Column);
        switch (parser.Current)
        {
            case Scalar scalar:
                Next(parser);
                return new ScalarNode(scalar.Value, scalar.Style == ScalarStyle.Plain ? KindOf(scalar.Value) : ScalarKind.Text, line, column);
            case SequenceStart:
                Next(parser);
                var items = new List<DocumentNode>();
                while (parser.Current is not SequenceEnd) items.Add(ReadNode(parser, depth + 1));
                Next(parser);
                return new SequenceNode(items, line, column);
            case MappingStart:
                Next(parser);
                var entries = new List<MappingEntry>();
                while (parser.Current is not MappingEnd) entries.Add(ReadEntry(parser, depth));
                Next(parser);
                return new MappingNode(entries, line, column);
            default:
                throw new RefusedException("a value is missing here", start);
        }
    }

    private static MappingEntry ReadEntry(Parser parser, int depth)
    {
        var start = parser.Current!.Start;
        if (ReadNode(parser, depth + 1) is not ScalarNode key) throw new RefusedException("a key must be text", start);
        if (key is { Text: "<<" }) throw new RefusedException("merge keys (<<) are not supported; write the values out", start);
        return new MappingEntry(key.Text, key.Line, key.Column, ReadNode(parser, depth + 1));
    }

    private static void Next(Parser parser)
    {
        do
        {
            if (!parser.MoveNext()) throw new RefusedException("the file ends too early", parser.Current?.End ?? Mark.Empty);
        }
        while (parser.Current is Comment);
    }

    private static ScalarKind KindOf(string plain) => plain switch
    {
        "" or "~" or "null" or "Null" or "NULL" => ScalarKind.Null,
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => ScalarKind.Boolean,
        _ => NumberPattern().IsMatch(plain) ? ScalarKind.Number : ScalarKind.Text,
    };

    [GeneratedRegex(@"\A(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\z")]
    private static partial Regex NumberPattern();

    /// <summary>YAML that a job file may not use.</summary>
    private sealed class RefusedException(string message, Mark start) : YamlException(start, start, message);
}
