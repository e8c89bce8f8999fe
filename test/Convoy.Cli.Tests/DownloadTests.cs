using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Tests;

public sealed class DownloadTests : IDisposable
{
    private readonly FakeServer _server = new();
    private readonly ConvoyProgram _convoy = new();
    private readonly Dictionary<(int Rank, string Path), byte[]> _contents = [];

    public DownloadTests()
    {
        _server.On("GET /jobs/digits", Views.Job(JobPhase.Succeeded), WireJson.Default.JobView);
        _server.On($"GET /jobs/{Views.Id}/outputs/content", async (context, _) =>
        {
            var bytes = _contents[(int.Parse(context.Request.QueryString["rank"]!), context.Request.QueryString["path"]!)];
            var from = context.Request.Headers["Range"] is { } range ? int.Parse(range["bytes=".Length..].TrimEnd('-')) : 0;
            if (from > 0)
            {
                context.Response.StatusCode = 206;
                context.Response.Headers["Content-Range"] = $"bytes {from}-{bytes.Length - 1}/{bytes.Length}";
            }

            await context.Response.OutputStream.WriteAsync(bytes.AsMemory(from));
            context.Response.Close();
        });
        _convoy.Uses(_server);
    }

    public void Dispose()
    {
        _server.Dispose();
        _convoy.Dispose();
    }

    [Fact]
    public async Task Everything_comes_below_a_folder_named_after_the_job_and_again_only_what_is_missing()
    {
        List(File("model.pt", "weights", executable: true), File("deep/er/log.txt", "log"), Left("latest", "Link"));
        var ended = await _convoy.RunAsync("output", "get", "digits");
        (ended.ExitCode, ended.Output).ShouldBe((0, "digits-outputs\n"), ended.Error);
        ended.Error.ShouldBe($"2 files, 10 B\n1 entry could not be kept by the platform; see `convoy output list {Views.Id}`\n");
        Read("digits-outputs/model.pt").ShouldBe("weights");
        Read("digits-outputs/deep/er/log.txt").ShouldBe("log");
        System.IO.File.GetUnixFileMode(Place("digits-outputs/model.pt")).HasFlag(UnixFileMode.UserExecute).ShouldBeTrue();
        System.IO.File.GetLastWriteTimeUtc(Place("digits-outputs/model.pt")).ShouldBe(DateTime.UnixEpoch.AddDays(1));
        Entries("digits-outputs").ShouldBe(["deep", "deep/er", "deep/er/log.txt", "model.pt"]);

        System.IO.File.Delete(Place("digits-outputs/model.pt"));
        var asked = Asked();
        var again = await _convoy.RunAsync("output", "get", "digits", "-o", "json");
        var view = JsonNode.Parse(again.Output)!;
        ($"{view["to"]}", (int)view["files"]!, (int)view["unchanged"]!, (int)view["leftBehind"]!).ShouldBe(("digits-outputs", 2, 1, 1));
        (Asked() - asked).ShouldBe(1);
    }

    [Fact]
    public async Task Several_ranks_have_folders_of_their_own()
    {
        List(File("log", "zero"), File("log", "one", rank: 1));
        (await _convoy.RunAsync("output", "get", "digits", "log", "--to", "here")).ExitCode.ShouldBe(0);
        (Read("here/rank-0/log"), Read("here/rank-1/log")).ShouldBe(("zero", "one"));
    }

    [Fact]
    public async Task A_named_file_comes_here_or_where_it_is_told_or_to_standard_output()
    {
        List(File("deep/model.pt", "weights"), File("deep/model.pt.old", "other"));
        (await _convoy.RunAsync("output", "get", "digits", "deep/model.pt")).Output.ShouldBe("model.pt\n");
        Read("model.pt").ShouldBe("weights");
        (await _convoy.RunAsync("output", "get", "digits", "deep/model.pt", "--to", "mine.pt")).ExitCode.ShouldBe(0);
        Read("mine.pt").ShouldBe("weights");
        (await _convoy.RunAsync("output", "get", "digits", "deep/model.pt", "--to", "folder/")).ExitCode.ShouldBe(0);
        Read("folder/model.pt").ShouldBe("weights");
        var piped = await _convoy.RunAsync("output", "get", "digits", "deep/model.pt", "--to", "-");
        (piped.ExitCode, piped.Output, piped.Error).ShouldBe((0, "weights", ""));
        (await _convoy.RunAsync("output", "get", "digits", "deep", "--to", "-")).ExitCode.ShouldBe(2);
        (await _convoy.RunAsync("output", "get", "digits", "*/*.old", "--to", "old")).ExitCode.ShouldBe(0);
        Entries("old").ShouldBe(["deep", "deep/model.pt.old"]);
    }

