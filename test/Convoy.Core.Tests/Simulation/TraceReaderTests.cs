using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Simulation;
using CsCheck;

namespace Convoy.Core.Tests.Simulation;

public sealed class TraceReaderTests
{
    private static readonly SimulatedCluster Cluster = new([new SimulatedNode(8)]);

    [Fact]
    public void A_trace_needs_four_columns_and_the_rest_has_its_usual_value()
    {
        var job = Read("id,submit_s,duration_s,gpus\na,0,60,2\n").ShouldHaveSingleItem();

        job.ShouldSatisfyAllConditions(
            () => job.Id.ShouldBe("a"),
            () => job.Submit.ShouldBe(TimeSpan.Zero),
            () => job.Duration.ShouldBe(TimeSpan.FromMinutes(1)),
            () => job.Gpus.ShouldBe(2),
            () => job.Nodes.ShouldBeNull(),
            () => job.MinNodes.ShouldBeNull(),
            () => job.Accelerators.ShouldBeEmpty(),
            () => job.Priority.ShouldBe(JobPriority.Normal),
            () => job.Preemptible.ShouldBeTrue(),
            () => job.Level.ShouldBeNull(),
            () => job.Queue.ShouldBeNull());
    }

    [Fact]
    public void Every_column_is_read_in_any_order()
    {
        const string Text = """
            user,id,gpus,nodes,min_nodes,submit_s,duration_s,cpu,memory,accelerators,level,queue,priority,preemptible
            mei,a,8.0,4,2,1.5,0.25,64,512Gi,A100|H100,senior,perception,high,false
            """;

        var job = Read(Text).ShouldHaveSingleItem();

        job.ShouldSatisfyAllConditions(
            () => job.User.ShouldBe("mei"),
            () => (job.Gpus, job.Nodes, job.MinNodes).ShouldBe((8, 4, 2)),
            () => job.Submit.ShouldBe(TimeSpan.FromMilliseconds(1500)),
            () => job.Duration.ShouldBe(TimeSpan.FromMilliseconds(250)),
            () => job.CpuMillicores.ShouldBe(64_000),
            () => job.MemoryBytes.ShouldBe(512L << 30),
            () => job.Accelerators.ShouldBe(["A100", "H100"]),
            () => (job.Level, job.Queue, job.Priority, job.Preemptible).ShouldBe(("senior", "perception", JobPriority.High, false)));
    }

    [Theory]
    [InlineData("1,500", 0, 500)]
    [InlineData("0,500", 0, 500)]
    [InlineData("1,1000", 1, 0)]
    [InlineData("0,1000", 1, 0)]
    [InlineData("2,1000", 2, 0)]
    [InlineData("1,0", 1, 0)]
    [InlineData("0,0", 0, 0)]
    [InlineData("1,", 1, 0)]
    public void A_share_is_of_one_device_and_a_thousand_thousandths_are_a_whole_one(string cells, int gpus, int milli)
    {
        var job = Read($"id,submit_s,duration_s,gpus,gpu_milli\na,0,1,{cells}\n").ShouldHaveSingleItem();

        (job.Gpus, job.GpuMilli).ShouldBe((gpus, milli));
    }

