using Convoy.Client.Wire;
using Convoy.Clusters;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Server.Authentication;
using Convoy.Server.Loops;

namespace Convoy.Server.Api;

public static class RunningEndpoints
{
    public static void MapRunning(this IEndpointRouteBuilder api) =>
        api.MapGet("/running", ListAsync).Asks(Permission.UseJobs).Produces<RunningListView>().WithSummary("Jobs that hold machines, and what their tasks use now")
            .TakesPaging("after").Takes(("all", "true: everybody's, for administrators"));

    private static async Task<IResult> ListAsync(HttpContext http, Ledger ledger, ITaskUsage usage, SchedulingLoop scheduling, TimeProvider time, CancellationToken cancellationToken)
    {
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var (after, badCursor) = paging.Number(0);
        if (badCursor is not null) return badCursor;
        var caller = http.Caller();
        var all = http.Request.Query["all"] == "true" && caller.May(Permission.AdministerJobs);
        var page = ledger.Unfinished.Values
            .Where(job => job.Current is not null && job.SubmitSequence > after && (all ? caller.MaySee(job.Owner) : job.Owner == caller.User))
            .OrderBy(job => job.SubmitSequence).Take(paging.Limit).ToArray();
        var uses = new Queue<TaskUse?>(await usage.MeasureAsync([.. page.SelectMany(Tasks)], cancellationToken));
        var (plan, now) = (scheduling.Latest, time.GetUtcNow());
        return Results.Ok(new RunningListView(
            [.. page.Select(job => new RunningJobView(JobViews.Brief(job, null, plan, now), [.. job.Current!.Tasks.Select(task => View(task.Placement, uses.Dequeue()))]))],
            page.Length == 0 ? null : paging.Next(page.Length, page[^1].SubmitSequence)));
    }

    private static IEnumerable<MeasuredTask> Tasks(Job job) => job.Current!.Tasks.Select(task => new MeasuredTask(job.Id, job.Current.Number, task.Placement.Rank, task.Placement.Devices));

    private static TaskUseView View(TaskPlacement task, TaskUse? use) =>
        new(task.Role, task.Rank, task.Node, use?.Processes, use?.CpuMillicores, use?.MemoryBytes, use?.GpuPercent, use?.GpuMemoryBytes);
}
