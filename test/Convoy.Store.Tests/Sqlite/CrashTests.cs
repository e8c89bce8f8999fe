using System.Diagnostics;
using System.Globalization;
using Convoy.Core.Jobs;

namespace Convoy.Store.Tests.Sqlite;

public sealed class CrashTests
{
    [Fact]
    public async Task killed_at_any_moment_everything_acknowledged_is_there_and_rows_are_the_fold_of_their_events()
    {
        using var folder = new DatabaseFolder();
        var acknowledged = new Dictionary<JobId, long>();
        foreach (var lines in new[] { 1, 40, 333, 900 })
        {
            long last;
            await using (var store = await folder.OpenAsync()) last = await store.LastSubmitSequenceAsync(CancellationToken.None);
            foreach (var (id, revision) in await WriteUntilKilledAsync(folder.File, last, lines)) acknowledged[id] = revision;
            await using var reopened = await folder.OpenAsync();
            await CheckAsync(reopened, acknowledged);
        }

        acknowledged.Count.ShouldBeGreaterThan(50);
    }

    private static async Task<List<(JobId Id, long Revision)>> WriteUntilKilledAsync(string file, long last, int lines)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Convoy.Store.CrashWriter" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        using var process = Process.Start(new ProcessStartInfo(program, [file, last.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true })!;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var read = new List<(JobId, long)>();
        try
        {
            while (await process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                // Its death may have cut the last line short; what is not whole was not said.
                var words = line.Split(' ');
                if (words.Length == 2 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var revision)) read.Add((JobId.Parse(words[0]), revision));
                if (read.Count == lines) process.Kill();
            }
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }

        await process.WaitForExitAsync();
        read.Count.ShouldBeGreaterThanOrEqualTo(lines, "it ended by itself before it was killed");
        return read;
    }

    private static async Task CheckAsync(IStore store, Dictionary<JobId, long> acknowledged)
    {
        var found = new HashSet<JobId>();
        for (var before = long.MaxValue; ;)
        {
            var page = await store.ListJobsAsync(new JobFilter(), before, 100, CancellationToken.None);
            if (page.Count == 0) break;
            foreach (var (job, _) in page)
            {
                var events = await store.ListEventsAsync(job.Id, 0, 1000, CancellationToken.None);
                events.Select(e => e.Sequence).ShouldBe(Enumerable.Range(1, (int)job.Revision).Select(i => (long)i));
                Sample.Text(Sample.Fold(null, events.Select(e => e.Event))).ShouldBe(Sample.Text(job));
                job.Revision.ShouldBeGreaterThanOrEqualTo(acknowledged.GetValueOrDefault(job.Id));
                found.Add(job.Id);
            }

            before = page[^1].Job.SubmitSequence;
        }

        acknowledged.Keys.Where(id => !found.Contains(id)).ShouldBeEmpty();
    }
}
