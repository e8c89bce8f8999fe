using System.Diagnostics;
using System.Globalization;
using Convoy.Core.Jobs;

namespace Convoy.Bench.Everyday;

/// <summary>
/// From the moment somebody submits until the first instruction of their program, one job after the other. The program is
/// /bin/date, which tells the time by the clock that this process reads too.
/// </summary>
internal static class StartLatency
{
    private const int Warm = 20;
    private const int Jobs = 200;

    public static async Task PrintAsync(TextWriter output, string programs, string scratch)
    {
        using var server = await ServerProcess.StartAsync(programs, Path.Combine(scratch, "latency"));
        using var client = server.NewClient();
        var api = new List<double>();
        var whole = new List<double>();
        var bare = new List<double>();
        for (var i = 0; i < Warm + Jobs; i++)
        {
            var mark = Path.Combine(scratch, $"started-{i}");
            string[] command = ["/bin/sh", "-c", $"date +%s%N >{mark}.new; chmod a+r {mark}.new; mv {mark}.new {mark}"];
            Keep(bare, i, await BareAsync(command, mark));
            var before = Now();
            var job = await client.SubmitAsync(ServerProcess.NewId(), ServerProcess.Command("latency", command), CancellationToken.None);
            Keep(api, i, await StartedAsync(mark) - before);
            await EndedAsync(client, job.Id);

            before = Now();
            using var convoy = Process.Start(Convoy(programs, server, ["submit", "--detach", "--no-code", "-o", "name", "--", .. command]))!;
            convoy.BeginErrorReadLine();
            var id = (await convoy.StandardOutput.ReadToEndAsync()).Trim();
            Keep(whole, i, await StartedAsync(mark) - before);
            await EndedAsync(client, id);
        }

        await output.WriteLineAsync("| from | to | p50 ms | p99 ms | most ms |");
        await output.WriteLineAsync("|---|---|---|---|---|");
        await output.WriteLineAsync($"| request sent to the API | first instruction of the program | {Percentiles.Of(api)} |");
        await output.WriteLineAsync($"| `convoy submit` started | the same | {Percentiles.Of(whole)} |");
        await output.WriteLineAsync($"| reference: the same program started by hand | the same | {Percentiles.Of(bare)} |");
    }

    private static ProcessStartInfo Convoy(string programs, ServerProcess server, IEnumerable<string> arguments) => new(Path.Combine(programs, "convoy"), arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        Environment = { ["CONVOY_SERVER"] = server.Url.ToString(), ["CONVOY_TOKEN"] = server.Token },
    };

    private static async Task<double> BareAsync(string[] command, string mark)
    {
        var before = Now();
        using var process = Process.Start(command[0], command[1..]);
        await process.WaitForExitAsync();
        return await StartedAsync(mark) - before;
    }

    /// <summary>Milliseconds since 1970 at which the program ran.</summary>
    private static async Task<double> StartedAsync(string mark)
    {
        while (!File.Exists(mark)) await Task.Delay(1);
        var nanoseconds = long.Parse(await File.ReadAllTextAsync(mark), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
        File.Delete(mark);
        return nanoseconds / 1e6;
    }

    private static double Now() => (DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks) / (double)TimeSpan.TicksPerMillisecond;

    private static async Task EndedAsync(Convoy.Client.ConvoyClient client, string job)
    {
        while (!(await client.GetJobAsync(job, CancellationToken.None)).Phase.IsFinished()) await Task.Delay(10);
    }

    private static void Keep(List<double> samples, int round, double milliseconds)
    {
        if (round >= Warm) samples.Add(milliseconds);
    }
}
