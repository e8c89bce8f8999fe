using System.Globalization;
using Convoy.Core.Jobs;

namespace Convoy.Server.Api;

/// <summary>Which of a job's tasks a request is about. Null means any, or all.</summary>
public sealed record TaskChoice(int? Attempt, string? Role, int? Rank)
{
    /// <param name="readsAttempt">False where the request's attempt is a word.</param>
    public static (TaskChoice? Choice, IResult? Refusal) Read(HttpRequest request, bool readsAttempt = true)
    {
        int? attempt = null;
        IResult? refusal = null;
        if ((readsAttempt && !TryNumber(request, "attempt", 1, out attempt, out refusal)) || !TryNumber(request, "rank", 0, out var rank, out refusal)) return (null, refusal);
        var role = request.Query["role"].ToString();
        return (new TaskChoice(attempt, role.Length == 0 ? null : role, rank), null);
    }

    /// <summary>Null where it is left out.</summary>
    public static bool TryNumber(HttpRequest request, string name, int least, out int? number, out IResult? refusal)
    {
        (number, refusal) = (null, null);
        var text = request.Query[name].ToString();
        if (text.Length == 0) return true;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) && parsed >= least)
        {
            number = parsed;
            return true;
        }

        refusal = Problems.BadRequest("BadNumber", $"{name} is a number of at least {least}, not '{text}'");
        return false;
    }

    /// <summary>What the job never had.</summary>
    public IResult? Impossible(Job job)
    {
        if (Attempt > job.Attempts.Count) return Problems.NoSuch($"attempt {Attempt} of job {job.Id} (it has had {job.Attempts.Count})");
        if (Role is not null && !job.Spec.Roles.ContainsKey(Role)) return Problems.NoSuch($"role '{Role}' in job {job.Id}; it has {string.Join(", ", job.Spec.Roles.Keys)}");
        var most = job.Spec.Roles.Values.Sum(role => role.Replicas.Max);
        return Rank >= most ? Problems.NoSuch($"rank {Rank} in job {job.Id}; {(most == 1 ? (Core.Languages.Text)"its only rank is 0" : $"its ranks are 0 to {most - 1}")}") : null;
    }
}
