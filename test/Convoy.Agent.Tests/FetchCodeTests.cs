using System.Diagnostics;
using System.Security.Cryptography;
using Convoy.Clusters.Kubernetes;

namespace Convoy.Agent.Tests;

/// <summary>The program as it runs in a task's pod, before the task: brings the job's code there, whole or not at all.</summary>
public sealed class FetchCodeTests : IDisposable
{
    private const UnixFileMode OthersMayRead = UnixFileMode.OtherRead, OthersMayRun = UnixFileMode.OtherExecute;

    private static readonly byte[] Archive = CodeServer.Archive(("train.py", "print(1)\n", false), ("tools/run.sh", "true\n", true));
    private static readonly string Sha256 = Convert.ToHexStringLower(SHA256.HashData(Archive));

    private readonly string pod = Directory.CreateTempSubdirectory("convoy-pod-").FullName;

    private string Code => Path.Combine(pod, "code");

    public void Dispose() => Directory.Delete(pod, recursive: true);

    [Fact]
    public async Task Code_is_unpacked_for_a_task_under_any_user()
    {
        await using var server = new CodeServer(CodeServer.Content(Archive));
        (await FetchAsync(server.Url)).ExitCode.ShouldBe(0);
        (await File.ReadAllTextAsync(Path.Combine(Code, "train.py"))).ShouldBe("print(1)\n");
        server.Requests.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            request => request.ShouldStartWith($"GET /api/v1/code/{Sha256} "),
            request => request.ShouldContain("Authorization: Bearer cvr_token"));
        File.GetUnixFileMode(Path.Combine(Code, "train.py")).ShouldSatisfyAllConditions(mode => mode.HasFlag(OthersMayRead).ShouldBeTrue(), mode => mode.HasFlag(OthersMayRun).ShouldBeFalse());
        foreach (var place in new[] { Code, Path.Combine(Code, "tools"), Path.Combine(Code, "tools", "run.sh") }) File.GetUnixFileMode(place).HasFlag(OthersMayRead | OthersMayRun).ShouldBeTrue(place);
    }

    [Fact]
    public async Task A_server_that_is_starting_a_connection_that_breaks_and_another_archive_are_no_reason_to_give_up()
    {
        // Bytes behind the last file, which unpacking alone does not miss.
        await using var server = new CodeServer(CodeServer.Status(503), CodeServer.Content(Archive)[..^200], CodeServer.Content([.. Archive[..^200], .. new byte[200]]), CodeServer.Content(Archive));
        var (exitCode, error) = await FetchAsync(server.Url);
        exitCode.ShouldBe(0, error);
        error.ShouldContain("is asked for again: the server answered 503");
        error.ShouldContain("is asked for again: what came is not the archive");
        server.Requests.Count.ShouldBe(4);
        Directory.GetFileSystemEntries(pod).ShouldBe([Code]);
        (await File.ReadAllTextAsync(Path.Combine(Code, "tools", "run.sh"))).ShouldBe("true\n");
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    public async Task Code_that_is_not_given_is_not_asked_for_again(int status)
    {
        await using var server = new CodeServer(CodeServer.Status(status), CodeServer.Content(Archive));
        var (exitCode, error) = await FetchAsync(server.Url);
        (exitCode, server.Requests.Count).ShouldBe((KubernetesOptions.NoCodeEver, 1), error);
        error.ShouldContain($"error[NoCode]: the job's code cannot be brought here: the server answered {status}");
        Directory.Exists(Code).ShouldBeFalse();
    }

    [Fact]
    public async Task Of_an_archive_that_is_refused_nothing_is_left_where_the_task_would_look()
    {
        var archive = CodeServer.Archive(("train.py", "print(1)\n", false), ("../outside", "", false));
        await using var server = new CodeServer(CodeServer.Content(archive));
        var (exitCode, error) = await FetchAsync(server.Url, Convert.ToHexStringLower(SHA256.HashData(archive)));
        exitCode.ShouldBe(KubernetesOptions.NoCodeEver, error);
        error.ShouldContain("error[NoCode]: the job's code cannot be brought here: ");
        error.ShouldContain("leaves the folder");
        Directory.GetFiles(pod, "*", SearchOption.AllDirectories).ShouldBeEmpty();
        Directory.Exists(Code).ShouldBeFalse();
    }

    [Fact]
    public async Task What_an_earlier_try_left_is_replaced()
    {
        Directory.CreateDirectory(Code);
        await File.WriteAllTextAsync(Path.Combine(Code, "old.py"), "");
        Directory.CreateDirectory($"{Code}.part");
        await File.WriteAllTextAsync(Path.Combine($"{Code}.part", "train.py"), "half");
        await using var server = new CodeServer(CodeServer.Content(Archive));
        (await FetchAsync(server.Url)).ExitCode.ShouldBe(0);
        Directory.GetFileSystemEntries(pod).ShouldBe([Code]);
        Directory.GetFileSystemEntries(Code).Select(Path.GetFileName).Order().ShouldBe(["tools", "train.py"]);
    }

    private async Task<(int ExitCode, string Error)> FetchAsync(Uri server, string? sha256 = null)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "convoy-agent"), ["fetch-code", sha256 ?? Sha256, Code]) { RedirectStandardError = true };
        start.Environment["CONVOY_SERVER"] = server.ToString();
        start.Environment["CONVOY_TOKEN"] = "cvr_token";
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try
        {
            var error = await process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, error);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException("still running: convoy-agent fetch-code");
        }
    }
}
