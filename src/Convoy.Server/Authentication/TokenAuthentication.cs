using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Convoy.Core.People;
using Convoy.Store;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Convoy.Server.Authentication;

/// <summary>From the bearer token of a request to its <see cref="Caller"/>.</summary>
public sealed class TokenAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, IStore store, People people, Ledger ledger, JoinedClusters clusters, ReportTokens reportTokens, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "Bearer";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) return AuthenticateResult.NoResult();
        var text = header["Bearer ".Length..].Trim();
        var cancellationToken = Context.RequestAborted;
        if (await CallerOfTaskAsync(text, cancellationToken) is { } task) return Success(task);
        if (CallerOfAgent(text) is { } agent) return Success(agent);
        return await CallerOfPersonAsync(text, cancellationToken) is { } person ? Success(person) : AuthenticateResult.Fail("the token is unknown, expired or revoked");
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.NotSignedIn().ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Problems.NotAllowed().ExecuteAsync(Context);

    private async Task<Caller?> CallerOfTaskAsync(string text, CancellationToken cancellationToken)
    {
        if (reportTokens.Verify(text) is not var (id, attempt)) return null;
        var job = await ledger.FindAsync(id, cancellationToken);

        // A token ends with its attempt: a straggler of an earlier one must not report for the next.
        return job is null || job.Attempts.Count != attempt ? null : new Caller(job.Owner, false, job.Id.Value);
    }

    private Caller? CallerOfAgent(string text) =>
        AgentTokens.LooksRight(text) && clusters.NameOf(BearerTokens.Hash(text)) is { } cluster ? new Caller("", false) { KeepsCluster = cluster } : null;

    private async Task<Caller?> CallerOfPersonAsync(string text, CancellationToken cancellationToken)
    {
        if (!BearerTokens.LooksRight(text)) return null;
        if (await store.FindTokenAsync(BearerTokens.Hash(text), cancellationToken) is not { } token || !token.IsValidAt(time.GetUtcNow())) return null;
        if (await people.FindAsync(token.User, cancellationToken) is not { } user) return null;
        Context.Items[typeof(AccessToken)] = token;
        return new Caller(user.Name, user.IsAdministrator);
    }

    private AuthenticateResult Success(Caller caller)
    {
        Context.Items[typeof(Caller)] = caller;
        var principal = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, caller.User)], SchemeName));
        return AuthenticateResult.Success(new AuthenticationTicket(principal, SchemeName));
    }
}

/// <summary>What an endpoint asks for. An endpoint that asks for nothing is closed.</summary>
public sealed record PermissionRequirement(Permission Permission) : IAuthorizationRequirement;

public sealed class PermissionCheck(IHttpContextAccessor http) : AuthorizationHandler<PermissionRequirement>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, PermissionRequirement requirement)
    {
        if (http.HttpContext?.Items[typeof(Caller)] is Caller caller && caller.May(requirement.Permission)) context.Succeed(requirement);
        return Task.CompletedTask;
    }
}

public static class Permissions
{
    public static TBuilder Asks<TBuilder>(this TBuilder endpoint, Permission permission)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.RequireAuthorization(policy => policy.RequireAuthenticatedUser().AddRequirements(new PermissionRequirement(permission))).WithMetadata(permission);

    public static Caller Caller(this HttpContext http) => (Caller)http.Items[typeof(Caller)]!;

    public static AccessToken Token(this HttpContext http) => (AccessToken)http.Items[typeof(AccessToken)]!;
}
