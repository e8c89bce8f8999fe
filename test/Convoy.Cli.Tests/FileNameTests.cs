namespace Convoy.Cli.Tests;

/// <summary>What people name as files, and what they are told where it is none.</summary>
public sealed class FileNameTests : IDisposable
{
    private readonly ConvoyProgram _convoy = new();

    public FileNameTests()
    {
        Write("cluster.yaml", "nodes: [{gpus: 8}]");
        Write("jobs.csv", "id,submit_s,duration_s,gpus\na,0,100,8\n");
    }

    [Theory]
    [InlineData("simulate", "--cluster", "", "--trace", "jobs.csv")]
    [InlineData("simulate", "--cluster", "cluster.yaml", "--trace", "")]
    [InlineData("simulate", "--cluster", "cluster.yaml", "--trace", "jobs.csv", "--html", "")]
    [InlineData("simulate", "--cluster", "cluster.yaml", "--trace", "jobs.csv", "--dump", "")]
    [InlineData("simulate", "--cluster", "cluster.yaml", "--trace", "jobs.csv", "--save", "")]
    [InlineData("simulate", "--snapshot", "")]
    [InlineData("submit", "-f", "")]
    [InlineData("submit", "--workdir", "", "--", "true")]
    [InlineData("apply", "-f", "")]
    [InlineData("up", "--state", "")]
    public async Task An_empty_name_is_an_unset_variable(params string[] arguments)
    {
        var ended = await _convoy.RunAsync(arguments);

        ended.ExitCode.ShouldBe(2, ended.Error);
        ended.Error.ShouldStartWith($"error[Usage]: {arguments[Array.IndexOf(arguments, "") - 1]} names no {(arguments.Contains("--save") || arguments.Contains("--workdir") || arguments.Contains("--state") ? "folder" : "file")} (an unset variable?)");
    }

    [Theory]
    [InlineData("--html would write over ./jobs.csv, which --trace reads", "--html", "./jobs.csv")]
    [InlineData("--dump would write over link.csv, which --trace reads", "--dump", "link.csv")]
    [InlineData("--html would write over linked/cluster.yaml, which --cluster reads", "--html", "linked/cluster.yaml")]
    [InlineData("--save would write over ./cluster.yaml, which --cluster reads", "--save", ".")]
    [InlineData("--html and --dump would both write to x", "--html", "x", "--dump", "x")]
    [InlineData("--html and --dump would both write to x.sjf.csv", "--html", "x.sjf.csv", "--dump", "x.csv", "--policy", "fifo,sjf")]
    [InlineData("--html and --save would both write to new/jobs.csv", "--html", "new/jobs.csv", "--save", "new")]
    public async Task Nothing_is_written_over_what_is_read_or_written(string told, params string[] more)
    {
        if (told.Contains("new/", StringComparison.Ordinal)) Directory.CreateDirectory(Path.Combine(_convoy.Folder, "new"));
        File.CreateSymbolicLink(Path.Combine(_convoy.Folder, "link.csv"), "jobs.csv");
        Directory.CreateSymbolicLink(Path.Combine(_convoy.Folder, "linked"), _convoy.Folder);
        var before = Files();

        var ended = await SimulateAsync(more);

        ended.ExitCode.ShouldBe(2, ended.Error);
        ended.Error.ShouldStartWith($"error[Usage]: {told}");
        Files().ShouldBe(before);
    }

    [Fact]
    public async Task Saved_files_that_were_changed_by_hand_stay()
    {
        (await SimulateAsync("--save", "kept")).ExitCode.ShouldBe(0);
        (await SimulateAsync("--save", "kept")).ExitCode.ShouldBe(0);
        Write("kept/cluster.yaml", "nodes: [{gpus: 16}]");
        var before = Files();

        var ended = await SimulateAsync("--save", "kept");

        (ended.ExitCode, ended.Output).ShouldBe((3, ""));
        ended.Error.ShouldBe("error[FileError]: --save would replace kept/cluster.yaml, which is there and differs; choose another folder, or remove the file\n");
        Files().ShouldBe(before);
    }

