using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Convoy.Bench.Everyday;

/// <summary>
/// How many submissions are taken in, each durable when it is answered, from clients that send the next when the last is
/// answered; beside as many connections that insert the same bytes into SQLite with the same durability.
/// </summary>
internal static class SubmissionRate
{
    private const int Clients = 8;
    private const int Warm = 100;
    private const int Each = 1_000;

    public static async Task PrintAsync(TextWriter output, string programs, string scratch)
    {
        await output.WriteLineAsync("| what | per second | p50 ms | p99 ms | most ms |");
        await output.WriteLineAsync("|---|---|---|---|---|");
        var spec = ServerProcess.Command("queued", ["/bin/true"], gpus: 1);
        using (var server = await ServerProcess.StartAsync(programs, Path.Combine(scratch, "rate"), "--nodes", "1", "--gpus", "1"))
        {
            // The only device is taken, so that what is measured is taking in, not running.
            using var blocker = server.NewClient();
            await blocker.SubmitAsync(ServerProcess.NewId(), ServerProcess.Command("blocker", ["/bin/sleep", "1000"], gpus: 1), CancellationToken.None);
            var clients = Enumerable.Range(0, Clients).Select(_ => server.NewClient()).ToArray();
            foreach (var when in (string[])["just after its start", "the next"])
            {
                var measured = await MeasureAsync(i => Task.FromResult<Func<Task>>(async () => await clients[i].SubmitAsync(ServerProcess.NewId(), spec, CancellationToken.None)));
                await output.WriteLineAsync(Row($"{Clients * Each} submissions, {Clients} clients, {when}", measured));
            }
        }

        foreach (var connections in new[] { Clients, 1 })
        {
            using var inserts = new RawInserts(Path.Combine(scratch, $"raw-{connections}.db"), JsonSerializer.Serialize(spec, Client.Wire.WireJson.Default.JobSpec));
            await output.WriteLineAsync(Row($"reference: raw SQLite inserts, {connections} {(connections == 1 ? "connection" : "connections")}", await MeasureAsync(_ => Task.FromResult(inserts.Connect()), connections)));
        }
    }

    private static async Task<(double PerSecond, Percentiles Latency)> MeasureAsync(Func<int, Task<Func<Task>>> connect, int clients = Clients)
    {
        var actions = new List<Func<Task>>();
        for (var i = 0; i < clients; i++) actions.Add(await connect(i));
        await Task.WhenAll(actions.Select(action => Task.Run(() => RepeatAsync(action, Warm))));
        var clock = Stopwatch.StartNew();
        var samples = await Task.WhenAll(actions.Select(action => Task.Run(() => RepeatAsync(action, Each))));
        return (clients * Each / clock.Elapsed.TotalSeconds, Percentiles.Of(samples.SelectMany(each => each)));
    }

    private static async Task<List<double>> RepeatAsync(Func<Task> action, int times)
    {
        var samples = new List<double>(times);
        for (var i = 0; i < times; i++)
        {
            var before = Stopwatch.GetTimestamp();
            await action();
            samples.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
        }

        return samples;
    }

    private static string Row(string what, (double PerSecond, Percentiles Latency) measured) => string.Create(CultureInfo.InvariantCulture, $"| {what} | {measured.PerSecond:0} | {measured.Latency} |");
}
