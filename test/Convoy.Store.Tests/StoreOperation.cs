using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;
using CsCheck;

namespace Convoy.Store.Tests;

/// <summary>Something one may ask of a store, and its answer as text. Few names and numbers, so that operations meet.</summary>
internal sealed record StoreOperation(string Kind, int A, int B, int C)
{
    private static readonly string[] Kinds =
    [
        "submit", "submit", "step", "step", "step", "step", "stale", "both", "progress", "progress", "metrics", "metrics", "get", "list", "unfinished",
        "events", "curves", "user", "users", "token", "tokens", "revoke", "level", "levels", "code", "usage", "organisation", "wish", "finished", "step", "delete", "delete", "remove",
    ];

    private static readonly double[] Values = [0.5, double.NaN, double.NegativeInfinity, 1e300];

    public static Gen<StoreOperation> Gen { get; } =
        from kind in CsCheck.Gen.OneOf(Kinds)
        from a in CsCheck.Gen.Int[1, 4]
        from b in CsCheck.Gen.Int[0, 3]
        from c in CsCheck.Gen.Int[0, 5]
        select new StoreOperation(kind, a, b, c);

    private string Name => B % 2 == 0 ? "ada" : "bob";

    private JobId Job => Sample.Id(A);

    public async Task<string> AskAsync(IStore store)
    {
        try
        {
            return await AnswerAsync(store);
        }
        catch (StoreException refused)
        {
            return refused.Fault.ToString();
        }
    }

    /// <summary>Everything a store can be asked, for comparing two of them whole.</summary>
    public static async Task<string> AllAsync(IStore store)
    {
        var lines = new List<string>();
        foreach (var filter in StoreContract.Filters())
        {
            lines.AddRange((await store.ListJobsAsync(filter, long.MaxValue, 100, CancellationToken.None)).Select(record => $"{filter} {Sample.Text(record)}"));
        }

        for (var a = 1; a <= 4; a++)
        {
            lines.AddRange((await store.ListEventsAsync(Sample.Id(a), 0, 1000, CancellationToken.None)).Select(Sample.Text));
            lines.AddRange((await store.ListMetricsAsync(Sample.Id(a), null, 0, 1000, CancellationToken.None)).Select(m => m.ToString()));
        }

        foreach (var kind in new[] { "users", "tokens", "levels", "unfinished", "usage", "organisation", "wish" }) lines.Add(await new StoreOperation(kind, 1, 0, 5).AskAsync(store));
        return string.Join('\n', lines);
    }

    private static string Lines<T>(IEnumerable<T> items) => string.Join('\n', items);

