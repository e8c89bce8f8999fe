using System.Globalization;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Server.Authentication;
using Convoy.Server.Loops;

namespace Convoy.Server.Api;

public static class QueueEndpoints
{
    public static void MapQueue(this IEndpointRouteBuilder api) =>
        api.MapGet("/queue", List).Asks(Permission.SeePlatform).Produces<QueueListView>().WithSummary("Waiting jobs in the order in which they are considered").TakesPaging("after");

    private static IResult List(HttpContext http, Ledger ledger, SchedulingLoop scheduling)
    {
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var (after, badCursor) = paging.Number(0);
        if (badCursor is not null) return badCursor;
        var jobs = ledger.Unfinished;
        var caller = http.Caller();
        var order = scheduling.Latest.Order;
        var items = new List<QueueEntryView>();
        for (var at = (int)Math.Min(after, order.Count); at < order.Count && items.Count < paging.Limit; at++)
        {
            // It may have started or gone since the plan was made: then it waits no more, and its place stays empty.
            if (jobs.TryGetValue(order[at].Job, out var job) && job.Phase == JobPhase.Pending) items.Add(Entry(at + 1, job, order[at].Reason.Token.ToString(), caller));
        }

        return Results.Ok(new QueueListView(items, items.Count < paging.Limit ? null : items[^1].Position.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Others' jobs are a size and a level.</summary>
    private static QueueEntryView Entry(int position, Job job, string reason, Caller caller)
    {
        var tasks = job.Spec.Roles.Values.Sum(role => role.Replicas.Min);
        var gpus = job.Spec.Roles.Values.Sum(role => role.Replicas.Min * role.Resources.Gpu);
        return caller.MaySee(job.Owner)
            ? new QueueEntryView(position, job.Id.Value, job.Spec.Name, job.Owner, job.Queue, job.Level, job.Spec.Priority, tasks, gpus, reason, job.SubmittedAt)
            : new QueueEntryView(position, null, null, null, null, job.Level, null, tasks, gpus, null, null);
    }
}
