using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client;
using Spectre.Console;

namespace Convoy.Cli.Verbs;

internal static class LoginVerb
{
    public static Command Build()
    {
        var url = new Argument<string>("URL") { Description = "Address of the server, such as https://convoy.example.org" };
        var format = Options.Format("table", "json", "yaml");
        return new Verb("login", "Sign in to a server, and use it from now on; the token is asked for, or read from standard input")
        {
            Examples = ["convoy login https://convoy.example.org", "convoy login https://convoy.example.org < token.txt"],
            About = "The server and the token become a saved context, which only you can read. A saved token is sent only to the server it was saved for.",
            SeeAlso = ["context list", "whoami"],
            Arguments = { url },
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var server = Connection.ParseServer(call.Get(url));
                if (server.Scheme == Uri.UriSchemeHttp && !server.IsLoopback) call.Say("warning: http sends your token in the clear; use https where others share the network");
                var token = Connection.CheckToken(call.Get(Call.TokenOption) ?? await AskAsync(call, cancellationToken));
                using var client = new ConvoyClient(server, token, call.Time, Speech.Language);
                var me = await client.WhoAmIAsync(cancellationToken);
                var address = Connection.Shown(server);
                var context = new SavedContext(server.Authority, address, token);
                var file = Contexts.DefaultFile();
                Contexts.Read(file).With(context).Write(file);
                return call.Write(call.Get(format), new SignedIn(context.Name, address, me.Name, me.Level, me.Administrator), CliJson.Default.SignedIn, _ =>
                    call.Output.Tell($"signed in to {address} as {me.Name} ({me.Level})"));
            },
        };
    }

    /// <summary>Asked for without echo at a terminal, else the first line of standard input.</summary>
    private static async Task<string> AskAsync(Call call, CancellationToken cancellationToken)
    {
        if (Console.IsInputRedirected)
        {
            var line = await Console.In.ReadLineAsync(cancellationToken);
            return string.IsNullOrWhiteSpace(line) ? throw CommandException.Usage("no token came on standard input; pipe it in, or give --token") : line.Trim();
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(call.Error) });
        return (await console.PromptAsync(new TextPrompt<string>(((Core.Languages.Text)"Token:").Said()).Secret(null), cancellationToken)).Trim();
    }
}
