using System.Globalization;
using Convoy.Core.Jobs;

namespace Convoy.Bench.Everyday;

/// <summary>What a server takes when nobody asks anything of it: empty, and with a running job.</summary>
internal static class IdleServer
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(60);

    public static async Task PrintAsync(TextWriter output, string programs, string scratch)
    {
        await output.WriteLineAsync("| server | resident MiB | core % over 60 s |");
        await output.WriteLineAsync("|---|---|---|");
        using var server = await ServerProcess.StartAsync(programs, Path.Combine(scratch, "idle"));
        using var client = server.NewClient();
        await WatchAsync("idle after its start");
        for (var i = 0; i < 200; i++)
        {
            var job = await client.SubmitAsync(ServerProcess.NewId(), ServerProcess.Command("done", ["/bin/true"]), CancellationToken.None);
            while (!(await client.GetJobAsync(job.Id, CancellationToken.None)).Phase.IsFinished()) await Task.Delay(10);
        }

        await WatchAsync("idle after 200 jobs");
        var sleeper = await client.SubmitAsync(ServerProcess.NewId(), ServerProcess.Command("sleeper", ["/bin/sleep", "600"]), CancellationToken.None);
        await WatchAsync("one job runs and prints nothing");
        await client.CancelJobAsync(sleeper.Id, CancellationToken.None);
        while (!(await client.GetJobAsync(sleeper.Id, CancellationToken.None)).Phase.IsFinished()) await Task.Delay(50);

        async Task WatchAsync(string what)
        {
            await Task.Delay(Settle);
            var before = server.ProcessorTime();
            await Task.Delay(Watched);
            var share = (server.ProcessorTime() - before) / Watched;
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"| {what} | {server.ResidentBytes() / 1048576.0:0} | {share * 100:0.00} |"));
        }
    }
}
