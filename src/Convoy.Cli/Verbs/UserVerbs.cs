using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class UserVerbs
{
    public static Command Build() => new("user", "People (for administrators)") { Add(), List() };

    private static Verb Add()
    {
        var name = Arguments.Named("NAME", "A DNS label: the person's own queue bears it too");
        var level = Options.Text("--level", "LEVEL", "Their standing; see convoy level list");
        var administrator = Options.Switch("--administrator", "May administer people and everybody's jobs");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("add", "Add a person")
        {
            Examples = ["convoy user add mei --level engineer", "convoy token create --user mei -o json | jq -r .token"],
            Arguments = { name },
            Options = { level, administrator, format },
            LaterFlags = ["--team"],
            Body = async (call, cancellationToken) =>
            {
                var user = await call.Client.AddUserAsync(new NewUserRequest(call.Get(name), call.Get(level), call.Get(administrator)), cancellationToken);
                return call.Write(call.Get(format), user, Rendering.Indented.UserView, _ =>
                    call.Output.Write($"user {user.Name} ({user.Level}) added; give them a token with `convoy token create --user {user.Name}`\n"));
            },
        };
    }

    private static Verb List()
    {
        var format = Options.Format("table", "json", "yaml", "name");
        return new Verb("list", "List people")
        {
            Examples = ["convoy user list"],
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var users = await call.Client.ListUsersAsync(cancellationToken);
                return call.Write(call.Get(format), users, Rendering.Indented.UserListView, other =>
                {
                    var table = new TextTable("NAME", "LEVEL", "ADMINISTRATOR", "CREATED");
                    foreach (var user in users.Items)
                    {
                        if (other == "name") call.Output.Write(user.Name + "\n");
                        table.Add(user.Name, user.Level, user.Administrator ? "yes" : "no", Spans.Time(user.CreatedAt));
                    }

                    if (other == "table") table.Write(call.Output);
                });
            },
        };
    }
}
