using System.CommandLine;
using Convoy.Core.Documents;
using Convoy.Core.Simulation;

namespace Convoy.Cli.Simulation;

/// <summary>Policies as they are typed.</summary>
internal static class Policies
{
    private const string All = "all";
    private static readonly SimulationPolicy[] Known = Enum.GetValues<SimulationPolicy>();

    public static string Word(SimulationPolicy policy) => policy.ToString().ToLowerInvariant();

    /// <summary>May come several times; each once, in the order given. None is given as an empty list.</summary>
    public static Option<SimulationPolicy[]> Option() => new("--policy")
    {
        Description = $"Who goes first: {string.Join(", ", Known.Select(Word))}, or {All}; give several to compare them (default {Word(SimulationPolicy.Convoy)})",
        HelpName = "POLICY",
        CustomParser = result =>
        {
            var policies = new List<SimulationPolicy>();
            foreach (var word in result.Tokens.SelectMany(token => token.Value.Split(',')))
            {
                if (word == All) policies.AddRange(Known);
                else if (Array.Find(Known, policy => Word(policy) == word) is var policy && Word(policy) == word) policies.Add(policy);
                else result.Refuse($"--policy takes {string.Join(", ", Known.Select(Word))} or {All}, not '{word}'{(NearestWord.To(word, Known.Select(Word).Append(All)) is { } near ? (Text)$"; did you mean {near}?" : "")}");
            }

            return [.. policies.Distinct()];
        },
    };
}
