using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Clusters.Remote;

/// <summary>
/// Body of <c>POST /api/v1/clusters/{name}/sync</c>: all that an agent has to say. Whatever may be missing, because another minor version
/// wrote it, is empty. What has been said is said again until an answer shows that it was heard.
/// </summary>
/// <param name="Life">Of the agent, from its start to its end.</param>
/// <param name="Number">Of the call in this life, from 1. The newest counts: an earlier one that comes late is not heard.</param>
/// <param name="Version">Of the agent.</param>
public sealed record SyncCall(string Life, long Number, string Version)
{
    /// <summary>From the last answer; what is numbered below was numbered by it. Null before there was one.</summary>
    public string? Server { get; init; }

    /// <summary>What that server's half greeted this life with; 0 before it did.</summary>
    public long Greeting { get; init; }

    /// <summary>The last order that has come here: only later ones are to be said.</summary>
    public long HeardUpTo { get; init; }

    /// <summary>Orders that have been done, or refused.</summary>
    public IReadOnlyList<OrderResult> Results { get; init => field = value ?? []; } = [];

    /// <summary>The one under way, as asked for by an answer; null where the agent has to begin one, and wants to be asked.</summary>
    public string? Retelling { get; init; }

    /// <summary>Null where there is no news.</summary>
    public ReportPage? Report { get; init; }

    public IReadOnlyList<RequestMessage> Requests { get; init => field = value ?? []; } = [];

    /// <summary>Then it is answered at once, so that the agent knows that it was heard. Otherwise it is held until there is something to answer.</summary>
    public bool SaysSomething => Results.Count > 0 || Report is not null || Requests.Count > 0;
}

/// <summary>
/// A part of what the cluster reports. All that there is to tell, and then what changes, is one row of items, counted from 0 in each retelling.
/// </summary>
/// <param name="From">The number of the first item here.</param>
/// <param name="Whole">So many items, from the first, are all that there was to tell when the retelling began.</param>
public sealed record ReportPage(long From, long Whole, IReadOnlyList<ReportItem> Items);

/// <summary>One of these is set.</summary>
/// <param name="Gone">The name of a node that is no longer there.</param>
public sealed record ReportItem(TaskObservation? Task = null, NodeObservation? Node = null, string? Gone = null);

/// <summary>A <see cref="ClusterRequest"/>. What is wrong with a spec is answered to the one who wrote it, and hinders nobody else's request.</summary>
public sealed record RequestMessage(string Key, RequestKind Kind, string Owner, JobId? Job = null, JsonElement? Spec = null);

/// <summary>Wishes are taken in the order of their numbers.</summary>
/// <param name="Number">Given by the server, ascending.</param>
public sealed record SyncOrder(long Number, ClusterAssignment? Wish = null, ForgetOrder? Forget = null);

/// <summary>See <see cref="ICluster.ForgetAsync"/>.</summary>
public sealed record ForgetOrder(JobId Job, int OwnerNumber);

/// <param name="Number">Of the order.</param>
/// <param name="Refused">Why a wish was not taken; null where it was.</param>
/// <param name="IsPermanent">See <see cref="Refusal"/>.</param>
/// <param name="Forgotten">What <see cref="ICluster.ForgetAsync"/> answered; null where it could not, or for a wish.</param>
/// <param name="Trouble">Why something could not be forgotten now.</param>
public sealed record OrderResult(long Number, string? Refused = null, bool IsPermanent = false, bool? Forgotten = null, string? Trouble = null);

/// <summary>What the server answers to a call.</summary>
/// <param name="Server">Which life of the server's half numbers the orders; all is said anew to another one.</param>
/// <param name="WasHeard">False where a later call has come before it, or the life is only greeted: nothing was taken of what the call said.</param>
/// <param name="LeaseSeconds">Who has not called for so long is taken for unreachable.</param>
public sealed record SyncAnswer(string Server, bool WasHeard, int LeaseSeconds)
{
    /// <summary>To a life that this half does not know: it is heard from the call on that says this. 0 otherwise.</summary>
    public long Greeting { get; init; }

    /// <summary>Which retelling is wanted: where it is another than the one under way, everything is to be told from the beginning.</summary>
    public string? Retelling { get; init; }

    /// <summary>So many items of the retelling have come; the first one is expected while it is negative.</summary>
    public long Taken { get; init; } = -1;

    public IReadOnlyList<SyncOrder> Orders { get; init => field = value ?? []; } = [];

    public IReadOnlyList<RequestAnswer> Answers { get; init => field = value ?? []; } = [];
}
