using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class UserVerbs
{
    private static readonly Listing<UserView, UserView> Users = Listing.Of(
        Rendering.Indented.UserView,
        user => user.Name,
        new("NAME", user => user.Name),
        new("LEVEL", user => user.Level),
        new("ADMINISTRATOR", user => Column.YesNo(user.Administrator)) { IsSaid = true },
        Column.Time<UserView>("CREATED", user => user.CreatedAt));

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
                    call.Output.Tell($"user {user.Name} ({user.Level}) added; give them a token with `convoy token create --user {user.Name}`"));
            },
        };
    }

    private static Verb List()
    {
        var options = new ListOptions();
        return new Verb("list", "List people")
        {
            Examples = ["convoy user list", "convoy user list -o csv --limit all > people.csv"],
            Options = { options.Limit, options.After, options.Format },
            Body = (call, cancellationToken) => Users.WriteAsync(call, options, (size, from) => call.Client.ListUsersAsync(from, size, cancellationToken)),
        };
    }
}
