using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Convoy.Core.Languages;

/// <summary>
/// A sentence for people, not yet in a language: a template such as <c>job {0} goes on</c> and what belongs into it. An interpolated string that is
/// given where a <see cref="Text"/> is wanted becomes one, and so does a constant. English is the template itself; other languages are looked up by it.
/// </summary>
[InterpolatedStringHandler]
public sealed class Text : IEquatable<Text>, ISpoken
{
    /// <summary>Most texts are constants, and most of those are never said: they cost one object.</summary>
    private readonly string? constant;
    private readonly StringBuilder? template;
    private static readonly List<Argument> Nothing = [];
    private readonly List<Argument> arguments;

    /// <summary>The compiler calls this, and the methods that append.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public Text(int literalLength, int formattedCount)
    {
        template = new StringBuilder(literalLength + (3 * formattedCount));
        arguments = new List<Argument>(formattedCount);
    }

    private Text(string constant)
    {
        this.constant = constant;
        arguments = Nothing;
    }

    public static Text None { get; } = new("");

    /// <summary>Its English, with numbered holes.</summary>
    public string Template => template?.ToString() ?? TemplateText.Escaped(constant!);

    [SuppressMessage("Usage", "CA2225", Justification = "Of is the alternative.")]
    [return: NotNullIfNotNull(nameof(constant))]
    public static implicit operator Text?(string? constant) => constant is null ? null : new Text(constant);

    /// <summary>Where the compiler would make a string, as of both branches of a <c>?:</c>, this says that it is a text.</summary>
    public static Text Of(Text text) => text;

    /// <summary>What is the same in every language: a name, a command, or a sentence that is in the reader's language already.</summary>
    [return: NotNullIfNotNull(nameof(words))]
    public static Text? Verbatim(string? words) => words is null ? null : Of($"{words}");

    /// <summary>English that was stored, such as how a task failed.</summary>
    [return: NotNullIfNotNull(nameof(english))]
    public static Text? Recalled(string? english) => english is null ? null : Of($"{new StoredSentence(english)}");

    /// <summary>A number of things; their plural is English's alone.</summary>
    public static Text Count(long number, [Noun] string noun) => Count(number, noun, noun + "s");

    /// <param name="nouns">More than one.</param>
    public static Text Count(long number, [Noun] string noun, string nouns) => Of($"{new Counted(number, noun, nouns)}");

    /// <summary>One after another, with what the language puts between.</summary>
    public static Text Join(Text separator, IEnumerable<Text> parts) => Of($"{new Joined(separator, [.. parts])}");

    public string In(Language language) => constant is not null && language == Language.English ? constant : TemplateText.Fill(language == Language.English ? Template : Catalogue.Of(language).Find(Template) ?? Template, arguments, language);

    /// <summary>In English: for logs, exceptions and tests.</summary>
    public override string ToString() => In(Language.English);

    public bool Equals(Text? other) => other is not null && ToString() == other.ToString();

    public override bool Equals(object? obj) => Equals(obj as Text);

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    [EditorBrowsable(EditorBrowsableState.Never)]
    public void AppendLiteral(string value) => TemplateText.Escape(template!, value);

    [EditorBrowsable(EditorBrowsableState.Never)]
    public void AppendFormatted<T>(T value, int alignment = 0, string? format = null)
    {
        template!.Append('{').Append(arguments.Count.ToString(CultureInfo.InvariantCulture)).Append('}');
        arguments.Add(new Argument(value, alignment, format));
    }
}

/// <summary>Marks a singular noun of which there is a number: <c>job</c>, of which the catalogue has <c>{0} job</c>.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class NounAttribute : Attribute;

/// <summary>What is said differently in different languages.</summary>
internal interface ISpoken
{
    string In(Language language);
}

/// <summary>What belongs into a hole of a template.</summary>
internal readonly record struct Argument(object? Value, int Alignment, string? Format)
{
    public string In(Language language)
    {
        var words = Value switch
        {
            null => "",
            ISpoken spoken => spoken.In(language),
            IFormattable formattable => formattable.ToString(Format, CultureInfo.InvariantCulture),
            var other => other.ToString()!,
        };
        return Alignment >= 0 ? words.PadLeft(Alignment) : words.PadRight(-Alignment);
    }
}

internal sealed record Counted(long Number, string Noun, string Nouns) : ISpoken
{
    public string In(Language language)
    {
        if (language == Language.English) return $"{Number.ToString(CultureInfo.InvariantCulture)} {(Number == 1 ? Noun : Nouns)}";
        var template = $"{{0}} {Noun}";
        return TemplateText.Fill(Catalogue.Of(language).Find(template) ?? template, [new Argument(Number, 0, null)], language);
    }
}

internal sealed record Joined(Text Separator, IReadOnlyList<Text> Parts) : ISpoken
{
    public string In(Language language) => string.Join(Separator.In(language), Parts.Select(part => part.In(language)));
}
