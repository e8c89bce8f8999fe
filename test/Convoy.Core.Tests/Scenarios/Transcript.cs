using System.Text;
using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;
using Convoy.Core.Tests.Scheduling;

namespace Convoy.Core.Tests.Scenarios;

/// <summary>
/// What happened in a scenario, as text: at each time what was asked for (<c>&gt;</c>), what ended, and what was decided. Places are told
/// as devices of nodes (<c>n1:8</c>); what is as it was is not told again.
/// </summary>
internal sealed class Transcript
{
    private readonly StringBuilder text = new();
    private readonly List<string> now = [];
    private readonly Dictionary<JobId, string> names;
    private readonly Dictionary<JobId, string> waits = [];
    private readonly Dictionary<JobId, string> promises = [];
    private readonly SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
    private readonly Scenario scenario;
    private readonly History history;
    private TimeSpan at;
    private TimeSpan lastEviction;

    private Transcript(Scenario scenario)
    {
        this.scenario = scenario;
        names = scenario.JobNames.ToDictionary(Scenario.Id);
        history = new History(scenario.Nodes, scenario.Policy, Planned, Told) { Tick = scenario.Tick };
    }

    public static string Of(Scenario scenario)
    {
        var transcript = new Transcript(scenario);
        try
        {
            return transcript.Run();
        }
        catch (Exception e)
        {
            transcript.Flush();
            var wrong = transcript.names.Aggregate(e.ToString(), (text, each) => text.Replace(each.Key.Value, each.Value, StringComparison.Ordinal));
            throw new ShouldAssertException($"{transcript.text}{wrong}", e);
        }
    }

    private string Run()
    {
        foreach (var instant in scenario.Events.GroupBy(each => each.At))
        {
            history.GoOnTo(Worlds.Now + instant.Key);
            foreach (var (_, happened, _) in instant.DistinctBy(each => each.Text)) Add($"> {happened}");
            foreach (var each in instant) each.Do(history);
            history.Plan();
        }

        if (scenario.Until is { } until) history.GoOnTo(Worlds.Now + until);
        else history.GoOnToRest();
        Flush();
        if (scenario.IsSummary) Summarize();
        else text.AppendJoin("", history.Unfinished.GroupBy(life => life.Running is null).Select(group => $"{(group.Key ? "left waiting" : "left running")}: {List(group.Select(life => life.Id))}\n"));
        return text.ToString();
    }

    private void Told(JobId job, string what)
    {
        Count(what == "ends" ? "ends" : "stops");
        Add($"{names[job]} {what}");
    }

    private void Planned(ClusterSnapshot snapshot, Plan plan)
    {
        foreach (var gang in plan.Gangs)
        {
            var evictions = plan.Evictions.Where(eviction => eviction.For == gang.Job).ToArray();
            foreach (var cause in evictions.GroupBy(eviction => eviction.Cause))
            {
                foreach (var _ in cause) Count($"evictions ({cause.Key})");
                Add($"{names[gang.Job]} evicts {List(cause.Select(eviction => eviction.Victim))} ({cause.Key}) for {Places(snapshot, gang)}");
                lastEviction = history.Now - Worlds.Now;
            }

            if (plan.MustWait(gang.Job)) continue;
            Count("starts");
            Add($"{names[gang.Job]} starts on {Places(snapshot, gang)}");
        }

        foreach (var resize in plan.Resizes)
        {
            var job = snapshot.Running.Single(job => job.Standing.Id == resize.Job);
            if (resize.IsMove)
            {
                Count("moves");
                Add($"{names[resize.Job]} moves to {Places(resize.Tasks, job.Roles)} for {List(resize.For)}");
                continue;
            }

            var before = job.Places.Count;
            Count(resize.For.Count == 0 ? "growths" : "shrinks");
            Add(resize.For.Count == 0 ? $"{names[resize.Job]} grows from {before} to {resize.Tasks.Count} tasks" : $"{names[resize.Job]} shrinks from {before} to {resize.Tasks.Count} tasks for {List(resize.For)}");
        }

        var claims = plan.Claims.ToDictionary(claim => claim.Job);
        TellNews(waits, plan.Waiting.Select(waiting => (waiting.Job, Key(waiting.Reason), $"wait: {Because(snapshot, waiting, claims)}")));
        TellNews(promises, plan.Reservations.Select(promise => (promise.Gang.Job, $"{Places(snapshot, promise.Gang)} {promise.From}", $"are promised {Places(snapshot, promise.Gang)} from {Time(promise.From)}")));
    }

