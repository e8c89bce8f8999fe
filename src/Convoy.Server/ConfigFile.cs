using Convoy.Client;
using Convoy.Core.Documents;
using Convoy.Core.Languages;

namespace Convoy.Server;

/// <summary>
/// What the operator decides, in a file: <c>convoy.yaml</c>. Its keys are the options' names as one word each (<c>diskReserve: 4Gi</c>);
/// <c>retention</c> and <c>stores</c> are mappings. An option on the command line goes before the file.
/// </summary>
internal static class ConfigFile
{
    /// <summary>Those whose value is pairs.</summary>
    private static readonly string[] Mappings = ["retention", "stores"];

    /// <summary>Values by the name of their option.</summary>
    /// <param name="takingValue">Options that may stand in a file with a value.</param>
    /// <param name="switches">Options that are true or false there.</param>
    public static IReadOnlyDictionary<string, string> Read(string path, IReadOnlyList<string> takingValue, IReadOnlyList<string> switches, List<Text> errors)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(FileException.Reading("the configuration", path, e).Explanation);
            return values;
        }

        var reading = YamlDocument.Read(text);
        if (reading.Root is not MappingNode root)
        {
            errors.Add($"{path}: {reading.Problem?.Message ?? (Text)"it is no mapping of options to values"}");
            return values;
        }

        var known = takingValue.Concat(switches).ToDictionary(KeyOf, StringComparer.Ordinal);
        foreach (var entry in root.Entries)
        {
            var where = $"{path}:{entry.Line}:{entry.Column}: {entry.Key}";
            if (!known.TryGetValue(entry.Key, out var option)) errors.Add($"{where} is no option{(NearestWord.To(entry.Key, known.Keys) is { } near ? (Text)$"; did you mean {near}?" : "")}");
            else if (values.ContainsKey(option)) errors.Add($"{where} stands there twice");
            else if (Mappings.Contains(entry.Key) && entry.Value is MappingNode kinds && kinds.Entries.All(kind => kind.Value is ScalarNode)) values[option] = string.Join(',', kinds.Entries.Select(kind => $"{kind.Key}={((ScalarNode)kind.Value).Text}"));
            else if (entry.Value is not ScalarNode { Kind: not ScalarKind.Null, Text.Length: > 0 } value) errors.Add($"{where} has no value of the right form");
            else if (!switches.Contains(option)) values[option] = value.Text;
            else if (value.Kind != ScalarKind.Boolean) errors.Add($"{where} is true or false, not '{value.Text}'");
            else if (value.Text == "true") values[option] = "";
        }

        return values;
    }

    /// <summary><c>--disk-reserve</c> is <c>diskReserve</c>.</summary>
    private static string KeyOf(string option) => string.Concat(option[2..].Split('-').Select((word, i) => i == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
}
