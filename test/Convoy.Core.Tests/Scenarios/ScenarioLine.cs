using System.Globalization;
using System.Text.RegularExpressions;
using Convoy.Core.Resources;

namespace Convoy.Core.Tests.Scenarios;

/// <summary>One line of a scenario: perhaps a time, a word, names and keys with values.</summary>
internal sealed partial class ScenarioLine
{
    private readonly Dictionary<string, string> values = [];
    private readonly HashSet<string> used = [];

    public ScenarioLine(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var at = 0;
        if (char.IsAsciiDigit(words[0][0])) At = Parsed<TimeSpan>(words[at++], DurationText.TryParse, "time");
        Word = at < words.Length ? words[at++] : throw new FormatException("a time, and nothing that happens");
        Names = [.. words[at..].Where(word => !word.Contains('=', StringComparison.Ordinal)).SelectMany(Expanded)];
        foreach (var word in words[at..].Where(word => word.Contains('=', StringComparison.Ordinal)))
        {
            var parts = word.Split('=', 2);
            if (!values.TryAdd(parts[0], parts[1])) throw new FormatException($"{parts[0]} comes twice");
        }
    }

    private delegate bool TryParse<T>(string? text, out T value);

    public TimeSpan At { get; }

    public string Word { get; }

    public IReadOnlyList<string> Names { get; }

    public string Name => Names is [var one] ? one : throw new FormatException($"{Word} wants one name");

    public string? Text(string key)
    {
        used.Add(key);
        return values.GetValueOrDefault(key);
    }

    public int? Number(string key) => Value<int>(key, (string? text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number), "number");

    public TimeSpan? Duration(string key) => Value<TimeSpan>(key, DurationText.TryParse, "duration");

    public long? Cpu(string key) => Value<CpuQuantity>(key, CpuQuantity.TryParse, "number of cores")?.Millicores;

    public long? Size(string key) => Value<ByteSize>(key, ByteSize.TryParse, "size")?.Bytes;

    public bool? Flag(string key) => Text(key) switch
    {
        null => null,
        "yes" => true,
        "no" => false,
        _ => throw new FormatException($"{key} is yes or no"),
    };

    public T? Choice<T>(string key)
        where T : struct, Enum => Value<T>(key, (string? text, out T word) => Enum.TryParse(text, ignoreCase: true, out word), typeof(T).Name);

    public void MustBeUsed()
    {
        if (values.Keys.Except(used).FirstOrDefault() is { } unknown) throw new FormatException($"{Word} has no key '{unknown}'");
    }

    private T? Value<T>(string key, TryParse<T> tryParse, string what)
        where T : struct => Text(key) is { } text ? Parsed(text, tryParse, what) : null;

    private static T Parsed<T>(string text, TryParse<T> tryParse, string what) => tryParse(text, out var value) ? value : throw new FormatException($"'{text}' is no {what}");

    private static IEnumerable<string> Expanded(string name)
    {
        if (Range().Match(name) is not { Success: true } range) return [name];
        var (first, last) = (int.Parse(range.Groups[1].ValueSpan, CultureInfo.InvariantCulture), int.Parse(range.Groups[2].ValueSpan, CultureInfo.InvariantCulture));
        return Enumerable.Range(first, last - first + 1).Select(number => $"{name[..range.Index]}{number}{name[(range.Index + range.Length)..]}");
    }

    [GeneratedRegex(@"\{(\d+)\.\.(\d+)\}")]
    private static partial Regex Range();
}
