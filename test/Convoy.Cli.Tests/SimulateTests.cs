using System.Text.Json;
using System.Xml.Linq;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Cli.Tests;

public sealed class SimulateTests : IDisposable
{
    private static readonly XNamespace Html = "http://www.w3.org/1999/xhtml";
    private readonly ConvoyProgram _convoy = new();

    [Fact]
    public async Task Figures_in_json_have_exactly_their_keys()
    {
        Trace("a,0,100,8", "b,50.5,10,4", "c,60,5,64");

        var ended = await SimulateAsync("--policy", "fifo", "-o", "json");

        ended.ExitCode.ShouldBe(0);
        var json = JsonDocument.Parse(ended.Output).RootElement;
        json.EnumerateObject().Select(member => $"{member.Name}={member.Value}").ShouldBe(
        [
            "schemaVersion=1", "policy=fifo", "jobs=3", "completed=2", "avgJctS=79.75", "p50JctS=59.5", "p99JctS=100", "avgQueueS=24.75", "p99QueueS=49.5", "makespanS=110",
            "gpuUtilisation=0.954545", "evictions=0", "lostGpuS=0", "neverFit=1",
        ]);
        ended.Error.ShouldBe("fifo: 1 job never fit: c\n");
    }

    [Fact]
    public async Task Several_policies_are_compared_on_the_same_trace()
    {
        Trace("a,0,100,8", "b,1,50,8", "c,2,10,8");

        var ended = await SimulateAsync("--policy", "sjf", "--policy", "fifo,sjf", "-o", "json");

        var items = JsonDocument.Parse(ended.Output).RootElement.GetProperty("items").EnumerateArray().ToArray();
        items.Select(item => item.GetProperty("policy").GetString()).ShouldBe(["sjf", "fifo"]);
        items.Select(item => item.GetProperty("avgJctS").GetDouble()).ShouldBe([122.333, 135.667]);
        (await SimulateAsync("--policy", "all")).Output.TrimEnd().Split('\n').Select(line => line.Split(' ')[0]).ShouldBe(["POLICY", "convoy", "fifo", "sjf", "srtf", "easy"]);
    }

    [Fact]
    public async Task Without_a_policy_it_is_convoys_own()
    {
        Trace("a,0,100,8");

        (await SimulateAsync("-o", "json")).Output.ShouldContain("\"policy\": \"convoy\"");
    }

    [Fact]
    public async Task A_dump_tells_of_each_job_and_has_one_file_for_each_policy()
    {
        Trace("a,0,100.25,8", "\"b,1\",50.5,10,8", "c,60,5,64");

        (await SimulateAsync("--policy", "fifo", "--dump", "ends.csv")).Error.ShouldStartWith("wrote ends.csv\n");
        (await SimulateAsync("--policy", "fifo,sjf", "--dump", "ends.csv")).ExitCode.ShouldBe(0);

        Read("ends.csv").ShouldBe("id,submit_s,start_s,end_s,evictions\r\na,0,0,100.25,0\r\n\"b,1\",50.5,100.25,110.25,0\r\nc,60,,,0\r\n");
        Read("ends.fifo.csv").ShouldBe(Read("ends.csv"));
        Read("ends.sjf.csv").ShouldBe(Read("ends.csv"));
    }

    [Fact]
    public async Task Added_nodes_are_machines_like_those_that_are_there()
    {
        Write("cluster.yaml", "nodes: [{gpus: 8, accelerator: A100, cpu: 8}]");
        Write("jobs.csv", "id,submit_s,duration_s,gpus,cpu,accelerators\na,0,100,8,8,A100\nb,0,100,8,8,A100\nc,0,100,8,9,A100\nd,0,100,4,,H100\n");

        var ended = await SimulateAsync("--add-nodes", "1xA100:8", "--add-nodes", "2xH100:4", "-o", "json");

        var json = JsonDocument.Parse(ended.Output).RootElement;
        (json.GetProperty("completed").GetInt32(), json.GetProperty("avgQueueS").GetDouble(), json.GetProperty("neverFit").GetInt32()).ShouldBe((3, 0, 1));
    }

