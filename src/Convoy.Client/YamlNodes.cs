using System.Text.RegularExpressions;
using Convoy.Core.Documents;
using Convoy.Core.Languages;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Convoy.Client;

/// <summary>Takes nodes from the parser, which stands on an event and is left behind the node.</summary>
internal sealed partial class YamlNodes(Parser parser, TextLines lines)
{
    private const int MaxDepth = 64;

    public DocumentNode Read(int depth = 0)
    {
        var start = parser.Current!.Start;
        if (depth > MaxDepth) throw new RefusedException($"nested more than {MaxDepth} deep", start);
        if (parser.Current is AnchorAlias) throw new RefusedException("aliases (*name) are not supported; write the value out", start);
        if (parser.Current is NodeEvent node)
        {
            if (!node.Anchor.IsEmpty) throw new RefusedException("anchors (&name) are not supported; write the value out", start);
            if (!node.Tag.IsEmpty) throw new RefusedException("tags (!name) are not supported", start);
        }

        var (line, column) = lines.Within(start.Line, start.Column);
        switch (parser.Current)
        {
            case Scalar scalar:
                Next();
                return new ScalarNode(scalar.Value, scalar.Style == ScalarStyle.Plain ? KindOf(scalar.Value) : ScalarKind.Text, line, column);
            case SequenceStart sequence:
                RefuseTabs(sequence.Style == SequenceStyle.Block, start);
                Next();
                var items = new List<DocumentNode>();
                while (parser.Current is not SequenceEnd) items.Add(Read(depth + 1));
                Next();
                return new SequenceNode(items, line, column);
            case MappingStart mapping:
                RefuseTabs(mapping.Style == MappingStyle.Block, start);
                Next();
                var entries = new List<MappingEntry>();
                while (parser.Current is not MappingEnd) entries.Add(ReadEntry(depth));
                Next();
                return new MappingNode(entries, line, column);
            default:
                throw new RefusedException("a value is missing here", start);
        }
    }

    public void Next()
    {
        do
        {
            if (!parser.MoveNext()) throw new RefusedException("the file ends too early", parser.Current?.End ?? Mark.Empty);
        }
        while (parser.Current is Comment);
    }

    private MappingEntry ReadEntry(int depth)
    {
        var start = parser.Current!.Start;
        if (Read(depth + 1) is not ScalarNode key) throw new RefusedException("a key must be text", start);
        if (key is { Text: "<<" }) throw new RefusedException("merge keys (<<) are not supported; write the values out", start);
        return new MappingEntry(key.Text, key.Line, key.Column, Read(depth + 1));
    }

    /// <summary>The parser takes a tab at the outermost level for one column; an editor shows eight.</summary>
    private void RefuseTabs(bool isBlock, Mark start)
    {
        if (isBlock && lines.Before(start.Line, start.Column).Contains('\t')) throw new RefusedException("tabs may not indent; use spaces", start);
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
    public sealed class RefusedException(Text explanation, Mark start) : YamlException(start, start, explanation.ToString())
    {
        public Text Explanation { get; } = explanation;
    }
}
