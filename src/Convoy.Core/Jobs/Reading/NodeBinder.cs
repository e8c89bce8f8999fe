using System.Globalization;
using Convoy.Core.Documents;
using Convoy.Core.Languages;

namespace Convoy.Core.Jobs.Reading;

/// <summary>Turns nodes into values and gathers everything that is wrong instead of stopping at the first.</summary>
/// <param name="passesOverUnknownKeys">For what a newer version of the same program wrote.</param>
internal sealed class NodeBinder(bool passesOverUnknownKeys = false)
{
    public delegate bool Parser<T>(string text, out T value);

    /// <summary>Nobody reads more, and a hostile document could have a million.</summary>
    private const int MaxProblems = 100;
    private readonly Dictionary<string, DocumentNode> places = [];

    public List<SpecProblem> Problems { get; } = [];

    public bool PassesOverUnknownKeys => passesOverUnknownKeys;

    private bool IsFull => Problems.Count >= MaxProblems;

    /// <summary>The members of a mapping by key. Unknown, repeated and empty ones are problems and left out.</summary>
    /// <param name="known">Keys that mean something; null takes any.</param>
    /// <param name="later">Keys whose feature does not exist yet.</param>
    public IReadOnlyDictionary<string, DocumentNode> Members(DocumentNode node, string path, IReadOnlyList<string>? known, IReadOnlyList<string> later)
    {
        places[path] = node;
        var members = new OrderedDictionary<string, DocumentNode>(StringComparer.Ordinal);
        if (node is not MappingNode mapping)
        {
            Wrong(path, "a mapping of keys to values", node);
            return members;
        }

        foreach (var entry in mapping.Entries)
        {
            var at = Join(path, entry.Key);
            if (passesOverUnknownKeys && known is not null && !known.Contains(entry.Key)) continue;
            if (later.Contains(entry.Key))
            {
                Add(at, "NotAvailable", $"'{entry.Key}' is not available yet; remove it", entry.Line, entry.Column);
            }
            else if (known is not null && !known.Contains(entry.Key))
            {
                var guess = IsFull ? null : NearestWord.To(entry.Key, known.Concat(later));
                Add(at, "UnknownKey", $"there is no key '{entry.Key}' here{(guess is null ? (Text)$"; keys are {string.Join(", ", known)}" : $"; did you mean '{guess}'?")}", entry.Line, entry.Column);
            }
            else if (members.ContainsKey(entry.Key))
            {
                Add(at, "DuplicateKey", $"the key '{entry.Key}' comes twice", entry.Line, entry.Column);
            }
            else if (entry.Value is ScalarNode { Kind: ScalarKind.Null })
            {
                places[at] = entry.Value;
                Add(at, "NoValue", $"'{entry.Key}' has no value; give one or remove the key", entry.Line, entry.Column);
            }
            else
            {
                places[at] = entry.Value;
                members.Add(entry.Key, entry.Value);
            }
        }

        return members;
    }

    public void Require(IReadOnlyDictionary<string, DocumentNode> members, string path, string key, DocumentNode where)
    {
        var at = Join(path, key);
        if (!members.ContainsKey(key) && !Problems.Exists(p => p.Path == at)) Add(at, "Missing", $"'{key}' is missing", where.Line, where.Column);
    }

    public string? Text(DocumentNode node, string path)
    {
        places[path] = node;
        if (node is ScalarNode { Kind: ScalarKind.Text } scalar) return scalar.Text;
        Wrong(path, node is ScalarNode other ? (Text)$"text; put it in quotes: \"{other.Text}\"" : "text", node);
        return null;
    }

    public int? Whole(DocumentNode node, string path) => Whole(node, path, int.MaxValue);

    /// <param name="most">Told where the number is too large to be read; what meaning it has is for others to check.</param>
    public int? Whole(DocumentNode node, string path, int most)
    {
        places[path] = node;
        if (node is ScalarNode { Kind: ScalarKind.Number } scalar)
        {
            if (int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return number;
            if (scalar.Text.All(char.IsAsciiDigit))
            {
                Wrong(path, $"at most {most}", node);
                return null;
            }
        }

        Wrong(path, "a whole number without quotes", node);
        return null;
    }

    public bool? Truth(DocumentNode node, string path)
    {
        places[path] = node;
        if (node is ScalarNode { Kind: ScalarKind.Boolean } scalar) return scalar.Text is "true" or "True" or "TRUE";
        Wrong(path, "true or false", node);
        return null;
    }

    /// <summary>A value with a text form of its own, which may be a bare number.</summary>
    public T? Parsed<T>(DocumentNode node, string path, Parser<T> parser, Text what)
        where T : struct
    {
        places[path] = node;
        if (node is ScalarNode { Kind: ScalarKind.Text or ScalarKind.Number } scalar && parser(scalar.Text, out var value)) return value;
        Wrong(path, what, node);
        return null;
    }

    public IReadOnlyList<T>? List<T>(DocumentNode node, string path, Func<DocumentNode, string, T?> item)
        where T : class
    {
        places[path] = node;
        if (node is not SequenceNode sequence)
        {
            Wrong(path, "a list", node);
            return null;
        }

        return [.. sequence.Items.Select((each, index) => item(each, $"{path}[{index}]")).OfType<T>()];
    }

    public IReadOnlyDictionary<string, string>? Texts(DocumentNode node, string path)
    {
        var texts = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in Members(node, path, null, []))
        {
            if (Text(value, Join(path, key)) is { } text) texts.Add(key, text);
        }

        return texts;
    }