    [Theory]
    [InlineData("\uFEFFid,submit_s,duration_s,gpus\r\n\"a, \"\"b\"\"\",1,2,3\r\n\r\n", "a, \"b\"")]
    [InlineData("id , submit_s,duration_s ,gpus\n  a b ,1,2,3", "a b")]
    [InlineData("\"id\",\"submit_s\",\"duration_s\",\"gpus\"\n\"ä\",\"1\",\"2e0\",\"3\"\n\n\n", "ä")]
    public void Quotes_line_ends_byte_order_marks_and_blanks_are_as_spreadsheets_write_them(string text, string id)
    {
        var job = Read(text).ShouldHaveSingleItem();

        (job.Id, job.Submit, job.Duration, job.Gpus).ShouldBe((id, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), 3));
    }

    [Fact]
    public void All_problems_are_told_with_line_and_column_and_nothing_is_half_read()
    {
        const string Text = """
            id,submit_s,duration_s,gpus,level,priority
            a,0,60,2,intern,normal
            b,-1,x,0.5,interm,hihg
            a,0,60
            a,,60,2,intern,
            "c
            """;

        var reading = TraceReader.Read(Text, Cluster);

        reading.Jobs.ShouldBeNull();
        reading.Problems.Select(problem => $"{problem.Line}:{problem.Column} {problem.Path} {problem.Message}").ShouldBe(
        [
            "3:3 submit_s must be 0 to 3153600000 seconds, and is -1",
            "3:6 duration_s must be a number, and is 'x'",
            "3:8 gpus must be a whole number from 0 to 1000000, and is 0.5; a share of a GPU is gpu_milli, in thousandths",
            "3:12 level there is no level 'interm'; did you mean 'intern'? (one of intern, engineer, senior)",
            "3:19 priority there is no priority 'hihg'; did you mean 'high'? (one of low, normal, high)",
            "4:1 row has 3 cells, and the header has 6",
            "5:1 id 'a' comes twice; line 2 has it too",
            "5:3 submit_s is empty",
            "6:1 row the quote that begins here is never closed",
        ]);
    }

    [Theory]
    [InlineData("id,submit_s,duration,gpu\n", "the column 'duration_s' is missing", "the column 'gpus' is missing", "there is no column 'duration'; did you mean 'duration_s'?", "there is no column 'gpu'; did you mean 'gpus'?")]
    [InlineData("id,submit_s,duration_s,gpus,id\n", "the column 'id' comes twice")]
    [InlineData("", "the file is empty; it needs a header with id, submit_s, duration_s, gpus, and a row for each job")]
    [InlineData("id,submit_s,duration_s,gpus\n", "there is no job below the header")]
    [InlineData("id,submit_s,duration_s,gpus,min_nodes\na,0,1,1,2\n", "needs nodes: the most that the job can use")]
    [InlineData("id,submit_s,duration_s,gpus,nodes,min_nodes\na,0,1,1,2,3\n", "must not be more than nodes, which is 2")]
    [InlineData("id,submit_s,duration_s,gpus,gpu_milli\na,0,1,2,500\n", "is a share of one GPU, and the job has 2")]
    [InlineData("id,submit_s,duration_s,gpus,accelerators\na,0,1,2,A100|A100\n", "names one twice")]
    [InlineData("id,submit_s,duration_s,gpus,preemptible\na,0,1,2,maybe\n", "must be true or false, and is 'maybe'")]
    [InlineData("id,submit_s,duration_s,gpus\na,1e12,1,1\n", "must be 0 to 3153600000 seconds, and is 1e12")]
    public void What_is_wrong_is_said_with_what_would_be_right(string text, params string[] messages) =>
        TraceReader.Read(text, Cluster).Problems.Select(problem => problem.Message.ToString()).ShouldBe(messages);

    [Fact]
    public void A_queue_is_one_of_the_clusters_where_it_names_any()
    {
        const string Text = "id,submit_s,duration_s,gpus,user,queue\na,0,1,1,mei,percepton\nb,0,1,1,mei,mei\nc,0,1,1,mei,perception\nd,0,1,1,mei,default\n";

        TraceReader.Read(Text, Cluster).Jobs.ShouldNotBeNull();
        TraceReader.Read(Text, Cluster with { Queues = [new QueueSpec("perception")] }).Problems.ShouldHaveSingleItem().Message.ToString()
            .ShouldBe("the cluster has no queue 'percepton'; did you mean 'perception'?");
    }

    [Fact]
    public void No_more_problems_are_kept_than_anybody_reads()
    {
        var text = "id,submit_s,duration_s,gpus\n" + string.Concat(Enumerable.Range(0, 1000).Select(i => $"{i},0,no,1\n"));

        var reading = TraceReader.Read(text, Cluster);

        (reading.Problems.Count, reading.ProblemCount).ShouldBe((TraceReader.MaxProblems, 1000));
    }

    [Fact]
    public void Levels_are_the_clusters() =>
        TraceReader.Read("id,submit_s,duration_s,gpus,level\na,0,1,1,boss\n", Cluster with { Levels = [new Level("boss", 1)] }).Jobs!.ShouldHaveSingleItem().Level.ShouldBe("boss");

    /// <summary>Damaged text gives problems or a reading, and never an exception; what is read can be simulated.</summary>
    [Fact]
    public void Damage_is_told_and_never_thrown()
    {
        var header = string.Join(',', TraceReader.Columns);
        var sound = $"{header}\na,0,10,8,2,,4,1Gi,A100|V100,mei,intern,q,low,true,1\n\"b\",1.5,10,1,,500,,,,,,,,,\n";
        Gen.Select(Gen.Int[0, sound.Length - 1], Gen.Int[0, 3], Gen.OneOf(Gen.Char, Gen.OneOf(',', '"', '\n', '\r', '\0', '-', '9', 'e', '.', '\uFEFF', '\uD800')))
            .Array[1, 12].Sample(edits =>
            {
                var text = new System.Text.StringBuilder(sound);
                foreach (var (at, kind, letter) in edits)
                {
                    if (kind == 0) text.Insert(Math.Min(at, text.Length), letter);
                    else if (at < text.Length && kind == 1) text.Remove(at, 1);
                    else if (at < text.Length) text[at] = letter;
                }

                var reading = TraceReader.Read(text.ToString(), Cluster);
                (reading.Jobs is null).ShouldBe(reading.ProblemCount > 0);
                reading.Problems.ShouldAllBe(problem => problem.Line > 0 && problem.Column > 0);
                if (reading.Jobs is { } jobs) Cluster.Run(jobs, SimulationPolicy.Fifo).Outcomes.Count.ShouldBe(jobs.Count);
            }, iter: 5_000);
    }

    private static IReadOnlyList<SimulatedJob> Read(string text)
    {
        var reading = TraceReader.Read(text, Cluster);
        reading.Problems.ShouldBeEmpty();
        return reading.Jobs!;
    }
}
