using Convoy.Clusters.LocalProcesses;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class LocalNodeAgentTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("convoy-agent-");

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public async Task What_the_agent_complains_of_takes_no_more_than_a_bound_on_the_disk()
    {
        var layout = new StateLayout(root.FullName);
        var time = new SteppedTime();
        // Stands for an agent that complains without end and does not listen.
        var agent = new LocalNodeAgent(new LocalClusterOptions { StateFolder = root.FullName, TaskProgram = "/bin/true", ServerUrl = "http://127.0.0.1:1", NodeProgram = Complaining() }, layout, time);
        for (var look = 0; look < 10; look++)
        {
            agent.Ensure();
            time.Step();
            await UntilIdleAsync(layout.NodeLog);
        }

        Directory.GetFiles(root.FullName, "node.log*").Sum(path => new FileInfo(path).Length).ShouldBeInRange(1_000_000, 3_500_000);
    }

    private string Complaining()
    {
        var program = Path.Combine(root.FullName, "complain");
        File.WriteAllText(program, "#!/bin/sh\nhead -c 700000 /dev/zero >&2\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return program;
    }

    /// <summary>Nothing is added to it any more.</summary>
    private static async Task UntilIdleAsync(string path)
    {
        for (var (before, length) = (-1L, 0L); before != length; length = new FileInfo(path) is { Exists: true } file ? file.Length : 0)
        {
            before = length;
            await Task.Delay(150, TestContext.Current.CancellationToken);
        }
    }

    private sealed class SteppedTime : TimeProvider
    {
        private DateTimeOffset now = DateTimeOffset.UnixEpoch;

        public void Step() => now += TimeSpan.FromSeconds(2);

        public override DateTimeOffset GetUtcNow() => now;
    }
}
