using CsCheck;

namespace Convoy.Server.Tests;

public sealed class LogCursorTests
{
    [Fact]
    public void A_cursor_survives_its_text() => Gen.Select(Gen.Int[1, 1_000_000], Gen.Dictionary(Gen.Int[0, 100_000], Gen.Long[0, long.MaxValue])[0, 20]).Sample((attempt, offsets) =>
    {
        var cursor = new LogCursor(attempt, new SortedDictionary<int, long>(offsets));
        var back = LogCursor.Parse(cursor.ToString()).ShouldNotBeNull();
        back.Attempt.ShouldBe(attempt);
        back.Offsets.OrderBy(o => o.Key).ShouldBe(cursor.Offsets.OrderBy(o => o.Key));
    });

    [Fact]
    public void Any_text_is_a_cursor_or_none() => Gen.OneOf(Gen.String, Gen.String[Gen.Char["0123456789:=,-"], 0, 30]).Sample(text =>
    {
        if (LogCursor.Parse(text) is not { } cursor) return;
        cursor.Attempt.ShouldBeGreaterThan(0);
        cursor.Offsets.Values.ShouldAllBe(offset => offset >= 0);
    });
}
