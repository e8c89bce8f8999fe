using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Convoy.Core.Documents;
using Convoy.Core.Resources;
using Convoy.Core.Languages;

namespace Convoy.Cli;

/// <summary>Options whose values are checked while parsing, with messages that say what would be right.</summary>
internal static class Options
{
    public static Option<string> Format(params string[] formats) => new("--output", "-o")
    {
        Description = $"Output format: {string.Join(", ", formats)}",
        HelpName = "FORMAT",
        DefaultValueFactory = _ => formats[0],
        CustomParser = result => OneOf(result, formats),
        CompletionSources = { formats },
    };

    public static Option<string?> Choice(string name, string description, string helpName, params string[] values) => new(name)
    {
        Description = $"{description}: {string.Join(", ", values)}",
        HelpName = helpName,
        CustomParser = result => OneOf(result, values),
        CompletionSources = { values },
    };

    public static Option<string?> Text(string name, string helpName, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = helpName };

    public static Option<string?> File(string name, string description, params string[] aliases) => Place(Text(name, "FILE", description, aliases), "file");

    /// <summary>A file that <see cref="Cli.InputFile"/> reads.</summary>
    public static Option<string?> InputFile(string name, string description, params string[] aliases) => File(name, $"{description}; - reads standard input", aliases);

    /// <summary>A file that <see cref="Cli.OutputFile"/> writes.</summary>
    public static Option<string?> OutputFile(string name, string description)
    {
        var option = File(name, description);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: "-" }]) result.Refuse($"{name} writes a file, and - is none; a file of that name is ./-");
        });
        return option;
    }

    public static Option<string?> Folder(string name, string helpName, string description) => Place(Text(name, helpName, description), "folder");

    public static Option<bool> Switch(string name, string description, params string[] aliases) => new(name, aliases) { Description = description };

    public static Option<int?> Number(string name, string helpName, string description, int least, int most = int.MaxValue) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
            result.Refuse(most == int.MaxValue ? (Text)$"{name} takes a number of at least {least}, not '{text}'" : $"{name} takes a number from {least} to {most}, not '{text}'");
            return null;
        },
    };

    /// <summary>A duration; the text is what was typed.</summary>
    public static Option<TimeSpan?> Duration(string name, string description, TimeSpan least = default) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (DurationText.TryParse(text, out var duration) && duration >= least) return duration;
            result.Refuse($"{name} takes a duration such as 30s, 10m, 4h or 2d, from {DurationText.Format(least)} to {DurationText.Format(DurationText.Longest)}, not '{text}'");
            return null;
        },
    };

    /// <summary>Never empty: that is an unset variable of a script, no place.</summary>
    private static Option<string?> Place(Option<string?> option, Core.Languages.Text what)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: "" }]) result.Refuse($"{result.IdentifierToken?.Value ?? option.Name} names no {what} (an unset variable?)");
        });
        return option;
    }

    private static string OneOf(ArgumentResult result, string[] values)
    {
        var text = result.Tokens[0].Value;
        if (values.Contains(text, StringComparer.Ordinal)) return text;
        var option = result.Parent is OptionResult parent ? parent.IdentifierToken?.Value ?? parent.Option.Name : "it";
        var nearest = NearestWord.To(text, values);
        result.Refuse($"{option} takes {string.Join(", ", values)}, not '{text}'{(nearest is null ? Core.Languages.Text.None : $"; did you mean {nearest}?")}");
        return values[0];
    }
}