    [Fact]
    public async Task A_file_that_is_there_and_differs_is_replaced_only_by_force()
    {
        List(File("a", "from the job"), File("b", "new"));
        Directory.CreateDirectory(Place("digits-outputs"));
        await System.IO.File.WriteAllTextAsync(Place("digits-outputs/a"), "my own");
        var refused = await _convoy.RunAsync("output", "get", "digits");
        refused.ExitCode.ShouldBe(3);
        refused.Error.ShouldContain("error[FileExists]");
        (Read("digits-outputs/a"), Entries("digits-outputs").Length).ShouldBe(("my own", 1));
        (await _convoy.RunAsync("output", "get", "digits", "--force")).ExitCode.ShouldBe(0);
        (Read("digits-outputs/a"), Read("digits-outputs/b")).ShouldBe(("from the job", "new"));

        // As long as the job's, so that only reading it tells.
        await System.IO.File.WriteAllTextAsync(Place("digits-outputs/b"), "old");
        (await _convoy.RunAsync("output", "get", "digits")).ExitCode.ShouldBe(3);
        Read("digits-outputs/b").ShouldBe("old");
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("/tmp/outside")]
    [InlineData("a//b")]
    [InlineData(".")]
    [InlineData("")]
    public async Task Nothing_is_written_outside_the_folder_whatever_the_server_says(string path)
    {
        List(File("good", "good"), File(path, "bad"));
        var ended = await _convoy.RunAsync("output", "get", "digits");
        (ended.ExitCode, ended.Output).ShouldBe((3, ""));
        ended.Error.ShouldContain("error[UnsafePath]");
        Entries(".").ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_is_written_through_a_link()
    {
        List(File("sub/file", "bad"));
        Directory.CreateDirectory(Place("digits-outputs"));
        Directory.CreateDirectory(Place("elsewhere"));
        System.IO.File.CreateSymbolicLink(Place("digits-outputs/sub"), Place("elsewhere"));
        var ended = await _convoy.RunAsync("output", "get", "digits", "--force");
        ended.ExitCode.ShouldBe(3);
        ended.Error.ShouldContain("error[UnsafePath]");
        Entries("elsewhere").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_download_goes_on_where_it_broke_off()
    {
        List(File("model.pt", "0123456789"));
        var broken = 0;
        _server.On($"GET /jobs/{Views.Id}/outputs/content", async (context, request) =>
        {
            // Twice some bytes and a broken connection, then the rest.
            var from = context.Request.Headers["Range"] is { } range ? int.Parse(range["bytes=".Length..].TrimEnd('-')) : 0;
            var bytes = "0123456789"u8.ToArray();
            if (from > 0)
            {
                context.Response.StatusCode = 206;
                context.Response.Headers["Content-Range"] = $"bytes {from}-9/10";
            }

            context.Response.ContentLength64 = 10 - from;
            if (broken++ < 2)
            {
                await context.Response.OutputStream.WriteAsync(bytes.AsMemory(from, 3));
                await context.Response.OutputStream.FlushAsync();
                await Task.Delay(50);
                context.Response.Abort();
                return;
            }

            await context.Response.OutputStream.WriteAsync(bytes.AsMemory(from));
            context.Response.Close();
        });
        (await _convoy.RunAsync("output", "get", "digits", "model.pt")).ExitCode.ShouldBe(0);
        Read("model.pt").ShouldBe("0123456789");
    }

    [Fact]
    public async Task What_an_earlier_call_left_is_used_where_it_is_right()
    {
        var file = File("model.pt", "0123456789");
        List(file);
        foreach (var (left, requests) in new[] { ("0123", 1), ("wrong", 2), ("much longer than it", 1), ("0123456789", 0) })
        {
            var asked = Asked();
            await System.IO.File.WriteAllTextAsync(Place($".{file.Sha256![..16]}.convoy-part"), left);
            (await _convoy.RunAsync("output", "get", "digits", "model.pt")).ExitCode.ShouldBe(0, left);
            Read("model.pt").ShouldBe("0123456789");
            (Asked() - asked).ShouldBe(requests, left);
            Entries(".").ShouldBe(["model.pt"]);
            System.IO.File.Delete(Place("model.pt"));
        }
    }

    [Fact]
    public async Task Content_with_another_hash_is_not_kept()
    {
        List(File("model.pt", "weights"));
        _contents[(0, "model.pt")] = "sthgiew"u8.ToArray();
        var ended = await _convoy.RunAsync("output", "get", "digits");
        ended.ExitCode.ShouldBe(6);
        ended.Error.ShouldContain("error[HashMismatch]");
        Entries("digits-outputs").ShouldBeEmpty();
    }

    [Fact]
    public async Task Files_that_are_still_being_taken_in_are_waited_for_and_said()
    {
        var looks = 0;
        var file = File("model.pt", "weights");
        _server.On($"GET /jobs/{Views.Id}/outputs", (context, _) => FakeServer.JsonAsync(
            context, looks++ == 0 ? new OutputListView([], null) { Attempt = 1, Waiting = 2, Totals = new OutputTotalsView(0, 0, 0) } : Page([file]), WireJson.Default.OutputListView));
        var ended = await _convoy.RunAsync("output", "get", "digits");
        ended.ExitCode.ShouldBe(0, ended.Error);
        ended.Error.ShouldContain("the platform is still taking in the files of 2 tasks");
        Read("digits-outputs/model.pt").ShouldBe("weights");
    }

    [Fact]
    public async Task A_job_that_left_nothing_and_a_name_that_is_not_there_are_not_found()
    {
        List();
        var nothing = await _convoy.RunAsync("output", "get", "digits");
        (nothing.ExitCode, nothing.Error.Contains("error[NoOutputs]", StringComparison.Ordinal)).ShouldBe((102, true));
        List(File("model.pt", "weights"), Left("pipe", "Special"));
        foreach (var name in (string[])["model", "*.txt", "pipe"])
        {
            var none = await _convoy.RunAsync("output", "get", "digits", name);
            (none.ExitCode, none.Error.Contains("error[NoSuchOutput]", StringComparison.Ordinal)).ShouldBe((102, true), none.Error);
        }

        foreach (var wrong in (string[])["/etc/passwd", "../x", "."]) (await _convoy.RunAsync("output", "get", "digits", wrong)).ExitCode.ShouldBe(2, wrong);
        Entries(".").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_list_tells_what_was_left_behind_and_moves_no_cursor()
    {
        List(File("model.pt", "weights"), Left("\e[2Jlatest\n", "Link", "model.pt"), Left("big", "OverBytes"));
        var table = await _convoy.RunAsync("output", "list", "digits");
        table.ExitCode.ShouldBe(0, table.Error);
        table.Output.Split('\n')[0].ShouldBe("ATTEMPT  RANK  SIZE  MODIFIED              PATH         NOTE");
        table.Output.ShouldContain("      1     0   7 B  1970-01-02 00:00:00Z  model.pt     -\n");
        table.Output.ShouldContain("not kept: a link to model.pt");
        table.Output.ShouldNotContain("\e");
        table.Error.ShouldContain("2 entries could not be kept");
        (await _convoy.RunAsync("output", "list", "digits", "-o", "name")).Output.ShouldBe("model.pt\n");
        (await _convoy.RunAsync("output", "list", "digits", "model*", "-o", "csv")).Output.Split("\r\n")[1].ShouldStartWith("1,worker,0,model.pt,7,1970-01-02T00:00:00Z,");
        JsonNode.Parse((await _convoy.RunAsync("output", "list", "digits", "--attempt", "all", "-o", "json")).Output)!["items"]!.AsArray().Count.ShouldBe(3);
        _server.Seen.Last().Query.ShouldContain("attempt=all");
        (await _convoy.RunAsync("output", "list", "digits", "--attempt", "some")).ExitCode.ShouldBe(2);
    }

    private OutputFileView File(string path, string text, int rank = 0, bool executable = false)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        _contents[(rank, path)] = bytes;
        return new OutputFileView(1, "worker", rank, path, bytes.Length, DateTimeOffset.UnixEpoch.AddDays(1), executable, Convert.ToHexStringLower(SHA256.HashData(bytes)), null, null);
    }

    private static OutputFileView Left(string path, string why, string? target = null) => new(1, "worker", 0, path, 5, DateTimeOffset.UnixEpoch, false, null, why, target);

    /// <summary>In pages of two.</summary>
    private void List(params OutputFileView[] files) => _server.On($"GET /jobs/{Views.Id}/outputs", (context, _) =>
    {
        var prefix = context.Request.QueryString["prefix"] ?? "";
        var matching = files.Where(file => file.Path.StartsWith(prefix, StringComparison.Ordinal)).ToArray();
        var from = int.Parse(context.Request.QueryString["after"] ?? "0");
        var page = Page(matching[from..Math.Min(from + 2, matching.Length)], files);
        return FakeServer.JsonAsync(context, from + 2 < matching.Length ? page with { Next = $"{from + 2}" } : page, WireJson.Default.OutputListView);
    });

    private static OutputListView Page(OutputFileView[] files, OutputFileView[]? all = null)
    {
        all ??= files;
        return new OutputListView(files, null) { Attempt = 1, Totals = new OutputTotalsView(all.Count(file => file.Sha256 is not null), all.Sum(file => file.Size), all.Count(file => file.Sha256 is null)) };
    }

    private int Asked() => _server.Seen.Count(request => request.Path.EndsWith("/content", StringComparison.Ordinal));

    private string Place(string path) => Path.Combine(_convoy.Folder, path);

    private string Read(string path) => System.IO.File.ReadAllText(Place(path));

    private string[] Entries(string folder) => [.. Directory.GetFileSystemEntries(Place(folder), "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Place(folder), path)).Order(StringComparer.Ordinal)];
}
