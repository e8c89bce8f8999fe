using System.Diagnostics;
using Convoy.Client;

namespace Convoy.Bench.Everyday;

/// <summary>Commands as people wait for them: from the start of the process to its end.</summary>
internal static class WholeProcess
{
    private const int Warm = 5;
    private const int Runs = 100;

    public static async Task PrintAsync(TextWriter output, string programs, string scratch, string? reference)
    {
        using var server = await ServerProcess.StartAsync(programs, Path.Combine(scratch, "process"));
        using (var client = server.NewClient())
        {
            for (var i = 0; i < 30; i++) await client.SubmitAsync(ServerProcess.NewId(), ServerProcess.Command("listed", ["/bin/true"]), CancellationToken.None);
            while ((await client.ListJobsAsync(new JobQuery { Unfinished = true }, CancellationToken.None)).Items.Count > 0) await Task.Delay(50);
        }

        await output.WriteLineAsync("| command | p50 ms | p99 ms | most ms |");
        await output.WriteLineAsync("|---|---|---|---|");
        foreach (var arguments in new string[][] { ["list"], ["list", "-o", "json"], ["queue"], ["version"], ["--help"], ["list", "--lang", "zh"] })
        {
            await output.WriteLineAsync($"| `convoy {string.Join(' ', arguments)}` | {Time(Path.Combine(programs, "convoy"), arguments, server)} |");
        }

        if (reference is not null) await output.WriteLineAsync($"| reference: `kubectl version --client` | {Time(reference, ["version", "--client"], server)} |");
    }

    private static Percentiles Time(string program, string[] arguments, ServerProcess server)
    {
        var samples = new List<double>();
        for (var i = 0; i < Warm + Runs; i++)
        {
            var start = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["CONVOY_SERVER"] = server.Url.ToString(), ["CONVOY_TOKEN"] = server.Token },
            };
            var before = Stopwatch.GetTimestamp();
            using var process = Process.Start(start)!;
            _ = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (i >= Warm) samples.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
            if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {process.StandardError.ReadToEnd()}");
        }

        return Percentiles.Of(samples);
    }
}
