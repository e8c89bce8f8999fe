using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using CsCheck;

namespace Convoy.Client.Tests.JobFiles;

public sealed class JobFileProperties
{
    private const string Start = """
        name: digits
        framework: pytorch   # comment
        roles:
          worker:
            replicas: "2..8"
            command: [torchrun, 'train.py', "--x\n\u8f66"]
            resources:
              gpu: 8
              accelerators:
              - A100
              - H100
              memory: 512Gi
        code: {workdir: .}
        env:
          LR: "0.1"
          TEXT: |
            two
            lines
          FOLDED: >-
            one
            line
        limits: {maxDuration: 48h}
        """;

    private static readonly Gen<string> Piece = Gen.OneOf(
        Words.Of(
            "\n", "\r\n", "\r", "\t", " ", "  ", "- ", "? ", ": ", ":", ",", "[", "]", "{", "}", "&a ", "*a", "!t ", "!!str ", "|", "|2-", ">", ">+", "'", "\"", "\\", "#", " #", "%", "%YAML 1.2\n", "@", "`",
            "---", "---\n", "...\n", "<<: ", "~", "null", "\0", "\x85", "\u2028", "\uFEFF", "\uD800", "\uDC00", "🚂", "\\x4", "\\uD800", "\\U00110000", "roles:", "name: ", "replicas", "env", "1e9999", "-", "99999999999999999999"),
        Gen.Char.Select(c => c.ToString()),
        Gen.Char[' ', '~'].Select(c => c.ToString()));

    [Fact]
    public void A_spec_written_as_yaml_reads_back_the_same() => Specs.Any.Sample(
        spec =>
        {
            var reading = JobFile.Read(JobFile.ToYaml(spec));
            reading.Problems.ShouldBeEmpty();
            JobSpecJson.Canonical(reading.Spec!).ShouldBe(JobSpecJson.Canonical(spec));
        },
        iter: 3000);

    [Fact]
    public void Changed_files_give_a_spec_or_problems_and_never_an_exception() =>
        Gen.Select(Gen.Double[0, 1], Gen.Int[0, 30], Piece).Array[1, 5].Sample(
            changes =>
            {
                var text = Start;
                foreach (var (where, cut, piece) in changes)
                {
                    var at = (int)(where * text.Length);
                    text = text[..at] + piece + text[Math.Min(text.Length, at + (cut < 20 ? 0 : cut - 20))..];
                }

                Check(text);
            },
            iter: 20_000);

    [Fact]
    public void Random_texts_give_a_spec_or_problems_and_never_an_exception() => Piece.Array[0, 40].Sample(pieces => Check(string.Concat(pieces)), iter: 20_000);

    private static void Check(string text)
    {
        var reading = JobFile.Read(text);
        (reading.Spec is null).ShouldBe(reading.Problems.Count > 0);
        foreach (var problem in reading.Problems)
        {
            problem.Line.ShouldBeInRange(1, LinesOf(text), problem.ToString());
            problem.Column.ShouldBeGreaterThan(0, problem.ToString());
        }

        if (reading.Spec is { } spec) JobSpecJson.Canonical(JobFile.Read(JobFile.ToYaml(spec)).Spec.ShouldNotBeNull()).ShouldBe(JobSpecJson.Canonical(spec));
    }

    /// <summary>Every line break of YAML 1.1 and 1.2 counts.</summary>
    private static int LinesOf(string text) => text.Count(c => c is '\n' or '\r' or '\x85' or '\u2028' or '\u2029') + 1;
}
