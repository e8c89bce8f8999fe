using Convoy.Client.Wire;
using Convoy.Core.People;
using Convoy.Core.Resources;
using Convoy.Server.Authentication;
using Convoy.Store;

namespace Convoy.Server.Api;

public static class TokenEndpoints
{
    public static void MapTokens(this IEndpointRouteBuilder api)
    {
        api.MapGet("/tokens", ListAsync).Asks(Permission.UseTokens).Produces<TokenListView>().WithSummary("List tokens, never their secrets").TakesPaging("after").Takes(("user", "whose; one's own where it is left out"));
        api.MapPost("/tokens", CreateAsync).Asks(Permission.UseTokens).Produces<NewTokenView>(201).WithSummary("Make a token; it is shown once");
        api.MapDelete("/tokens/{id}", RevokeAsync).Asks(Permission.UseTokens).Produces(204).WithSummary("Revoke a token");
    }

    private static async Task<IResult> ListAsync(HttpContext http, IStore store, CancellationToken cancellationToken)
    {
        var (paging, refusal) = Paging.Read(http, "after");
        if (refusal is not null) return refusal;
        var caller = http.Caller();
        var wanted = http.Request.Query["user"].ToString();
        var user = wanted.Length > 0 ? wanted : caller.User;
        if (!caller.MaySee(user)) return Problems.NotFound($"user '{user}'");
        var tokens = await store.ListTokensAsync(user, paging.From ?? "", paging.Limit, cancellationToken);
        return Results.Ok(new TokenListView(
            [.. tokens.Select(t => new TokenView(t.Id, t.User, t.CreatedAt, t.ExpiresAt, t.RevokedAt, t.Label))],
            tokens.Count == 0 ? null : paging.Next(tokens.Count, tokens[^1].Id)));
    }

    private static async Task<IResult> CreateAsync(NewTokenRequest request, HttpContext http, IStore store, People people, TimeProvider time, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var user = request.User ?? caller.User;
        if (user != caller.User && !caller.May(Permission.AdministerPeople)) return Problems.NotFound($"user '{user}'");
        if (await people.FindAsync(user, cancellationToken) is null) return Problems.NotFound($"user '{user}'");
        if (request.Label is { Length: > 128 } || request.Label?.Any(char.IsControl) == true) return Problems.Invalid("BadLabel", "a label has at most 128 characters, none of them control characters");
        TimeSpan life = default;
        if (request.Expires is not null && (!DurationText.TryParse(request.Expires, out life) || life <= TimeSpan.Zero)) return Problems.Invalid("BadDuration", $"expires is a duration such as 30d, not '{request.Expires}'");
        var now = time.GetUtcNow();
        var (text, stored) = BearerTokens.New(user, now, request.Expires is null ? null : now + life, request.Label);
        await store.AddTokenAsync(stored, cancellationToken);
        return Results.Created($"/api/v1/tokens/{stored.Id}", new NewTokenView(text, stored.Id, user, stored.ExpiresAt));
    }

    private static async Task<IResult> RevokeAsync(string id, HttpContext http, IStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var mine = await store.ListTokensAsync(caller.May(Permission.AdministerPeople) ? null : caller.User, Before(id), 1, cancellationToken);
        if (mine.Count == 0 || mine[0].Id != id) return Problems.NotFound($"token '{id}'");
        await store.RevokeTokenAsync(id, time.GetUtcNow(), cancellationToken);
        return Results.NoContent();
    }

    /// <summary>A key just below this id, so that a page from above it begins with the id itself.</summary>
    private static string Before(string id) => id.Length == 0 ? "" : id[..^1] + (char)(id[^1] - 1) + "\uffff";
}
