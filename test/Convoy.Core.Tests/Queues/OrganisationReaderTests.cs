using System.Text;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Resources;
using CsCheck;

namespace Convoy.Core.Tests.Queues;

public sealed class OrganisationReaderTests
{
    private const string Full = """
        {"queues":[{"name":"default","ordering":"fifo"},{"name":"vision","weight":2,"quota":{"A100-80G":{"nominal":8,"borrowLimit":4,"lendLimit":0}},"members":["ann","bob"]},
         {"name":"lanes","parent":"vision","ordering":"las","members":"*","quota":{"A100-80G":{"nominal":3}}}],
         "levels":[{"name":"guest","rank":5,"maxGpus":1,"maxGpusPerJob":2,"maxRunning":3,"maxSubmitted":4,"maxDuration":"1h","mayPreempt":false,"preemptible":false,"minRunTime":"10m","maxStored":"10Ti"},{"name":"intern","rank":10}]}
        """;

    [Fact]
    public void A_file_gives_the_tree_that_it_says()
    {
        var organisation = Read(Full).Organisation.ShouldNotBeNull();
        var tree = QueueTree.Of(organisation.Queues).Tree.ShouldNotBeNull();
        tree.Count.ShouldBe(3);
        tree[QueueTree.Root].Ordering.ShouldBe(QueueOrdering.Fifo);
        var vision = tree[tree.IdOf("vision")];
        vision.Weight.ShouldBe(2);
        vision.Quotas["A100-80G"].ShouldBe(new Quota(8, 4, 0));
        var lanes = tree[tree.IdOf("lanes")];
        (lanes.Parent, lanes.Ordering, lanes.Weight).ShouldBe(("vision", QueueOrdering.Las, 1));
        lanes.Quotas["A100-80G"].ShouldBe(new Quota(3));
        vision.Members.ShouldBe(["ann", "bob"]);
        lanes.Members.ShouldBe(["*"]);
        tree[QueueTree.Root].Members.ShouldBeNull();
        organisation.Levels.ShouldBe([new Level("guest", 5, 1, 2, 3, 4, TimeSpan.FromHours(1)) { MayPreempt = false, Preemptible = false, MinRunTime = TimeSpan.FromMinutes(10), MaxStored = new ByteSize(10L << 40) }, new Level("intern", 10)]);
    }

    [Fact]
    public void What_is_written_is_read_as_it_was()
    {
        var organisation = Read(Full).Organisation.ShouldNotBeNull();
        var json = organisation.ToJson();
        OrganisationReader.ReadJson(json).Organisation.ShouldNotBeNull().ToJson().ShouldBe(json);
        OrganisationReader.ReadStored("""{"queues":[{"name":"a","colour":"red"}],"sites":[]}"""u8).Organisation.ShouldNotBeNull().Queues.ShouldHaveSingleItem().Name.ShouldBe("a");
    }

    [Fact]
    public void What_cannot_be_read_and_what_makes_no_sense_is_said_at_once()
    {
        var problems = Read("""{"queues":[{"name":"a","ordering":"fiar","wieght":1},{"parent":"x","quota":{"A100":{"nominal":"8"}}},{"name":"b","parent":"aa","members":["ann","B b"]},7],"nodes":[],"levels":[{"name":"x","maxGpus":-1},{"name":"x","rank":1,"maxDuration":"0s"}]}""").Problems;
        problems.Select(problem => (problem.Path, problem.Code)).ShouldBe(
            [
                ("nodes", "UnknownKey"), ("queues[0].ordering", "UnknownWord"), ("queues[0].wieght", "UnknownKey"), ("queues[1].name", "Missing"), ("queues[1].parent", "BadValue"),
                ("queues[1].quota.A100.nominal", "WrongType"), ("queues[2].parent", "BadValue"), ("queues[2].members[1]", "BadValue"), ("queues[3]", "WrongType"),
                ("levels[0].rank", "Missing"), ("levels[0].maxGpus", "BadValue"), ("levels[1].name", "BadValue"), ("levels[1].maxDuration", "BadValue"),
            ],
            ignoreOrder: true);
        problems.Single(problem => problem.Path == "queues[0].ordering").Message.ToString().ShouldBe("there is no ordering 'fiar'; did you mean 'fair'? (one of fair, fifo, las)");
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
                (reading.Organisation is null).ShouldBe(reading.Problems.Count > 0);
            },
            iter: 3000);
    }

    private static OrganisationReading Read(string json) => OrganisationReader.ReadJson(Encoding.UTF8.GetBytes(json));
}
