using System.Text;

namespace Convoy.Core.Languages;

/// <summary>
/// What every template is in another language, as it stands in <c>zh.po</c>. It is read when somebody first asks for it: who speaks English never
/// waits for it.
/// </summary>
public sealed class Catalogue
{
    private static readonly Lazy<Catalogue> ChineseCatalogue = new(() => Read("zh.po"));
    private readonly Dictionary<string, string> twins = new(StringComparer.Ordinal);
    private readonly List<string> stored = [];

    private Catalogue()
    {
    }

    /// <summary>From templates to their twins.</summary>
    public IReadOnlyDictionary<string, string> Twins => twins;

    public static Catalogue Of(Language language) => language == Language.Chinese ? ChineseCatalogue.Value : new Catalogue();

    /// <summary>Templates of English that is stored; the entry bears <c>#, stored</c>. More specific ones stand before those that fit more.</summary>
    public IReadOnlyList<string> Stored => stored;

    /// <summary>Null where there is no twin.</summary>
    public string? Find(string template) => twins.GetValueOrDefault(template);

    /// <summary>The twin of a stored sentence, its parts among them; null where no template fits it.</summary>
    public string? Recall(string english)
    {
        foreach (var template in stored)
        {
            if (StoredSentence.Match(template, english) is not { } parts) continue;
            return TemplateText.Fill(twins[template], [.. parts.Select(part => new Argument(new StoredSentence(part), 0, null))], Language.Chinese);
        }

        return null;
    }

    /// <summary>The part of gettext's format that we use: comments, <c>msgid</c>, <c>msgstr</c>, each perhaps on several lines.</summary>
    /// <exception cref="FormatException">A line is something else, or a template comes twice.</exception>
    public static Catalogue Parse(TextReader reader)
    {
        var catalogue = new Catalogue();
        string? template = null;
        StringBuilder? words = null;
        var (isStored, willBeStored) = (false, false);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (line == "#, stored") willBeStored = true;
            if (line.Length == 0 || line[0] == '#') continue;
            if (line.StartsWith("msgid \"", StringComparison.Ordinal))
            {
                Add();
                (isStored, willBeStored) = (willBeStored, false);
                (template, words) = (null, Unquoted(line.AsSpan(6), number));
            }
            else if (line.StartsWith("msgstr \"", StringComparison.Ordinal) && words is not null && template is null)
            {
                (template, words) = (words.ToString(), Unquoted(line.AsSpan(7), number));
            }
            else if (line[0] == '"' && words is not null)
            {
                words.Append(Unquoted(line, number));
            }
            else
            {
                throw new FormatException($"line {number} of the catalogue is no entry: {line}");
            }
        }

        Add();
        return catalogue;

        void Add()
        {
            if (template is null || words is null || template.Length == 0) return;
            if (!catalogue.twins.TryAdd(template, words.ToString())) throw new FormatException($"the catalogue has two twins of: {template}");
            if (isStored) catalogue.stored.Add(template);
        }
    }

    private static Catalogue Read(string name)
    {
        using var stream = typeof(Catalogue).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return Parse(reader);
    }

    private static StringBuilder Unquoted(ReadOnlySpan<char> quoted, int line)
    {
        if (quoted.Length < 2 || quoted[^1] != '"') throw new FormatException($"line {line} of the catalogue has no end");
        var words = new StringBuilder(quoted.Length);
        for (var i = 1; i < quoted.Length - 1; i++)
        {
            if (quoted[i] != '\\')
            {
                words.Append(quoted[i]);
                continue;
            }

            words.Append(quoted[++i] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', 'e' => '\e', var other => other });
        }

        return words;
    }
}
