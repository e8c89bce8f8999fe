using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>Where the server is root, every person's tasks have a uid of their own.</summary>
public sealed class PeopleApartTests(Neighbours neighbours) : IClassFixture<Neighbours>
{
    [Fact]
    public async Task One_persons_task_can_read_and_write_nothing_of_the_platform_or_of_another()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: tasks have uids of their own only there");
        var platform = neighbours.Platform;
        var files = Directory.GetFiles(platform.State, "*", SearchOption.AllDirectories).Where(file => new FileInfo(file).LinkTarget is null)
            // Convoy's own Python client, which every task reads.
            .Where(file => !file.StartsWith(Path.Combine(platform.State, "cluster", "python"), StringComparison.Ordinal)).ToList();
        new[] { "admin.token", "report.key", "convoy.db", "code.txt", "step", "result", "note", "task.json", "started", "wish.json" }.ShouldBeSubsetOf(files.Select(file => Path.GetFileName(file)));
        files.ShouldContain(file => file.Contains("/log/", StringComparison.Ordinal));
        files.ShouldContain(file => file.Contains("/objects/", StringComparison.Ordinal));
        var supervisor = ProcessFiles.Of(neighbours.Running.Id).Where(pid => pid != neighbours.TaskPid).ToArray();
        supervisor.ShouldNotBeEmpty();
        foreach (var pid in supervisor.Append(neighbours.TaskPid).Append(platform.ServerPid)) files.AddRange([$"/proc/{pid}/environ", $"/proc/{pid}/mem", $"/proc/{pid}/cwd/code.txt", $"/proc/{pid}/fd/1"]);
        File.Exists($"/proc/{neighbours.TaskPid}/cwd/code.txt").ShouldBeTrue();

        // Two that anybody may read or write show that the tries are real ones.
        var (readable, writable) = (platform.Mark("readable"), platform.Mark("writable"));
        await File.WriteAllTextAsync(readable, "r");
        await File.WriteAllTextAsync(writable, "w");
        File.SetUnixFileMode(readable, (UnixFileMode)0x124);
        File.SetUnixFileMode(writable, (UnixFileMode)0x92);
        await File.WriteAllLinesAsync(platform.Mark("tries"), [.. files, readable, writable]);
        var spy = await platform.SubmitAsync(
            Jobs.Shell("spy", $"""
                while read -r file; do
                  head -c 1 "$file" > /dev/null 2>&1 && echo "read $file"
                  (: >> "$file") 2> /dev/null && echo "write $file"
                done < {platform.Mark("tries")}
                find {platform.State}/server {platform.State}/cluster/jobs {platform.State}/cluster/people -type f 2> /dev/null | grep -v "$HOME\|$TMPDIR\|$CONVOY_JOB_ID"
                kill -0 {neighbours.TaskPid} 2> /dev/null && echo "signals"
                echo x 2> /dev/null > {platform.State}/mine && echo "makes files"
                echo done
                """),
            neighbours.Bob);
        (await platform.UntilFinishedAsync(spy.Id)).Phase.ShouldBe(JobPhase.Succeeded);
        (await platform.LogsAsync(spy.Id)).Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe([$"read {readable}", $"write {writable}", "done"]);
        (await platform.LogsAsync(neighbours.Running.Id)).ShouldBe("s3cr3t-code\n");

        platform.Say("alice-ends");
        (await platform.UntilFinishedAsync(neighbours.Running.Id)).Phase.ShouldBe(JobPhase.Succeeded);
    }
}