    [Fact]
    public async Task A_page_is_well_formed_needs_nothing_else_and_has_every_series()
    {
        Write("cluster.yaml", "nodes: [{count: 2, gpus: 8, accelerator: A100}]");
        Write("jobs.csv", "id,submit_s,duration_s,gpus,user\na,0,3600,8,<mei> & \"co\"\nb,60,7200,16,jonas\nc,120,600,1,jonas\n");

        var one = await SimulateAsync("-o", "html");
        var several = await SimulateAsync("--policy", "all", "--html", "report.html");

        var page = XDocument.Parse(one.Output);
        page.Descendants(Html + "figcaption").Select(caption => caption.Element(Html + "h2")!.Value).ShouldBe(["GPU utilisation", "Waiting jobs", "Completion time", "Wait by size", "Who had the GPUs"]);
        one.Output.ShouldContain("&lt;mei&gt; &amp; &quot;co&quot;");
        several.Output.ShouldStartWith("POLICY");
        var compared = XDocument.Parse(Read("report.html"));
        foreach (var figure in compared.Descendants(Html + "figure").Take(3))
        {
            var lines = figure.Descendants(Html + "polyline").ToArray();
            lines.Select(line => line.Value).ShouldBe(["convoy", "fifo", "sjf", "srtf", "easy"]);
            lines.ShouldAllBe(line => line.Attribute("points")!.Value.Split(' ', StringSplitOptions.None).Length > 2);
        }

        foreach (var document in new[] { one.Output, Read("report.html") })
        {
            document.ShouldNotContain("NaN");
            document.ShouldNotContain("<script");
            document.Replace("http://www.w3.org/1999/xhtml", "", StringComparison.Ordinal).ShouldNotContain("http");
            document.ShouldNotContain("url(");
        }
    }

    [Theory]
    [InlineData(2, "--trace is missing", "--cluster", "cluster.yaml")]
    [InlineData(2, "--cluster is missing", "--trace", "jobs.csv")]
    [InlineData(2, "did you mean srtf?", "--cluster", "cluster.yaml", "--trace", "jobs.csv", "--policy", "srft")]
    [InlineData(2, "--add-nodes takes COUNTxTYPE:GPUS", "--cluster", "cluster.yaml", "--trace", "jobs.csv", "--add-nodes", "4")]
    [InlineData(2, "at most 100000 nodes of 1024 GPUs, not '1000000xA100:8'", "--cluster", "cluster.yaml", "--trace", "jobs.csv", "--add-nodes", "1000000xA100:8")]
    [InlineData(2, "--history takes a duration such as 30s, 10m, 4h or 2d, from 1m to 36500d, not '0d'", "--history", "0d")]
    [InlineData(2, "from 1m to 36500d, not '99999999d'", "--history", "99999999d")]
    [InlineData(2, "only one of", "--cluster", "-", "--trace", "-")]
    [InlineData(3, "error[FileError]", "--cluster", "cluster.yaml", "--trace", "nowhere.csv")]
    [InlineData(3, "there is no folder", "--cluster", "cluster.yaml", "--trace", "jobs.csv", "--dump", "nowhere/x.csv")]
    [InlineData(3, "error[FileError]: --save cannot write to /dev/null/x; /dev/null is a file and no folder", "--cluster", "cluster.yaml", "--trace", "jobs.csv", "--save", "/dev/null/x")]
    [InlineData(3, "jobs.csv:3:3: submit_s: must be a number, and is 'x' [BadValue]\njobs.csv:3:5: duration_s:", "--cluster", "cluster.yaml", "--trace", "jobs.csv")]
    [InlineData(3, "error[InvalidFile]: jobs.csv has 2 problems; nothing was simulated", "--cluster", "cluster.yaml", "--trace", "jobs.csv", "--html", "r.html")]
    [InlineData(3, "bad.yaml:1:10: nodes[0].gpu: there is no key 'gpu' here; did you mean 'gpus'?", "--cluster", "bad.yaml", "--trace", "jobs.csv")]
    public async Task What_is_wrong_is_said_and_nothing_is_written(int exit, string told, params string[] arguments)
    {
        Trace("a,0,100,8", "b,x,y,1");
        Write("bad.yaml", "nodes: [{gpu: 8}]");

        var ended = await _convoy.RunAsync(["simulate", .. arguments]);

        ended.ExitCode.ShouldBe(exit, ended.Error);
        ended.Output.ShouldBe("");
        ended.Error.ShouldContain(told);
        Directory.GetFiles(_convoy.Folder).Select(Path.GetFileName).Order().ShouldBe(["bad.yaml", "cluster.yaml", "jobs.csv"]);
    }

