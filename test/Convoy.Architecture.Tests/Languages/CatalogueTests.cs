using Convoy.Cli;
using Convoy.Core.Languages;

namespace Convoy.Architecture.Tests.Languages;

/// <summary>English and Chinese say the same: every message has its twin in src/Convoy.Core/Languages/zh.po.</summary>
public sealed class CatalogueTests
{
    private static readonly IReadOnlyDictionary<string, string> Twins = Catalogue.Of(Language.Chinese).Twins;

    [Fact]
    public void Every_message_has_a_Chinese_twin() => Told().Where(message => !Twins.ContainsKey(message.Template)).Select(message => $"{message.Place}\nmsgid \"{message.Template}\"").Distinct().ShouldBeEmpty();

    [Fact]
    public void Every_message_is_known_before_it_is_said() => Messages.OfSources.Untold.ShouldBeEmpty();

    [Fact]
    public void No_twin_is_left_of_a_message_that_is_gone() => Twins.Keys.Except(Told().Concat(Messages.OfSources.Found).Select(message => message.Template)).Except(Catalogue.Of(Language.Chinese).Stored).ShouldBeEmpty();

    [Fact]
    public void What_is_recalled_is_still_stored() => Catalogue.Of(Language.Chinese).Stored.Except(Messages.OfSources.Strings).ShouldBeEmpty();

    [Fact]
    public void Twins_have_the_same_holes() => Twins.Where(twin => !Holes.Of(twin.Key).SequenceEqual(Holes.Of(twin.Value))).ShouldBeEmpty();

    [Fact]
    public void Twins_have_the_same_commands_flags_and_codes() => Twins.Where(twin => !Holes.CodesOf(twin.Key).SequenceEqual(Holes.CodesOf(twin.Value))).ShouldBeEmpty();

    [Fact]
    public void A_twin_is_in_Chinese() => Twins.Where(twin => twin.Value != twin.Key && Holes.None(twin.Value).Any(char.IsLetter) && !twin.Value.Any(c => c is >= '\u2E80' and <= '\u9FFF' or >= '\uFF00' and <= '\uFFEF')).ShouldBeEmpty();

    [Fact]
    public void Messages_of_all_kinds_are_found()
    {
        Told().Count().ShouldBeGreaterThan(400);
        Told().Select(message => message.Template).ShouldContain("there is no level '{0}'{1} (one of {2})", "an interpolated string");
    }

    private static IEnumerable<Message> Told() => Messages.OfSources.Found.Where(message => message.HasWords).Concat(HelpWords.OfTree().Select(words => new Message(Holes.Escaped(words), "--help")));
}