    /// <summary>Jobs of which the same is told are told of together.</summary>
    private void TellNews(Dictionary<JobId, string> known, IEnumerable<(JobId Job, string Key, string Text)> news)
    {
        var all = news.ToArray();
        foreach (var group in all.Where(each => known.GetValueOrDefault(each.Job) != each.Key).GroupBy(each => each.Text))
        {
            var (jobs, what) = (group.Select(each => each.Job).ToArray(), group.Key);
            Add(jobs.Length > 1 ? $"{List(jobs)} {what}" : $"{names[jobs[0]]} {what.Replace("wait:", "waits:", StringComparison.Ordinal).Replace("are promised", "is promised", StringComparison.Ordinal)}");
        }

        known.Clear();
        foreach (var (job, key, _) in all) known.Add(job, key);
    }

    private static string Key(WaitingReason reason) => $"{reason.Token} {reason.BlockedBy} {reason.Queue}";

    private string Because(ClusterSnapshot snapshot, WaitingJob waiting, Dictionary<JobId, PlannedGang> claims)
    {
        var reason = waiting.Reason;
        if (claims.TryGetValue(waiting.Job, out var claim)) return $"{reason.Token}, claims {Places(snapshot, claim)}";
        var unit = reason.Unit == WaitingUnit.Devices ? "" : $" {reason.Unit}";
        var (by, queue) = (reason.BlockedBy is { } other ? $", promised to {names[other]}" : "", reason.Queue is { } name ? $", in {name}" : "");
        return $"{reason.Token}, {reason.Needed}{unit} needed, {reason.Free} free, {reason.LargestFreeBlock} on one node{by}{queue}";
    }

    private static string Places(ClusterSnapshot snapshot, PlannedGang gang) => Places(gang.Tasks, snapshot.Pending.Single(job => job.Standing.Id == gang.Job).Roles);

    private static string Places(IReadOnlyList<TaskPlacement> tasks, IReadOnlyList<RoleDemand> roles)
    {
        var each = roles.ToDictionary(role => role.Role, role => role.Each);
        return string.Join(' ', tasks.GroupBy(task => task.Node).Select(node => $"{node.Key}:{Devices(node.Sum(task => each[task.Role].MilliDevices))}"));
    }

    private static string Devices(long milli) => milli % 1000 == 0 ? $"{milli / 1000}" : $"0.{milli:D3}";

    private string List(IEnumerable<JobId> jobs)
    {
        var list = jobs.Select(job => names[job]).ToArray();
        return list.Length <= 8 ? string.Join(' ', list) : $"{list[0]} … {list[^1]} ({list.Length} jobs)";
    }

    private static string Time(DateTimeOffset time) => DurationText.Format(time - Worlds.Now);

    private void Count(string what) => counts[what] = counts.GetValueOrDefault(what) + 1;

    private void Add(string line)
    {
        if (history.Now - Worlds.Now != at) Flush();
        at = history.Now - Worlds.Now;
        now.Add(line);
    }

    private void Flush()
    {
        if (now.Count > 0 && !scenario.IsSummary) text.Append(DurationText.Format(at)).Append('\n').AppendJoin("", now.Select(line => $"  {line}\n"));
        now.Clear();
    }

    private void Summarize()
    {
        text.Append(history.Cycles).Append(" cycles\n").AppendJoin("", counts.Select(count => $"{count.Value} {count.Key}\n"));
        text.Append("last eviction after ").Append(DurationText.Format(lastEviction)).Append('\n');
    }
}
