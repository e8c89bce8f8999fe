using System.Text;
using Convoy.Core.Documents;
using Convoy.Core.Queues;
using CsCheck;

namespace Convoy.Core.Tests.Queues;

public sealed class QueueTreeReaderTests
{
    private const string Full = """
        {"queues":[{"name":"default","ordering":"fifo"},{"name":"vision","weight":2,"quota":{"A100-80G":{"nominal":8,"borrowLimit":4,"lendLimit":0}}},
         {"name":"lanes","parent":"vision","ordering":"las","quota":{"A100-80G":{"nominal":3}}}]}
        """;

    [Fact]
    public void A_file_gives_the_tree_that_it_says()
    {
        var tree = Read(Full).Tree.ShouldNotBeNull();
        tree.Count.ShouldBe(3);
        tree[QueueTree.Root].Ordering.ShouldBe(QueueOrdering.Fifo);
        var vision = tree[tree.IdOf("vision")];
        vision.Weight.ShouldBe(2);
        vision.Quotas["A100-80G"].ShouldBe(new Quota(8, 4, 0));
        var lanes = tree[tree.IdOf("lanes")];
        (lanes.Parent, lanes.Ordering, lanes.Weight).ShouldBe(("vision", QueueOrdering.Las, 1));
        lanes.Quotas["A100-80G"].ShouldBe(new Quota(3));
    }

    [Fact]
    public void What_cannot_be_read_and_what_makes_no_sense_is_said_at_once()
    {
        var problems = Read("""{"queues":[{"name":"a","ordering":"fiar","wieght":1},{"parent":"x","quota":{"A100":{"nominal":"8"}}},{"name":"b","parent":"aa"},7],"nodes":[]}""").Problems;
        problems.Select(problem => (problem.Path, problem.Code)).ShouldBe(
            [
                ("nodes", "UnknownKey"), ("queues[0].ordering", "UnknownWord"), ("queues[0].wieght", "UnknownKey"), ("queues[1].name", "Missing"), ("queues[1].parent", "BadValue"),
                ("queues[1].quota.A100.nominal", "WrongType"), ("queues[2].parent", "BadValue"), ("queues[3]", "WrongType"),
            ],
            ignoreOrder: true);
        problems.Single(problem => problem.Path == "queues[0].ordering").Message.ShouldBe("there is no ordering 'fiar'; did you mean 'fair'? (one of fair, fifo, las)");
    }

    [Theory]
    [InlineData("[]", "WrongType")]
    [InlineData("{}", "Missing")]
    [InlineData("""{"queues":{}}""", "WrongType")]
    public void Documents_without_a_list_of_queues_are_problems(string json, string code) => Read(json).Problems.ShouldHaveSingleItem().Code.ShouldBe(code);

    [Fact]
    public void Mutated_documents_give_a_tree_or_problems_and_never_an_exception()
    {
        var bytes = Encoding.UTF8.GetBytes(Full);
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte[32, 126], Gen.Int[0, 20]).Array[1, 3].Sample(
            changes =>
            {
                var mutated = bytes.ToList();
                foreach (var (at, value, cut) in changes)
                {
                    if (at >= mutated.Count) continue;
                    mutated[at] = value;
                    if (value % 3 == 0) mutated.RemoveRange(at, Math.Min(cut, mutated.Count - at));
                }

                var reading = Read(Encoding.UTF8.GetString([.. mutated]));
                (reading.Tree is null).ShouldBe(reading.Problems.Count > 0);
            },
            iter: 3000);
    }

    private static QueueTreeReading Read(string json) =>
        JsonDocumentNodes.Read(Encoding.UTF8.GetBytes(json)) is { Root: { } root } ? QueueTreeReader.Read(root) : new QueueTreeReading(null, [JsonDocumentNodes.Read(Encoding.UTF8.GetBytes(json)).Problem!]);
}