    private async Task<string> AnswerAsync(IStore store)
    {
        var none = CancellationToken.None;
        switch (Kind)
        {
            case "submit":
                return Lines(await store.CommitAsync([Sample.Submit(A + (C == 5 ? 1 : 0), Name, B < 2 ? "vision" : "speech", C % 2 == 0 ? "digits" : "lanes", Job)], none));
            case "step" when await NextAsync(store) is { } change:
                return Lines(await store.CommitAsync([change], none));
            case "both" when await NextAsync(store) is { } change:
                return Lines(await store.CommitAsync([change, Sample.Submit(A + 10, Name), change, Sample.Submit(A + 11, Name)], none));
            case "stale":
                var events = (await store.ListEventsAsync(Job, 0, 1000, none)).Select(e => e.Event).ToArray();
                return events.Length < 2 ? "nothing stale" : Lines(await store.CommitAsync([Sample.Cancel(Sample.Fold(null, events.Take(1)))], none));
            case "progress":
                await store.SetProgressAsync(Job, B, C * 200, none);
                return Sample.Text(await store.GetJobAsync(Job, none));
            case "metrics":
                var points = Enumerable.Range(0, C).Select(i => new MetricPoint(i, i % 2 == 0 ? "loss" : "accuracy", Values[(B + i) % 4], Sample.Noon.AddTicks(C))).ToArray();
                return (await store.AppendMetricsAsync(new MetricBatch(Job, 1 + (B / 2), B % 2, $"b{C}", points), none)).ToString();
            case "get":
                return Sample.Text(await store.GetJobAsync(Job, none));
            case "list":
                var filter = StoreContract.Filters().ElementAt(((A - 1) * 24) + (B * 6) + C);
                return Lines((await store.ListJobsAsync(filter, A == 4 ? long.MaxValue : A + C, 1 + B, none)).Select(Sample.Text));
            case "unfinished":
                return Lines((await store.ListUnfinishedAsync(B, 1 + C, none)).Select(Sample.Text)) + await store.LastSubmitSequenceAsync(none);
            case "finished":
                var jobs = await store.ListFinishedAsync(Sample.Noon.AddTicks(B - 1), null, 1 + C, none);
                return Lines(jobs.Concat(jobs.Count == 0 ? [] : await store.ListFinishedAsync(Sample.Noon, jobs[^1], 1 + A, none)).Select(Sample.Text));
            case "usage":
                var usage = await store.ListUsageAsync(Sample.Noon.AddTicks(B - 1), null, 1 + C, none);
                return Lines(usage.Concat(usage.Count == 0 ? [] : await store.ListUsageAsync(Sample.Noon, usage[^1], 1 + A, none)));
            case "events":
                return Lines((await store.ListEventsAsync(Job, B, 1 + C, none)).Select(Sample.Text));
            case "curves":
                return Lines(await store.ListMetricsAsync(Job, C % 3 == 0 ? null : "loss", B, 1 + C, none));
            case "user":
                return $"{await store.AddUserAsync(Name + A, C == 5 ? "wizard" : "intern", C % 2 == 0, Sample.Noon.AddTicks(C), none)} {await store.GetUserAsync(Name + C, none)}";
            case "users":
                return Lines(await store.ListUsersAsync(B == 3 ? Name + A : "", 1 + C, none));
            case "token":
                await store.AddTokenAsync(new AccessToken($"t{C}", Name + A, $"h{B}{C / 2}", Sample.Noon, C % 2 == 0 ? null : Sample.Noon.AddDays(1), null, B == 0 ? null : "label"), none);
                return $"{await store.FindTokenAsync($"h{B}{A}", none)}";
            case "tokens":
                return Lines(await store.ListTokensAsync(B < 2 ? null : Name + A, B == 1 ? $"t{C}" : "", 1 + C, none));
            case "revoke":
                return (await store.RevokeTokenAsync($"t{C}", Sample.Noon.AddHours(A), none)).ToString();
            case "level":
                await store.SaveLevelAsync(new Level(B == 0 ? "intern" : "level" + B, C, A, null, C, null, B == 2 ? TimeSpan.FromHours(A) : null) { MayPreempt = A > 1, Preemptible = C > 2, MinRunTime = TimeSpan.FromSeconds(B) }, none);
                return "";
            case "levels":
                return Lines(await store.ListLevelsAsync(none));
            case "organisation":
                if (C < 2)
                {
                    var next = new StoredOrganisation(A, new Organisation([new QueueSpec("vision", Weight: 1 + C) { Members = B == 0 ? null : [Name] }], B == 3 ? [new Level("level" + B, A)] : []));
                    return $"{await store.SaveOrganisationAsync(next, Name, Sample.Noon, none)}";
                }

                var stored = await store.GetOrganisationAsync(none);
                return $"{stored.Revision} {System.Text.Encoding.UTF8.GetString(stored.Organisation.ToJson())}";
            case "wish":
                if (C < 2) await store.SaveNodeWishAsync(new NodeWish(Name, $"n{B}", C == 0 ? NodeHealth.Draining : NodeHealth.Quarantined, Name, Sample.Noon.AddTicks(A)), none);
                if (C == 2) await store.RemoveNodeWishAsync(Name, $"n{B}", none);
                return Lines(await store.ListNodeWishesAsync(none));
            case "delete":
                var revision = (await store.GetJobAsync(Job, none))?.Job.Revision ?? 0;
                return $"{await store.DeleteJobAsync(Job, revision - (C == 5 ? 1 : 0), none)} {await store.IsBeingDeletedAsync(Job, none)}";
            case "remove":
                var left = await store.ListBeingDeletedAsync(0, 10, none);
                foreach (var job in left.Take(1))
                {
                    while (!await store.RemoveDeletedAsync(job.SubmitSequence, 1 + C, none)) continue;
                }

                return Lines(left.Select(Sample.Text)) + await store.LastSubmitSequenceAsync(none);
            case "code":
                if (C < 3) await store.GrantCodeAsync(Name, A.ToString(CultureInfo.InvariantCulture), 1, Sample.Noon, none);
                return (await store.HasCodeAsync(Name, C.ToString(CultureInfo.InvariantCulture), none)).ToString();
            default:
                return "no such job";
        }
    }

    /// <summary>One more step in the life of the job as this store knows it; null where there is none.</summary>
    private async Task<JobChange?> NextAsync(IStore store) => (await store.GetJobAsync(Job, CancellationToken.None))?.Job switch
    {
        null => null,
        { Phase: JobPhase.Pending } job => C == 0 ? Sample.Cancel(job) : Sample.Assign(job),
        { Phase: JobPhase.Starting } job => Sample.Run(job),
        { Phase: JobPhase.Running } job => C < 2 ? Sample.Cancel(job) : C == 5 ? Sample.Move(job) : Sample.Requeue(job),
        { Phase: JobPhase.Cancelled } job => Sample.Retry(job),
        _ => null,
    };
}
