using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;
using Convoy.Core.Resources;
using Convoy.Core.Languages;

namespace Convoy.Cli.Verbs;

internal static class TokenVerbs
{
    private static readonly Listing<TokenView, TokenView> Tokens = Listing.Of(
        Rendering.Indented.TokenView,
        token => token.Id,
        new("ID", token => token.Id),
        new("USER", token => token.User),
        Column.Time<TokenView>("CREATED", token => token.CreatedAt),
        Column.Time<TokenView>("EXPIRES", token => token.ExpiresAt, never: "never"),
        new("STATE", (token, now) => State(token, now).ToString()) { IsSaid = true },
        new("LABEL", token => token.Label));

    public static Command Build() => new("token", "Tokens to sign in with: your own, or for administrators anybody's") { Create(), List(), Revoke() };

    private static Verb Create()
    {
        var user = Options.Text("--user", "USER", "For this person instead of yourself (for administrators)");
        var expires = Options.Duration("--expires", "How long it is valid, such as 30d (default: until revoked)");
        var label = Options.Text("--label", "TEXT", "What it is for");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("create", "Make a token; it is shown this once")
        {
            Examples = ["convoy token create --expires 30d --label laptop", "convoy token create --user mei -o json | jq -r .token"],
            Options = { user, expires, label, format },
            Body = async (call, cancellationToken) =>
            {
                var validFor = call.Get(expires) is { } duration ? DurationText.Format(duration) : null;
                var token = await call.Client.CreateTokenAsync(new NewTokenRequest(call.Get(user), validFor, call.Get(label)), cancellationToken);
                return call.Write(call.Get(format), token, Rendering.Indented.NewTokenView, _ =>
                {
                    // The token alone on standard output, so that it can be piped.
                    call.Print(token.Token);
                    call.Say(token.ExpiresAt is { } at
                        ? (Text)$"token {token.Id} of {token.User}, valid until {Spans.Time(at)}; keep it, it is not shown again"
                        : $"token {token.Id} of {token.User}, valid until revoked; keep it, it is not shown again");
                });
            },
        };
    }

    private static Verb List()
    {
        var user = Options.Text("--user", "USER", "Of this person instead of yourself (for administrators)");
        var options = new ListOptions();
        return new Verb("list", "List tokens, without their secrets")
        {
            Examples = ["convoy token list", "convoy token list --user mei -o wide"],
            Options = { user, options.Limit, options.After, options.Format },
            Body = (call, cancellationToken) => Tokens.WriteAsync(call, options, (size, from) => call.Client.ListTokensAsync(call.Get(user), from, size, cancellationToken)),
        };
    }

    private static Verb Revoke()
    {
        var id = Arguments.Named("ID", "The token's id, as convoy token list shows it");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("revoke", "Make a token invalid at once")
        {
            Examples = ["convoy token revoke 7f3k2m"],
            Arguments = { id },
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                await call.Client.RevokeTokenAsync(call.Get(id), cancellationToken);
                return call.Write(call.Get(format), new RevokedToken(call.Get(id), true), CliJson.Default.RevokedToken, _ => call.Output.Tell($"token {call.Get(id)} is revoked"));
            },
        };
    }

    private static Text State(TokenView token, DateTimeOffset now) => token switch
    {
        { RevokedAt: not null } => (Text)"revoked",
        { ExpiresAt: { } at } when at <= now => "expired",
        _ => "valid",
    };
}
