using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Tests;

/// <summary>English and Chinese differ in words, and in nothing that a script reads.</summary>
public sealed partial class LanguageTests : IDisposable
{
    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();

    public LanguageTests()
    {
        _server.On("GET /jobs", new JobListView([Views.Job(JobPhase.Running), Views.Job(JobPhase.Failed, "车道线") with { Failure = Views.Failure }], null), WireJson.Default.JobListView);
        _server.On("GET /jobs/digits", Views.Job(JobPhase.Failed, failure: Views.Failure), WireJson.Default.JobView);
        _server.Refuse("POST /jobs/digits/cancel", 403, "ExceedsLevelCap", "because of that");
        _convoy.Uses(_server);
    }

    public void Dispose()
    {
        _server.Dispose();
        _convoy.Dispose();
    }

    [Theory]
    [InlineData("list", "-o", "json")]
    [InlineData("list", "-o", "csv")]
    [InlineData("list", "-o", "yaml")]
    [InlineData("list", "-o", "name")]
    [InlineData("get", "digits", "-o", "json")]
    public async Task What_programs_read_is_the_same(params string[] arguments)
    {
        var (english, chinese) = await BothAsync(arguments);
        chinese.ExitCode.ShouldBe(english.ExitCode);
        chinese.Output.ShouldBe(english.Output);
    }

    [Theory]
    [InlineData("wait", "digits")]
    [InlineData("list", "--usr", "x")]
    [InlineData("list", "-o", "jsn")]
    [InlineData("list", "--limit", "many")]
    [InlineData("listt")]
    [InlineData("cluster")]
    [InlineData("submit")]
    [InlineData("submit", "-f", "nowhere.yaml")]
    [InlineData("submit", "--name", "A", "--", "true")]
    [InlineData("get", "nobody")]
    [InlineData("simulate", "--cluster", "-", "--trace", "-")]
    public async Task Errors_have_the_same_codes_and_other_words(params string[] arguments)
    {
        var (english, chinese) = await BothAsync(arguments);
        chinese.ExitCode.ShouldBe(english.ExitCode);
        chinese.ExitCode.ShouldNotBe(0);
        Code(chinese.Error).ShouldBe(Code(english.Error));
        if (arguments is not ["get", ..]) chinese.Error.ShouldContain(c => IsChinese(c));
        english.Error.ShouldNotContain(c => IsChinese(c));

        static string Code(string error) => CodeOf().Match(error).Value;
    }

    [Theory]
    [InlineData("LANG", "zh_CN.UTF-8", true)]
    [InlineData("LC_MESSAGES", "zh_TW", true)]
    [InlineData("LC_ALL", "zh_CN.utf8", true)]
    [InlineData("LANG", "en_US.UTF-8", false)]
    [InlineData("LANG", "C", false)]
    public async Task The_environment_says_the_language(string variable, string locale, bool isChinese)
    {
        _convoy.Variables[variable] = locale;
        (await _convoy.RunAsync("listt")).Error.Any(IsChinese).ShouldBe(isChinese);
    }

    [Fact]
    public async Task The_flag_goes_before_the_environment_and_LC_ALL_before_LANG()
    {
        _convoy.Variables["LANG"] = "zh_CN.UTF-8";
        (await _convoy.RunAsync("listt", "--lang", "en")).Error.Any(IsChinese).ShouldBeFalse();
        _convoy.Variables["LC_ALL"] = "C.UTF-8";
        (await _convoy.RunAsync("listt")).Error.Any(IsChinese).ShouldBeFalse();
        (await _convoy.RunAsync("--lang=zh", "listt")).Error.Any(IsChinese).ShouldBeTrue();
    }

    [Fact]
    public async Task A_language_that_nobody_speaks_here_is_a_usage_error()
    {
        var ended = await _convoy.RunAsync("list", "--lang", "xx");
        ended.ExitCode.ShouldBe(2);
        ended.Error.ShouldBe("error[Usage]: --lang takes en, zh, not 'xx'; see convoy list --help\n");
    }

    [Fact]
    public async Task The_server_is_asked_in_the_same_language()
    {
        await BothAsync("list");
        _server.Seen.Select(request => request.Language).Distinct().ShouldBe(["en", "zh"]);
    }

    [Fact]
    public async Task Help_is_in_Chinese_and_its_examples_are_as_they_are_typed()
    {
        var (english, chinese) = await BothAsync("up", "--help");
        foreach (var heading in new[] { "用法：", "选项：", "资源：", "例子：" }) chinese.Output.ShouldContain(heading);
        chinese.Output.ShouldContain("convoy up --nodes 2 --gpus 4");
        chinese.Output.ShouldContain("# 没有 GPU");
        chinese.Output.ShouldNotContain("Options:");
        english.Output.ShouldNotContain(c => IsChinese(c));
        chinese.Output.Split('\n').ShouldAllBe(line => line.Sum(c => IsChinese(c) ? 2 : 1) <= 100);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("node", "--help")]
    [InlineData("submit", "--help")]
    public async Task Nothing_of_help_is_left_in_English(params string[] arguments)
    {
        var entries = (await BothAsync(arguments)).Chinese.Output.Split('\n').Where(line => EntryLine().IsMatch(line)).ToArray();
        entries.Length.ShouldBeGreaterThan(5);
        entries.ShouldAllBe(line => line.Any(IsChinese));
    }

    [Fact]
    public async Task Chinese_columns_line_up()
    {
        var lines = (await _convoy.RunAsync("list", "--lang", "zh")).Output.TrimEnd('\n').Split('\n');
        lines.Length.ShouldBe(3);
        lines.Select(line => CellsBefore(line, 2)).Distinct().Count().ShouldBe(1, string.Join('\n', lines));

        // Cells of a terminal in front of the column's first character.
        static int CellsBefore(string line, int column)
        {
            var at = 0;
            for (var i = 0; i < column; i++)
            {
                at = line.IndexOf("  ", at, StringComparison.Ordinal);
                while (line[at] == ' ') at++;
            }

            return line[..at].Sum(c => IsChinese(c) ? 2 : 1);
        }
    }

    /// <summary>A verb or a flag, and behind it what it is.</summary>
    [System.Text.RegularExpressions.GeneratedRegex(@"^  \S+( \S+)*  +\S")]
    private static partial System.Text.RegularExpressions.Regex EntryLine();

    [System.Text.RegularExpressions.GeneratedRegex(@"error\[\w+\]")]
    private static partial System.Text.RegularExpressions.Regex CodeOf();

    private static bool IsChinese(char c) => c is >= '\u2E80' and <= '\u9FFF' or >= '\uFF00' and <= '\uFFEF';

    private async Task<(Ended English, Ended Chinese)> BothAsync(params string[] arguments) =>
        (await _convoy.RunAsync(["--lang", "en", .. arguments]), await _convoy.RunAsync(["--lang", "zh", .. arguments]));
}