    [Fact]
    public async Task A_history_runs_on_the_platforms_machines_and_what_ended_meanwhile_comes_once()
    {
        using var server = new FakeServer();
        var snapshot = new PlanningCase(new ClusterSnapshot(0, [Node("a", NodeHealth.Ready), Node("b", NodeHealth.Draining), Node("c", NodeHealth.Gone)], [], []), new SchedulingPolicy([new Level("boss", 1)]), DateTimeOffset.UnixEpoch);
        server.On("GET /scheduling/snapshot", async (context, _) => await FakeServer.JsonAsync(context, snapshot, SnapshotJson.Default.PlanningCase));
        server.On("GET /scheduling/history", async (context, request) => await FakeServer.JsonAsync(
            context, request.Query.Contains("after=") ? new HistoryView([Row("j2", 50, 8), Row("j1", 100, 8)], null) : new HistoryView([Row("j1", 7, 8), Row("j3", 50, 4)], "f-"), WireJson.Default.HistoryView));

        var ended = await _convoy.Uses(server).RunAsync("simulate", "--history", "30d", "--policy", "fifo", "-o", "json", "--save", "saved");

        ended.ExitCode.ShouldBe(0, ended.Error);
        var json = JsonDocument.Parse(ended.Output).RootElement;
        (json.GetProperty("jobs").GetInt32(), json.GetProperty("makespanS").GetDouble()).ShouldBe((3, 100));
        var since = DateTimeOffset.Parse(server.Seen.Last().Query.Split("since=")[1].Replace("%3A", ":", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);
        (DateTimeOffset.UtcNow - since).TotalDays.ShouldBe(30, 0.1);
        Read("saved/cluster.yaml").ShouldBe("nodes:\n- {count: 2, gpus: 8, accelerator: \"A100\", cpu: 4, memory: 1Ki}\nlevels:\n- {\"name\":\"boss\",\"rank\":1,\"mayPreempt\":true,\"preemptible\":true,\"minRunTime\":\"0s\"}\n");
        (await _convoy.RunAsync("simulate", "--cluster", "saved/cluster.yaml", "--trace", "saved/jobs.csv", "--policy", "fifo", "-o", "json")).Output.ShouldBe(ended.Output);
        (await _convoy.RunAsync("simulate", "--history", "30d", "--cluster", "saved/cluster.yaml", "--policy", "fifo", "-o", "json")).Output.ShouldBe(ended.Output);
        (await _convoy.RunAsync("simulate", "--history", "30d", "--add-nodes", "1xA100:8", "--policy", "fifo", "-o", "json")).Output.ShouldContain("\"avgQueueS\": 0");

        static Node Node(string name, NodeHealth health) => new("local", name, health, 4000, 1024, "A100", [0, 1, 2, 3, 4, 5, 6, 7], true);

        static HistoryJobView Row(string id, double duration, int gpus) => new(id, 0, duration, gpus, 1, 0, 0, 0, ["A100"], "mei", "boss", null, JobPriority.Normal, true, null);
    }

    [Fact]
    public async Task A_history_without_jobs_is_said_to_be_empty()
    {
        using var server = new FakeServer();
        server.On("GET /scheduling/history", new HistoryView([], null), WireJson.Default.HistoryView);
        Write("cluster.yaml", "nodes: [{gpus: 8}]");

        var ended = await _convoy.Uses(server).RunAsync("simulate", "--history", "1h", "--cluster", "cluster.yaml");

        (ended.ExitCode, ended.Output).ShouldBe((3, ""));
        ended.Error.ShouldContain("error[NoHistory]");
    }

    [Fact]
    public async Task A_snapshot_is_planned_once_and_everybody_is_told_of()
    {
        var node = new Node("local", "n1", NodeHealth.Ready, 64_000, 1L << 40, "A100", [0, 1, 2, 3], true);
        var runs = new RunningJob(Standing(1, "ann", "intern"), "local", [new HeldPlace("n1", new ResourceVector(0, 0, 4), [0, 1, 2, 3]) { Role = "worker" }]) { StartedAt = DateTimeOffset.UnixEpoch, Accelerator = "A100" };
        PendingJob[] pending = [Job(2, "mei", "senior", 4), Job(3, "bob", "engineer", 8), Job(4, "cyd", "engineer", 2)];
        await KeepAsync(new ClusterSnapshot(0, [node], pending, [runs]));

        var ended = await _convoy.RunAsync("simulate", "--snapshot", "case.json");
        var json = JsonDocument.Parse((await _convoy.RunAsync("simulate", "--snapshot", "case.json", "-o", "json")).Output).RootElement;

        ended.ExitCode.ShouldBe(0, ended.Error);
        ended.Output.ShouldStartWith("at 1970-01-02 00:00:00Z on 1 node: 1 start, 1 make way, 0 change their size, 0 move, 2 wait\n\nSTARTS\n");
        json.GetProperty("starts")[0].GetProperty("job").GetString().ShouldBe(pending[0].Standing.Id.Value);
        json.GetProperty("starts")[0].GetProperty("afterOthers").GetBoolean().ShouldBeTrue();
        json.GetProperty("evictions")[0].GetProperty("job").GetString().ShouldBe(runs.Standing.Id.Value);
        json.GetProperty("evictions")[0].GetProperty("cause").GetString().ShouldBe("Level");
        json.GetProperty("waiting").EnumerateArray().Select(wait => wait.GetProperty("reason").GetString()).ShouldContain("Infeasible");
        json.GetProperty("violations").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_job_that_is_moved_is_told_with_where_it_goes()
    {
        RunningJob[] halves = [Half(1, "n1"), Half(2, "n2") with { Preemptible = false }];
        await KeepAsync(new ClusterSnapshot(0, [Node("n1"), Node("n2")], [Job(3, "mei", "engineer", 8)], halves), movesJobs: true);

        var ended = await _convoy.RunAsync("simulate", "--snapshot", "case.json");
        var move = JsonDocument.Parse((await _convoy.RunAsync("simulate", "--snapshot", "case.json", "-o", "json")).Output).RootElement.GetProperty("moves")[0];

        ended.ExitCode.ShouldBe(0, ended.Error);
        ended.Output.ShouldStartWith("at 1970-01-02 00:00:00Z on 2 nodes: 1 start, 0 make way, 0 change their size, 1 move, 0 wait\n");
        ended.Output.ShouldContain("\nMOVE\n");
        (move.GetProperty("from")[0].GetString(), move.GetProperty("to")[0].GetString()).ShouldBe(("n1", "n2"));

        static Node Node(string name) => new("local", name, NodeHealth.Ready, 64_000, 1L << 40, "A100", [0, 1, 2, 3, 4, 5, 6, 7], true);

        static RunningJob Half(int sequence, string node) => new(Standing(sequence, "ann", "engineer"), "local", [new HeldPlace(node, new ResourceVector(0, 0, 4), [0, 1, 2, 3]) { Role = "worker" }])
        {
            StartedAt = DateTimeOffset.UnixEpoch, CheckpointedAt = DateTimeOffset.UnixEpoch.AddDays(1), Accelerator = "A100", Roles = Job(sequence, "ann", "engineer", 4).Roles,
        };
    }

    [Fact]
    public async Task What_is_no_sound_snapshot_is_refused_with_its_place()
    {
        // Two jobs of one id: no server has that.
        await KeepAsync(new ClusterSnapshot(0, [], [Job(1, "ann", "intern", 1), Job(1, "ann", "intern", 1)], []));
        Write("cluster.yaml", "nodes: [{}]");

        var twice = await _convoy.RunAsync("simulate", "--snapshot", "case.json");
        var other = await _convoy.RunAsync("simulate", "--snapshot", "cluster.yaml");
        var mixed = await _convoy.RunAsync("simulate", "--snapshot", "case.json", "--trace", "jobs.csv");

        (twice.ExitCode, twice.Output).ShouldBe((3, ""));
        twice.Error.ShouldStartWith($"snapshot.pending[1].standing.id: '{Standing(1, "ann", "intern").Id}' comes twice; snapshot.pending[0] has it too [BadValue]\nerror[InvalidFile]: case.json has 1 problem; nothing was planned; ");
        (other.ExitCode, other.Output).ShouldBe((3, ""));
        other.Error.ShouldStartWith("cluster.yaml:1:2: not JSON: 'o' cannot stand here [Syntax]\n");
        mixed.ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task The_sample_runs_under_every_policy()
    {
        var sample = Path.Combine(Root(AppContext.BaseDirectory), "samples", "simulation");

        var ended = await _convoy.RunAsync("simulate", "--cluster", Path.Combine(sample, "cluster.yaml"), "--trace", Path.Combine(sample, "jobs.csv"), "--policy", "all", "-o", "json");

        ended.Error.ShouldBe("");
        JsonDocument.Parse(ended.Output).RootElement.GetProperty("items").EnumerateArray().ShouldAllBe(item => item.GetProperty("completed").GetInt32() == 120);
    }

    [Fact]
    public async Task The_commands_of_its_documentation_work()
    {
        var root = Root(AppContext.BaseDirectory);
        var sample = Directory.CreateDirectory(Path.Combine(_convoy.Folder, "samples", "simulation")).FullName;
        foreach (var file in Directory.GetFiles(Path.Combine(root, "samples", "simulation"))) File.Copy(file, Path.Combine(sample, Path.GetFileName(file)));
        var commands = (await File.ReadAllLinesAsync(Path.Combine(root, "docs", "simulation.md"))).Where(line => line.StartsWith("convoy simulate --cluster samples", StringComparison.Ordinal)).ToArray();

        commands.Length.ShouldBe(4);
        foreach (var command in commands)
        {
            var ended = await _convoy.RunAsync(command.Split(' ')[1..]);
            ended.ExitCode.ShouldBe(0, $"{command}\n{ended.Error}");
            ended.Output.ShouldNotBeEmpty();
        }
    }

    public void Dispose() => _convoy.Dispose();

    private static Standing Standing(int sequence, string owner, string level) => new(JobId.FromKey(owner, $"{sequence}"), owner, level, owner, JobPriority.Normal, sequence);

    private static PendingJob Job(int sequence, string owner, string level, int gpus) =>
        new(Standing(sequence, owner, level), 0, [new RoleDemand("worker", 1, 1, new ResourceVector(0, 0, gpus), [])], ["any"], null);

    private Task KeepAsync(ClusterSnapshot snapshot, bool movesJobs = false) =>
        File.WriteAllBytesAsync(Path.Combine(_convoy.Folder, "case.json"), new PlanningCase(snapshot, new SchedulingPolicy(Level.Defaults) { MovesJobs = movesJobs }, DateTimeOffset.UnixEpoch.AddDays(1)).ToJson());

    private static string Root(string folder) => File.Exists(Path.Combine(folder, "Convoy.slnx")) ? folder : Root(Path.GetDirectoryName(folder)!);

    private Task<Ended> SimulateAsync(params string[] more) => _convoy.RunAsync(["simulate", "--cluster", "cluster.yaml", "--trace", "jobs.csv", .. more]);

    private void Trace(params string[] rows)
    {
        Write("cluster.yaml", "nodes: [{gpus: 8}]");
        Write("jobs.csv", $"id,submit_s,duration_s,gpus\n{string.Join('\n', rows)}\n");
    }

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_convoy.Folder, file), text);

    private string Read(string file) => File.ReadAllText(Path.Combine(_convoy.Folder, file));
}
