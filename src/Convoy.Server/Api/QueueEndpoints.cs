using System.Globalization;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;
using Convoy.Server.Authentication;
using Convoy.Server.Loops;

namespace Convoy.Server.Api;

public static class QueueEndpoints
{
    public static void MapQueue(this IEndpointRouteBuilder api)
    {
        api.MapGet("/queues", TreeAsync).Asks(Permission.SeePlatform).Produces<QueueTreeView>().WithSummary("The tree of queues, with what each has a right to and uses");
        api.MapGet("/queue", List).Asks(Permission.SeePlatform).Produces<QueueListView>().WithSummary("Waiting jobs in the order in which they are considered").TakesPaging("after");
    }

    private static async Task<IResult> TreeAsync(HttpContext http, Ledger ledger, Fleet fleet, People people, CancellationToken cancellationToken)
    {
        var listed = (await people.PolicyAsync(cancellationToken)).Queues;
        var tree = QueueTree.Of(listed).Tree ?? QueueTree.Default;
        var capacity = fleet.Nodes.Where(node => node.Accelerator is not null).GroupBy(node => node.Accelerator!).ToDictionary(nodes => nodes.Key, nodes => nodes.Sum(node => (long)node.Devices.Count));
        var used = new Dictionary<(int Queue, string Type), long>();
        foreach (var job in ledger.Unfinished.Values.Where(job => job.Current is { Accelerator: not null }))
        {
            var type = job.Current!.Accelerator!;
            for (var queue = tree.IdOf(job.Queue); queue >= 0; queue = tree.ParentOf(queue)) used[(queue, type)] = used.GetValueOrDefault((queue, type)) + RunningJob.Of(job)!.Devices;
        }

        var items = new List<QueueView>();
        await AddAsync(QueueTree.Root, 0);
        return Results.Ok(new QueueTreeView(items, null));

        // Depth first; children come by name.
        async Task AddAsync(int queue, int depth)
        {
            var spec = tree[queue];
            var types = spec.Quotas.Keys.Union(capacity.Keys).Union(used.Keys.Where(key => key.Queue == queue).Select(key => key.Type)).Order(StringComparer.Ordinal);
            items.Add(new QueueView(
                spec.Name, queue == QueueTree.Root ? null : tree[tree.ParentOf(queue)].Name, depth, tree.OrderingOf(queue), spec.Weight,
                await people.MayUseAsync(http.Caller().User, spec.Name, cancellationToken), [.. types.Select(type => Use(queue, type))]));
            for (var child = 0; child < tree.Count; child++)
            {
                if (tree.ParentOf(child) == queue) await AddAsync(child, depth + 1);
            }
        }

        QueueUseView Use(int queue, string type)
        {
            var quota = tree[queue].Quotas.GetValueOrDefault(type) ?? new Quota();
            var nominal = quota.Nominal ?? (queue == QueueTree.Root ? capacity.GetValueOrDefault(type) : null as long?);
            var uses = used.GetValueOrDefault((queue, type));
            return new QueueUseView(type, nominal, quota.BorrowLimit, quota.LendLimit, uses, nominal is { } own ? Math.Max(0, uses - own) : 0);
        }
    }

    private static IResult List(HttpContext http, Ledger ledger, SchedulingLoop scheduling, Restraints restraints)
    {
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var (after, badCursor) = paging.Number(0);
        if (badCursor is not null) return badCursor;
        var jobs = ledger.Unfinished;
        var caller = http.Caller();
        var latest = scheduling.Latest;
        var order = latest.Order;
        var items = new List<QueueEntryView>();
        for (var at = (int)Math.Min(after, order.Count); at < order.Count && items.Count < paging.Limit; at++)
        {
            // It may have started or gone since the plan was made: then it waits no more, and its place stays empty.
            if (jobs.TryGetValue(order[at].Job, out var job) && job.Phase == JobPhase.Pending) items.Add(Entry(at + 1, job, latest.Halt?.Code ?? order[at].Reason.Token.ToString(), caller));
        }

        return Results.Ok(new QueueListView(items, items.Count < paging.Limit ? null : items[^1].Position.ToString(CultureInfo.InvariantCulture)) { Notices = Notices.Of(restraints) });
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
