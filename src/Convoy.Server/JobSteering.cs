using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Server.Api;
using Convoy.Server.Loops;

namespace Convoy.Server;

/// <summary>From a command about somebody's job to the answer they get.</summary>
public sealed partial class JobSteering(JobLookup lookup, Ledger ledger, SchedulingLoop scheduling, TimeProvider time)
{
    /// <summary>A name borne by several unfinished jobs means none of them.</summary>
    public async Task<IResult> TellOneAsync(string idOrName, Caller caller, Func<string, JobCommand> command, CancellationToken cancellationToken)
    {
        var found = await lookup.FindToChangeAsync(idOrName, caller, cancellationToken);
        return found.Count == 1 ? await TellAsync(found[0].Id, command(caller.User), cancellationToken) : NotOne(idOrName, found);
    }

    public async Task<IResult> TellAsync(JobId id, JobCommand command, CancellationToken cancellationToken) => Answer(await ledger.TellAsync(id, command, cancellationToken));

    public static IResult NotOne(string idOrName, IReadOnlyList<Job> found) => found.Count == 0
        ? Problems.NotFound($"job '{idOrName}'")
        : Problems.Conflict("AmbiguousName", $"{found.Count} unfinished jobs are named '{idOrName}': {string.Join(", ", found.Select(job => job.Id))}; give an id");

    public IResult Answer(LedgerAnswer answer) => answer.Decision switch
    {
        // Deleted at this moment.
        Decision.Rejected { Code: "NotFound" } => Problems.NotFound("such job"),
        Decision.Rejected { Code: "ExceedsLevelCap" } over => Problems.OverCap(over.Code, over.Message),
        Decision.Rejected rejected => Problems.Conflict(rejected.Code, rejected.Message),
        _ => Results.Ok(View(answer.Job!)),
    };

    public JobView View(Job job) => JobViews.Full(job, null, scheduling.Latest, time.GetUtcNow());

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {Job} of {Owner} was deleted by {By}")]
    public static partial void LogDeleted(ILogger log, JobId job, string owner, string by);
}
