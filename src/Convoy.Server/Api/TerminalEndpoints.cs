using Convoy.Clusters;
using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Server.Authentication;

namespace Convoy.Server.Api;

/// <summary>
/// The terminals of interactive jobs. Only their owners may open them, no administrator: what is typed there, passwords too, is the
/// person's, and runs with the person's rights. An administrator reads the log, and cancels.
/// </summary>
public static class TerminalEndpoints
{
    public static void MapTerminals(this IEndpointRouteBuilder api) =>
        api.MapGet("/jobs/{job}/terminal", OpenAsync).Asks(Permission.UseJobs).Produces(101).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(426)
            .WithSummary("Type into an interactive job of your own, and see what it prints: a WebSocket of binary messages, each a terminal frame");

    private static async Task<IResult> OpenAsync(string job, HttpContext http, JobLookup lookup, ITaskTerminals terminals, HereOnly here, Ledger ledger, IHostApplicationLifetime life, CancellationToken cancellationToken)
    {
        if (await lookup.FindAsync(job, http.Caller(), cancellationToken) is not { Job: var found }) return Problems.NotFound($"job '{job}'");
        if (Refusal(found, http) is { } refusal) return refusal;
        if (found.Current is not null && here.Elsewhere(found, found.Current.Number) is { } cluster) return Problems.Conflict("NotKept", $"nobody can type into job {found.Id} from here: it runs on cluster '{cluster}', and that opens no terminals");
        if (found.Current is not { } attempt || await terminals.OpenAsync(found.Id, attempt.Number, 0, cancellationToken) is not { } line)
        {
            return Problems.Conflict("NotRunning", $"nobody can type into job {found.Id} now: it is {found.Phase}; `convoy why {found.Id}` says more");
        }

        await using (line)
        {
            if (!http.WebSockets.IsWebSocketRequest) return Problems.Of(426, "UpgradeRequired", "a terminal is a WebSocket; `convoy run --attach JOB` opens it");
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            var relay = new TerminalRelay(socket, line, async () => await ledger.TellAsync(found.Id, new JobCommand.OpenTerminal(http.Caller().User), CancellationToken.None));
            await relay.RunAsync(life.ApplicationStopping);
        }

        return Results.Empty;
    }

    private static IResult? Refusal(Job job, HttpContext http)
    {
        if (job.Owner != http.Caller().User) return Problems.Of(403, "NotOwner", $"only {job.Owner}, whose job it is, may type into it; `convoy logs {job.Id}` shows what it prints");
        if (job.Spec.Interactive is null) return Problems.Conflict("NotInteractive", $"job {job.Id} is not interactive: nothing can be typed into it; `convoy run` starts one that is");
        if (job.Phase.IsFinished()) return Problems.Conflict("AlreadyFinished", $"job {job.Id} has already finished ({job.Phase}); `convoy logs {job.Id}` shows what it printed");

        // A browser names the page that asks. Another site's has no business here, whatever token it got hold of.
        var origin = http.Request.Headers.Origin.ToString();
        return origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out var page) && string.Equals(page.Authority, http.Request.Host.Value, StringComparison.OrdinalIgnoreCase))
            ? null
            : Problems.Of(403, "ForeignOrigin", "a page of another site may not open a terminal");
    }
}