    [Theory]
    [InlineData("the cluster file nope.yaml cannot be read: there is no file WORK/nope.yaml; check the name", "simulate", "--cluster", "nope.yaml", "--trace", "jobs.csv")]
    [InlineData("the cluster file . cannot be read: it is a folder; name a file", "simulate", "--cluster", ".", "--trace", "jobs.csv")]
    [InlineData("the trace no/jobs.csv cannot be read: there is no folder WORK/no; name another file", "simulate", "--cluster", "cluster.yaml", "--trace", "no/jobs.csv")]
    [InlineData("the snapshot jobs.csv/x cannot be read: WORK/jobs.csv is a file and no folder; name another file", "simulate", "--snapshot", "jobs.csv/x")]
    [InlineData("the job file nope.yaml cannot be read: there is no file WORK/nope.yaml; check the name", "submit", "-f", "nope.yaml")]
    [InlineData("the file of queues nope.yaml cannot be read: there is no file WORK/nope.yaml; check the name", "apply", "-f", "nope.yaml")]
    [InlineData("/proc/x.csv cannot be written: the folder /proc takes no such file; choose another place", "simulate", "--cluster", "cluster.yaml", "--trace", "jobs.csv", "--dump", "/proc/x.csv")]
    public async Task What_cannot_be_read_or_written_is_said_in_words(string told, params string[] arguments)
    {
        var ended = await _convoy.RunAsync(arguments);

        ended.ExitCode.ShouldBe(3, ended.Error);
        ended.Error.ShouldBe($"error[FileError]: {told.Replace("WORK", _convoy.Folder, StringComparison.Ordinal)}\n");
    }

    [Theory]
    [InlineData("--snapshot has no value; give --snapshot FILE", "simulate", "--cluster", "cluster.yaml", "--trace", "jobs.csv", "--snapshot")]
    [InlineData("--snapshot has no value; give --snapshot FILE", "simulate", "--snapshot", "--cluster", "cluster.yaml")]
    [InlineData("--cluster is given 2 times, and may be given once", "simulate", "--cluster", "cluster.yaml", "--cluster", "cluster.yaml")]
    [InlineData("--file FILE is missing", "apply")]
    [InlineData("--dump writes a file, and - is none; a file of that name is ./-", "simulate", "--cluster", "cluster.yaml", "--trace", "jobs.csv", "--dump", "-")]
    public async Task A_flag_without_its_value_is_named(string told, params string[] arguments)
    {
        var ended = await _convoy.RunAsync(arguments);

        ended.ExitCode.ShouldBe(2, ended.Error);
        ended.Error.ShouldStartWith($"error[Usage]: {told}; see convoy {arguments[0]} --help");
    }

    [Fact]
    public async Task Standard_input_is_named_in_words()
    {
        var empty = await _convoy.RunAsync("", ["simulate", "--cluster", "cluster.yaml", "--trace", "-"]);
        var list = await _convoy.RunAsync("[]", ["simulate", "--cluster", "-", "--trace", "jobs.csv"]);

        (empty.ExitCode, list.ExitCode).ShouldBe((3, 3));
        empty.Error.ShouldStartWith("standard input:1:1: the file is empty; ");
        empty.Error.ShouldEndWith("error[InvalidFile]: standard input has 1 problem; nothing was simulated\n");
        list.Error.ShouldStartWith("standard input:1:1: the document must be a mapping of keys to values, and is a list [WrongType]\n");
    }

    public void Dispose() => _convoy.Dispose();

    private Task<Ended> SimulateAsync(params string[] more) => _convoy.RunAsync(["simulate", "--cluster", "cluster.yaml", "--trace", "jobs.csv", .. more]);

    private string[] Files() => [.. Directory.GetFiles(_convoy.Folder, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }).Order(StringComparer.Ordinal).Select(file => $"{file}: {File.ReadAllText(file)}")];

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_convoy.Folder, file), text);
}
