using System.Text.Json;
using Convoy.Core.Languages;

namespace Convoy.Core.Tests.Languages;

public sealed class TextTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void An_interpolated_string_keeps_its_template() => Said($"job {"j1"} goes on after {3} s").Template.ShouldBe("job {0} goes on after {1} s");

    [Fact]
    public void English_is_the_template_filled() => Said($"[{"ab",4}|{"ab",-4}|{Noon:HH:mm}|{0.5m:0.00}|{(string?)null}]").ToString().ShouldBe("[  ab|ab  |12:00|0.50|]");

    [Fact]
    public void Braces_of_the_sentence_stay()
    {
        Said("{0} and {x}").ToString().ShouldBe("{0} and {x}");
        Said($"{{0}} and {"{1}"}").ToString().ShouldBe("{0} and {1}");
        Said("{0}").Template.ShouldBe("{{0}}");
    }

    [Fact]
    public void A_text_within_a_text_is_said_in_the_same_language()
    {
        var text = Said($"{Text.Count(2, "GPU")} are free");
        text.ToString().ShouldBe("2 GPUs are free");
        text.In(Language.Chinese).ShouldBe("空闲 2 个 GPU");
    }

    [Fact]
    public void One_thing_is_singular() => Said($"{Text.Count(1, "job")}, {Text.Count(0, "job")}").ToString().ShouldBe("1 job, 0 jobs");

    [Fact]
    public void What_is_verbatim_is_never_looked_up()
    {
        Text.Verbatim("queue").In(Language.Chinese).ShouldBe("queue");
        Said("queue").In(Language.Chinese).ShouldBe("队列");
        Text.Verbatim(null).ShouldBeNull();
    }

    [Fact]
    public void A_list_is_parted_as_the_language_does()
    {
        var list = Text.Join(", ", [Text.Count(1, "GPU"), Text.Verbatim("b")]);
        list.ToString().ShouldBe("1 GPU, b");
        list.In(Language.Chinese).ShouldBe("1 个 GPU、b");
    }

    [Fact]
    public void Texts_that_say_the_same_are_equal()
    {
        Said($"job {1}").ShouldBe("job 1");
        Said($"job {1}").GetHashCode().ShouldBe(Said($"job {1}").GetHashCode());
        Said($"job {1}").ShouldNotBe("job 2");
    }

    [Fact]
    public void A_text_is_a_JSON_string_in_the_language_asked_for()
    {
        var chinese = new JsonSerializerOptions { Converters = { new TextJsonConverter(() => Language.Chinese) }, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        JsonSerializer.Serialize(Said("queue"), chinese).ShouldBe("\"队列\"");
        JsonSerializer.Deserialize<Text>("\"队列\"", chinese)!.In(Language.English).ShouldBe("队列");
    }

    [Theory]
    [InlineData("zh_CN.UTF-8", "zh")]
    [InlineData("zh", "zh")]
    [InlineData("zh-Hans-CN", "zh")]
    [InlineData("en_US.UTF-8", "en")]
    [InlineData("C", "en")]
    [InlineData("de_DE", "en")]
    [InlineData("", "en")]
    [InlineData(null, "en")]
    public void A_locale_has_a_language(string? locale, string language) => LanguageTags.Of(LanguageTags.OfLocale(locale)).ShouldBe(language);

    [Theory]
    [InlineData("zh-CN,zh;q=0.9,en;q=0.8", "zh")]
    [InlineData("en-GB, zh;q=0.5", "en")]
    [InlineData("en;q=0.2, zh ; q=0.5", "zh")]
    [InlineData("de, fr", "en")]
    [InlineData("zh;q=0", "en")]
    [InlineData("zh;q=nonsense", "en")]
    [InlineData("", "en")]
    public void A_header_has_a_language(string header, string language) => LanguageTags.Of(LanguageTags.OfAccepted(header)).ShouldBe(language);

    [Theory]
    [InlineData("msgid \"a\"\nmsgstr \"一\"\nmsgid \"a\"\nmsgstr \"二\"\n")]
    [InlineData("msgid \"a\nmsgstr \"一\"\n")]
    [InlineData("nonsense\n")]
    [InlineData("msgstr \"一\"\n")]
    public void A_catalogue_that_is_none_is_refused(string po) => Should.Throw<FormatException>(() => Catalogue.Parse(new StringReader(po)));

    [Fact]
    public void A_catalogue_has_long_entries_and_escapes() =>
        Catalogue.Parse(new StringReader("# c\nmsgid \"\"\nmsgstr \"head\"\n\nmsgid \"say \"\n\"\\\"{0}\\\"\\n\"\nmsgstr \"说 \\\"{0}\\\"\\n\"\n")).Find("say \"{0}\"\n").ShouldBe("说 \"{0}\"\n");

    [Theory]
    [InlineData("train.sh: not found in PATH (/usr/bin:/bin)", "train.sh：在 PATH 中找不到（/usr/bin:/bin）")]
    [InlineData("/opt/x: uid 7 may not execute it", "/opt/x: uid 7 may not execute it")]
    [InlineData("working directory /w: it is a folder, or closed to uid 7", "工作目录 /w：它是文件夹，或对 uid 7 不开放")]
    [InlineData("the node or the task's supervisor is gone", "节点或任务的监管进程已消失")]
    [InlineData("Segmentation fault", "Segmentation fault")]
    public void How_a_task_failed_is_recalled(string stored, string chinese)
    {
        Text.Recalled(stored).ToString().ShouldBe(stored);
        Text.Recalled(stored).In(Language.Chinese).ShouldBe(chinese);
    }

    private static Text Said(Text text) => text;
}
