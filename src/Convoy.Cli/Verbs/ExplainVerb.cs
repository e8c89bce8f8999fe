using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;
using Convoy.Core.Jobs.Reading;
using Convoy.Core.Languages;

namespace Convoy.Cli.Verbs;

/// <summary>A key of the job file. What is for people is in their language.</summary>
/// <param name="Key">From the top of the file; ROLE stands for a role's name.</param>
/// <param name="Rule">What its values must be like; null where every value of its type is allowed.</param>
internal sealed record KeyView(string Key, string Type, bool Required, string? Default, string? Rule, string Meaning, int SchemaVersion = 1)
{
    public static KeyView Of(JobKey key) => new(key.Path, key.Type.Said(), key.IsRequired, key.Default, key.Rule?.Said(), key.Meaning.Said());
}

internal sealed record KeyListView(IReadOnlyList<KeyView> Items, string? Next, int SchemaVersion = 1) : IListView<KeyView>;

internal static class ExplainVerb
{
    private static readonly Listing<KeyView, KeyView> Explained = Listing.Of(
        Rendering.Own.KeyView,
        key => key.Key,
        new Column<KeyView>("KEY", key => key.Key),
        new Column<KeyView>("TYPE", key => key.Type) { Spare = 2 },
        new Column<KeyView>("DEFAULT", key => key.Required ? Text.Of("required").ToString() : key.Default) { IsSaid = true, CsvCell = key => key.Default, Spare = 1 },
        new Column<KeyView>("MEANING", key => key.Meaning),
        new Column<KeyView>("RULE", key => key.Rule) { In = Forms.Wide | Forms.Csv });

    public static Command Build()
    {
        var under = new Argument<string?>("KEY") { Description = "Only this key and those below it; all where it is left out", Arity = ArgumentArity.ZeroOrOne };
        under.CompletionSources.Add([.. JobKeys.All.Select(key => key.Path)]);
        var format = new ListOptions().Format;
        return new Verb("explain", "Tell the keys of a job file")
        {
            Examples = ["convoy explain", "convoy explain recovery", "convoy explain roles.ROLE.resources -o wide"],
            SeeAlso = ["submit"],
            Arguments = { under },
            Options = { format },
            Body = (call, _) => Explained.WriteAsync(call, format, new KeyListView([.. Below(call.Get(under)).Select(KeyView.Of)], null)),
        };
    }

    private static IEnumerable<JobKey> Below(string? path)
    {
        if (path is null) return JobKeys.All;
        var below = JobKeys.All.Where(key => key.Path == path || key.Path.StartsWith(path + ".", StringComparison.Ordinal)).ToArray();
        return below.Length > 0 ? below : throw CommandException.Usage($"a job file has no key '{path}'{CommandLine.Guess(path, Everywhere())}; `convoy explain` lists them");
    }

    /// <summary>Those with keys below them as well.</summary>
    private static IEnumerable<string> Everywhere() => JobKeys.All.SelectMany(key => key.Path.Split('.').Select((_, i) => string.Join('.', key.Path.Split('.')[..(i + 1)]))).Distinct();
}
