using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;
using Convoy.Core.Resources;

namespace Convoy.Cli.Verbs;

internal static class TokenVerbs
{
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
                    call.Say($"token {token.Id} of {token.User}, {(token.ExpiresAt is { } at ? $"valid until {Spans.Time(at)}" : "valid until revoked")}; keep it, it is not shown again");
                });
            },
        };
    }

    private static Verb List()
    {
        var user = Options.Text("--user", "USER", "Of this person instead of yourself (for administrators)");
        var format = Options.Format("table", "json", "yaml", "name");
        return new Verb("list", "List tokens, without their secrets")
        {
            Examples = ["convoy token list"],
            Options = { user, format },
            Body = async (call, cancellationToken) =>
            {
                var tokens = await call.Client.ListTokensAsync(call.Get(user), cancellationToken);
                return call.Write(call.Get(format), tokens, Rendering.Indented.TokenListView, other =>
                {
                    var table = new TextTable("ID", "USER", "CREATED", "EXPIRES", "STATE", "LABEL");
                    foreach (var token in tokens.Items)
                    {
                        if (other == "name") call.Output.Write(token.Id + "\n");
                        table.Add(token.Id, token.User, Spans.Time(token.CreatedAt), token.ExpiresAt is { } at ? Spans.Time(at) : "never", State(token, call.Now), token.Label);
                    }

                    if (other == "table") table.Write(call.Output);
                });
            },
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
                return call.Write(call.Get(format), new RevokedToken(call.Get(id), true), CliJson.Default.RevokedToken, _ => call.Output.Write($"token {call.Get(id)} is revoked\n"));
            },
        };
    }

    private static string State(TokenView token, DateTimeOffset now) => token switch
    {
        { RevokedAt: not null } => "revoked",
        { ExpiresAt: { } at } when at <= now => "expired",
        _ => "valid",
    };
}
