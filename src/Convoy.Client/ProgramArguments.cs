using Convoy.Core.Languages;

namespace Convoy.Client;

/// <summary>The arguments of a program that is started with options alone, and goes on until it is stopped.</summary>
public static class ProgramArguments
{
    /// <summary>Before it is known whether the arguments are any good.</summary>
    public static Language LanguageOf(IReadOnlyList<string> args) =>
        args.SkipWhile(arg => arg != "--lang").Skip(1).Select(LanguageTags.Parse).FirstOrDefault() ?? LanguageTags.OfEnvironment(Environment.GetEnvironmentVariable);

    /// <summary>Values by the name of their option; a switch that is given has an empty one.</summary>
    public static Dictionary<string, string> Read(IReadOnlyList<string> args, string[] switches, string[] takingValue, List<Text> errors)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Count; i++)
        {
            var equals = args[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? args[i] : args[i][..equals];
            if (switches.Contains(name)) values[name] = "";
            else if (!takingValue.Contains(name)) errors.Add($"unknown option '{args[i]}'; see --help");
            else if (equals < 0 && i + 1 == args.Count) errors.Add($"{name} needs a value");
            else values[name] = equals < 0 ? args[++i] : args[i][(equals + 1)..];
        }

        foreach (var (name, _) in values.Where(pair => pair.Value.Length == 0 && !switches.Contains(pair.Key)).ToArray())
        {
            errors.Add($"{name} needs a value");
            values.Remove(name);
        }

        return values;
    }
}
