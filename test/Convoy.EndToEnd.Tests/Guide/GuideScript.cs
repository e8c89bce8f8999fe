using System.Globalization;
using System.Text;

namespace Convoy.EndToEnd.Tests.Guide;

/// <summary>
/// Makes one shell script of a page: its blocks in order and in one shell, so that a folder entered or a variable set in one block is there in the next.
/// What block N prints lies in <c>out.N</c>.
/// </summary>
internal static class GuideScript
{
    public const string KeepsRunning = "keeps running";
    private const string Given = "given: ";
    private const string Example = "the example as ";
    private const string Exits = "exits with ";
    private const string Terminal = "in a terminal, ";
    private const string UntilInterrupt = "until Ctrl-C";
    private const string Typing = "typing: ";

    /// <summary>What a page takes for granted that its reader has.</summary>
    private static readonly Dictionary<string, string> Things = new()
    {
        ["train.py"] = "echo 'import convoy; convoy.log(1, loss=0.5); print(\"trained\")' > train.py",
        ["job.yaml"] = "printf 'name: mine\\nroles: {worker: {command: [python3, train.py]}}\\ncode: {workdir: .}\\n' > job.yaml",
        ["the samples"] = "ln -s \"$SAMPLES\" samples",
    };

    /// <param name="notes">Where the script says which block it is at, and what each prints.</param>
    public static string Of(GuidePage page, string folder, string notes)
    {
        var script = new StringBuilder($"set -euo pipefail\nmkdir -p {notes} {folder}\ncd {folder}\ntrap 'printf \"%s\\n\" \"$BASH_COMMAND\" > {notes}/command' ERR\n");
        foreach (var (number, block) in page.Blocks.Index())
        {
            if (!block.IsShell || block.NotRun is not null) continue;
            script.Append(CultureInfo.InvariantCulture, $"\necho {block.Line} > {notes}/at\n");
            script.Append(Givens(page, block)).Append(Run(block, $"{notes}/out.{number}", $"{notes}/block.{number}"));
        }

        return script.ToString();
    }

    private static string Givens(GuidePage page, GuideBlock block)
    {
        if (block.Mark?.StartsWith(Given, StringComparison.Ordinal) != true) return "";
        return string.Concat(block.Mark[Given.Length..].Split(", ").Select(thing => thing.StartsWith(Example, StringComparison.Ordinal)
            ? $"cat > {thing[Example.Length..]} <<'END-OF-EXAMPLE'\n{page.Blocks.First(each => each.Language == "yaml").Code}\nEND-OF-EXAMPLE\n"
            : Things[thing] + "\n"));
    }

    private static string Run(GuideBlock block, string output, string file)
    {
        // A trailing comment must not swallow the brace.
        var plain = $"{{\n{block.Code}\n}} > {output} 2>&1";
        switch (block.Mark)
        {
            case null:
            case var given when given.StartsWith(Given, StringComparison.Ordinal):
                return plain + "\n";
            case KeepsRunning:
                return $"({block.Code}) > {output} 2>&1 &\nuntil grep -q 'serves on' {output}; do kill -0 $! || {{ cat {output} >&2; exit 1; }}; sleep 0.1; done\n";
            case var mark when mark.StartsWith(Exits, StringComparison.Ordinal):
                return $"code=0; {plain} || code=$?\n[ $code -eq {mark[Exits.Length..]} ]\n";
            case var mark when mark.StartsWith(Terminal, StringComparison.Ordinal):
                return InTerminal(block.Code, mark[Terminal.Length..], output, file);
            default:
                throw new InvalidDataException($"nobody knows how to run a block marked '{block.Mark}'");
        }
    }

    /// <summary>Somebody sees something on the screen, and presses Ctrl-C; or sees a prompt, and types.</summary>
    private static string InTerminal(string code, string how, string output, string file)
    {
        var typist = how switch
        {
            UntilInterrupt => "sees '[[:alpha:]]'; sleep 0.5; printf '\\003'",
            _ when how.StartsWith(Typing, StringComparison.Ordinal) => $"sees '[$#>] $'; sleep 0.3; printf '%s\\r' '{how[Typing.Length..].Replace("'", @"'\''", StringComparison.Ordinal)}'",
            "until it ends" => ":",
            _ => throw new InvalidDataException($"nobody knows what to do in a terminal {how}"),
        };
        return $$"""
            cat > {{file}} <<'END-OF-BLOCK'
            set -euo pipefail
            stty rows 30 cols 110
            {{code}}
            END-OF-BLOCK
            : > {{output}}
            sees() { for _ in $(seq 300); do if tail -n +2 {{output}} | grep -q "$1"; then return; fi; sleep 0.1; done; }
            code=0; { {{typist}}; until [ -e {{file}}.ended ]; do sleep 0.1; done; } | { code=0; script -qefc "bash {{file}}" {{output}} > /dev/null || code=$?; touch {{file}}.ended; exit $code; } || code=$?
            [ $code -eq 0 ] || [ $code -eq 130 ]

            """;
    }
}
