using Convoy.Client;

namespace Convoy.Cli;

/// <summary>Which server, and with which token: flags, then the environment, then the saved context.</summary>
internal static class Connection
{
    public static ConvoyClient Open(string? serverFlag, string? tokenFlag, TimeProvider time)
    {
        var (server, token) = Resolve(serverFlag, tokenFlag);
        if (server is null) throw new CommandException(ExitCodes.NotAllowed, "NotSignedIn", "no server is known; start one on this machine with `convoy up`, or sign in with `convoy login URL`");
        if (token is null)
        {
            throw new CommandException(
                ExitCodes.NotAllowed, "NotSignedIn", $"there is no token for {Shown(server)}; sign in with `convoy login {Shown(server)}`, or set CONVOY_TOKEN (a saved token is only sent to the server it was saved for)");
        }

        return new ConvoyClient(server, token, time, Speech.Language);
    }

    public static (Uri? Server, string? Token) Resolve(string? serverFlag, string? tokenFlag)
    {
        var saved = Contexts.Read(Contexts.DefaultFile());
        var given = serverFlag ?? Variable("CONVOY_SERVER");
        var server = given is not null ? ParseServer(given) : saved.CurrentContext is { } current ? ParseServer(current.Server) : null;
        var token = tokenFlag ?? Variable("CONVOY_TOKEN");
        if (token is not null || server is null) return (server, Checked(token));

        // A stored token is sent only to the URL it was stored for; the current context goes first.
        var context = saved.Items.OrderByDescending(item => item.Name == saved.Current).FirstOrDefault(item => Same(ParseServer(item.Server), server));
        return (server, Checked(context?.ReadToken()));
    }

    public static Uri ParseServer(string text)
    {
        var address = text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0 || uri.Query.Length > 0)
        {
            throw CommandException.Usage($"'{text}' is not the address of a server, such as https://convoy.example.org");
        }

        return uri;
    }

    public static string Shown(Uri server) => server.AbsoluteUri.TrimEnd('/');

    private static bool Same(Uri a, Uri b) => string.Equals(Shown(a), Shown(b), StringComparison.Ordinal);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string? Checked(string? token) => token is null ? null : CheckToken(token);

    /// <summary>A header cannot carry what is no token, and the text must not come back in an error.</summary>
    public static string CheckToken(string token) =>
        token.Length > 0 && token.All(c => c is > ' ' and <= '~') ? token : throw CommandException.Usage("the token has characters that no token has; is it whole, and only it?");
}
