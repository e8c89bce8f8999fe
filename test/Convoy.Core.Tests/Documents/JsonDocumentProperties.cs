using System.Text;
using Convoy.Core.Documents;
using Convoy.Core.Jobs.Reading;
using CsCheck;

namespace Convoy.Core.Tests.Documents;

public sealed class JsonDocumentProperties
{
    private static readonly string[] Tokens =
        ["{", "}", "[", "]", ",", ":", "\"spec\"", "\"name\"", "\"roles\"", "\"worker\"", "\"command\"", "\"a\"", "\"\\ud800\"", "\"\\u0000\"", "\"\xFF", "1", "-0", "1e999", "0.1", "true", "null", "//", " ", "\n", "\uFEFF", "é"];

    [Fact]
    public void Random_bytes_give_a_document_or_a_problem() => Gen.Byte.Array[0, 60].Sample(Check, iter: 20_000);

    [Fact]
    public void Random_tokens_give_a_document_or_a_problem() => Gen.Int[0, Tokens.Length - 1].Array[0, 40].Select(picks => Encoding.UTF8.GetBytes(string.Concat(picks.Select(i => Tokens[i])))).Sample(Check, iter: 20_000);

    [Fact]
    public void A_document_of_many_wrong_keys_is_answered_with_few_problems()
    {
        var json = Encoding.UTF8.GetBytes("{\"spec\":{" + string.Join(',', Enumerable.Range(0, 200_000).Select(i => $"\"k{i}\":1")) + "}}");
        JobSpecReader.ReadRequest(json).Problems.Count.ShouldBe(100);
    }

    [Fact]
    public void A_document_beyond_the_limit_is_a_problem() => JobSpecReader.ReadRequest(new byte[JsonDocumentNodes.MaxBytes + 1]).Problems.ShouldHaveSingleItem().Message.ToString().ShouldContain("larger than");

    private static void Check(byte[] json)
    {
        var document = JsonDocumentNodes.Read(json);
        (document.Root is null).ShouldBe(document.Problem is not null);
        var reading = JobSpecReader.ReadRequest(json);
        (reading.Spec is null).ShouldBe(reading.Problems.Count > 0);
    }
}
