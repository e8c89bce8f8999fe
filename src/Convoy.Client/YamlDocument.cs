using Convoy.Core.Documents;
using Convoy.Core.Languages;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Convoy.Client;

/// <summary>
/// Reads one YAML document into nodes with positions. Plain scalars mean what the core schema of YAML 1.2 says (<c>no</c> is
/// text), quoted ones are text. Anchors are refused, so a small file cannot unfold into a large one.
/// </summary>
public static class YamlDocument
{
    public const int MaxCharacters = 1 << 20;

    public static DocumentReading Read(string text)
    {
        if (text.Length > MaxCharacters) return DocumentReading.Broken($"the file is larger than {MaxCharacters} characters");
        if (text.StartsWith('\uFEFF')) text = text[1..];
        var lines = new TextLines(text);

        // The parser takes a NUL for the end of the file: what follows would be ignored.
        if (FindUnprintable(text) is { } at) return Broken($"the character U+{(int)text[at]:X4} may not stand in a file", lines.PlaceOf(at));
        using var reader = new StringReader(text);
        var parser = new Parser(reader);
        var nodes = new YamlNodes(parser, lines);
        try
        {
            nodes.Next();
            nodes.Next();
            if (parser.Current is StreamEnd) return Broken("the file is empty", (1, 1));
            nodes.Next();
            var root = nodes.Read();
            nodes.Next();
            return parser.Current is StreamEnd ? new DocumentReading(root, null) : throw new YamlNodes.RefusedException("a file holds one document; this is a second document", parser.Current!.Start);
        }
        catch (YamlNodes.RefusedException e)
        {
            return Broken(e.Explanation, lines.Within(e.Start.Line, e.Start.Column));
        }
        catch (YamlException e)
        {
            return Broken($"not YAML: {e.InnerException?.Message ?? e.Message}", lines.Within(e.Start.Line, e.Start.Column));
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // So the parser meets escapes beyond Unicode and directives without a document.
            return Broken("not YAML: what stands here cannot be read", lines.Within(parser.Current?.End.Line ?? 1, parser.Current?.End.Column ?? 1));
        }
    }

    private static DocumentReading Broken(Text message, (int Line, int Column) place) => DocumentReading.Broken(message, place.Line, place.Column);

    /// <summary>The first character that YAML 1.2 (5.1) does not allow, half surrogate pairs included.</summary>
    private static int? FindUnprintable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '\t' or '\n' or '\r' or '\x85' or (>= ' ' and <= '~') or (>= '\xA0' and <= '\uD7FF') or (>= '\uE000' and <= '\uFFFD')) continue;
            if (!char.IsHighSurrogate(c) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])) return i;
            i++;
        }

        return null;
    }
}
