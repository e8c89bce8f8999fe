using Convoy.Client.Wire;
using Convoy.Core.People;
using Convoy.Server.Authentication;
using Convoy.Server.Loops;
using Convoy.Store;
using Convoy.Store.Sqlite;

namespace Convoy.Server.Api;

/// <summary>What administrators have paused. What runs goes on in either case.</summary>
public static class PauseEndpoints
{
    private const int LongestReason = 500;

    public static void MapPause(this IEndpointRouteBuilder api)
    {
        api.MapGet("/scheduling/pause", (Restraints restraints) => Results.Ok(View(restraints))).Asks(Permission.SeePlatform).Produces<PauseView>().WithSummary("What is paused, by whom and why");
        api.MapPut("/scheduling/pause", PauseAsync).Asks(Permission.AdministerScheduling).Produces<PauseView>().WithSummary("Let nothing new start, or let no running job make way for another");
        api.MapDelete("/scheduling/pause", ResumeAsync).Asks(Permission.AdministerScheduling).Produces<PauseView>().WithSummary("Let everything go on");
    }

    private static async Task<IResult> PauseAsync(PauseRequest request, HttpContext http, SqliteStore store, Restraints restraints, SchedulingLoop scheduling, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.Reason is { } reason && (reason.Length > LongestReason || reason.Any(char.IsControl))) return Problems.Invalid("BadReason", $"a reason is one line of at most {LongestReason} characters");
        var part = request.EvictionsOnly ? PausedPart.Evictions : PausedPart.Scheduling;
        await store.SavePauseAsync(new Pause(part, http.Caller().User, time.GetUtcNow(), request.Reason), cancellationToken);
        return await RenewAsync(store, restraints, scheduling, cancellationToken);
    }

    private static async Task<IResult> ResumeAsync(SqliteStore store, Restraints restraints, SchedulingLoop scheduling, CancellationToken cancellationToken)
    {
        foreach (var part in Enum.GetValues<PausedPart>()) await store.RemovePauseAsync(part, cancellationToken);
        return await RenewAsync(store, restraints, scheduling, cancellationToken);
    }

    private static async Task<IResult> RenewAsync(SqliteStore store, Restraints restraints, SchedulingLoop scheduling, CancellationToken cancellationToken)
    {
        restraints.Pauses = await store.ListPausesAsync(cancellationToken);
        scheduling.Wake();
        return Results.Ok(View(restraints));
    }

    private static PauseView View(Restraints restraints)
    {
        return new PauseView(Of(PausedPart.Scheduling), Of(PausedPart.Evictions), Notices.Of(restraints));

        PausedView? Of(PausedPart part) => restraints.PauseOf(part) is { } pause ? new PausedView(pause.By, pause.At, pause.Reason) : null;
    }
}