    /// <summary>One of an enumeration's words, in lower case.</summary>
    /// <param name="later">Words whose feature does not exist yet.</param>
    public T? Word<T>(DocumentNode node, string path, string[] later)
        where T : struct, Enum
    {
        if (Text(node, path) is not { } text) return null;
        foreach (var value in Enum.GetValues<T>())
        {
            if (string.Equals(Lower(value), text, StringComparison.Ordinal)) return value;
        }

        var key = path[(path.LastIndexOf('.') + 1)..];
        var words = Enum.GetValues<T>().Select(Lower).ToArray();
        if (later.Contains(text))
        {
            Add(path, "NotAvailable", $"{key} {text} is not available yet; available: {string.Join(", ", words.OrderDescending(StringComparer.Ordinal))}", node.Line, node.Column);
        }
        else
        {
            var guess = NearestWord.To(text, words.Concat(later));
            Add(path, "UnknownWord", $"there is no {key} '{text}'{(guess is null ? Languages.Text.None : $"; did you mean '{guess}'?")} (one of {string.Join(", ", words)})", node.Line, node.Column);
        }

        return null;

        static string Lower(T value) => value.ToString().ToLowerInvariant();
    }

    public void Add(string path, string code, Text message, int line, int column)
    {
        if (!IsFull) Problems.Add(new SpecProblem(path, code, message, line, column));
    }

    /// <summary>Adds what is wrong with values that could be read; a part that could not be read has its problem already.</summary>
    public void AddMeanings(IEnumerable<SpecProblem> meanings)
    {
        var reported = Problems.Select(problem => problem.Path).ToArray();
        foreach (var problem in meanings)
        {
            if (Array.Exists(reported, path => Covers(path, problem.Path) || Covers(problem.Path, path))) continue;
            var place = PlaceOf(problem.Path);
            Add(problem.Path, problem.Code, problem.Message, place?.Line ?? 0, place?.Column ?? 0);
            if (IsFull) return;
        }
    }

    /// <summary>What is bound of a member, or null where it was left out.</summary>
    public static T? Of<T>(IReadOnlyDictionary<string, DocumentNode> members, string path, string key, Func<DocumentNode, string, T?> bind)
        where T : class => members.TryGetValue(key, out var node) ? bind(node, Join(path, key)) : null;

    public static T? OfValue<T>(IReadOnlyDictionary<string, DocumentNode> members, string path, string key, Func<DocumentNode, string, T?> bind)
        where T : struct => members.TryGetValue(key, out var node) ? bind(node, Join(path, key)) : null;

    public static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private static bool Covers(string outer, string inner) =>
        outer.Length == 0 || (inner.StartsWith(outer, StringComparison.Ordinal) && (inner.Length == outer.Length || inner[outer.Length] is '.' or '['));

    /// <summary>Of the value, or of the nearest one around it.</summary>
    private DocumentNode? PlaceOf(string path)
    {
        while (true)
        {
            if (places.TryGetValue(path, out var node)) return node;
            if (path.Length == 0) return null;
            path = path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))];
        }
    }

    private void Wrong(string path, Text what, DocumentNode node) => Add(path, "WrongType", path.Length == 0 ? (Text)$"the document must be {what}, and is {Describe(node)}" : $"must be {what}, and is {Describe(node)}", node.Line, node.Column);

    private static Text Describe(DocumentNode node) => node switch
    {
        ScalarNode { Kind: ScalarKind.Null } => (Text)"empty",
        ScalarNode { Kind: ScalarKind.Number } scalar => $"the number {Short(scalar.Text)}",
        ScalarNode { Kind: ScalarKind.Boolean } scalar => $"the truth value {scalar.Text}",
        ScalarNode scalar => $"the text \"{Short(scalar.Text)}\"",
        SequenceNode => "a list",
        _ => "a mapping",
    };

    private static string Short(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
