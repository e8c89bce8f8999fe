using System.CommandLine;
using Convoy.Cli.Output;

namespace Convoy.Cli.Verbs;

internal static class WhoAmIVerb
{
    public static Command Build()
    {
        var format = Options.Format("table", "json", "yaml");
        return new Verb("whoami", "Who you are to the server")
        {
            Examples = ["convoy whoami", "convoy whoami -o json | jq -r .level"],
            SeeAlso = ["login", "token list"],
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var me = await call.Client.WhoAmIAsync(cancellationToken);
                return call.Write(call.Get(format), me, Rendering.Indented.WhoAmIView, _ =>
                {
                    var facts = new Facts();
                    facts.Add("user", me.Name);
                    facts.Add("level", me.Level);
                    facts.Add("administrator", Speech.Twin(Column.YesNo(me.Administrator)));
                    facts.Add("server", Connection.Shown(call.Client.Server));
                    facts.Tell("token", me.TokenExpiresAt is { } at ? Text.Of($"{me.TokenId}, valid until {Spans.Time(at)}") : Text.Verbatim(me.TokenId));
                    facts.Write(call.Output);
                });
            },
        };
    }
}
