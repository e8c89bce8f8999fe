using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

/// <summary>A saved context as it may be shown: never with its token.</summary>
/// <param name="Token">Where the token lies.</param>
internal sealed record ContextView(string Name, bool Current, string Server, string Token, int SchemaVersion = 1);

internal sealed record ContextListView(IReadOnlyList<ContextView> Items, string? Next, int SchemaVersion = 1) : IListView<ContextView>;

internal static class ContextVerbs
{
    private static readonly Listing<ContextView, ContextView> Saved = Listing.Of(
        CliJson.Default.ContextView,
        context => context.Name,
        new Column<ContextView>("CURRENT", context => context.Current ? "*" : "") { CsvCell = context => Column.YesNo(context.Current) },
        new Column<ContextView>("NAME", context => context.Name),
        new Column<ContextView>("SERVER", context => context.Server),
        new Column<ContextView>("TOKEN", context => context.Token));

    public static Command Build() => new("context", "Servers that you have signed in to, and which of them is used") { List(), Use(), Show(), Rename(), Delete() };

    private static Verb List()
    {
        var format = new ListOptions().Format;
        return new Verb("list", "List saved contexts; the current one has a star")
        {
            Examples = ["convoy context list", "convoy context list -o name"],
            Options = { format },
            Body = (call, _) =>
            {
                var saved = Contexts.Read(Contexts.DefaultFile());
                return Saved.WriteAsync(call, format, new ContextListView([.. saved.Items.Select(context => View(saved, context))], null));
            },
        };
    }

    private static Verb Use()
    {
        var name = Arguments.Named("CONTEXT", "Its name, as convoy context list shows it");
        return new Verb("use", "Use this server from now on, where nothing else is said")
        {
            Examples = ["convoy context use local"],
            Arguments = { name },
            SeeAlso = ["login"],
            Body = (call, _) =>
            {
                var (saved, context) = Find(call.Get(name));
                (saved with { Current = context.Name }).Write(Contexts.DefaultFile());
                call.Say($"convoy now uses {Printable.Of(context.Name)} at {Printable.Of(context.Server)}");
                if (context.ReadToken() is null) call.Say($"there is no token for it; sign in with `convoy login {Printable.Of(context.Server)}`");
                return Task.FromResult(ExitCodes.Success);
            },
        };
    }

    private static Verb Show()
    {
        var name = new Argument<string?>("CONTEXT") { Description = "Its name; the current one where it is left out", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => null };
        var format = Options.Format("table", "json", "yaml", "name");
        return new Verb("show", "Show one context; its token is never shown")
        {
            Examples = ["convoy context show", "convoy context show local -o json | jq -r .server"],
            Arguments = { name },
            Options = { format },
            Body = (call, _) =>
            {
                var saved = Contexts.Read(Contexts.DefaultFile());
                var wanted = call.Get(name) ?? saved.CurrentContext?.Name
                    ?? throw new CommandException(ExitCodes.NotFound, "NoContext", $"no context is current; sign in with `convoy login URL`, or choose one with `convoy context use NAME`");
                var view = View(saved, Find(wanted).Context);
                return Task.FromResult(call.Write(call.Get(format), view, CliJson.Default.ContextView, other =>
                {
                    if (other == "name")
                    {
                        call.Output.Write(Printable.Of(view.Name) + "\n");
                        return;
                    }

                    var facts = new Facts();
                    facts.Add("name", view.Name);
                    facts.Add("current", Speech.Twin(Column.YesNo(view.Current)));
                    facts.Add("server", view.Server);
                    facts.Add("token", view.Token);
                    facts.Write(call.Output);
                }));
            },
        };
    }

    private static Verb Rename()
    {
        var name = Arguments.Named("CONTEXT", "Its name now");
        var next = Arguments.Named("NAME", "Its name from now on");
        return new Verb("rename", "Give a context another name")
        {
            Examples = ["convoy context rename 127.0.0.1:7788 laptop"],
            Arguments = { name, next },
            Body = (call, _) =>
            {
                var (saved, context) = Find(call.Get(name));
                var wanted = call.Get(next);
                if (wanted.Any(char.IsControl)) throw CommandException.Usage("the new name has control characters; choose one without");
                if (saved.Items.Any(other => other.Name == wanted && other != context)) throw new CommandException(ExitCodes.Conflict, "ContextExists", $"there is a context '{Printable.Of(wanted)}' already; choose another name, or delete that one first");
                var renamed = new Contexts(saved.Current == context.Name ? wanted : saved.Current, [.. saved.Items.Select(other => other == context ? context with { Name = wanted } : other)]);
                renamed.Write(Contexts.DefaultFile());
                call.Say($"context {Printable.Of(context.Name)} is now named {wanted}");
                return Task.FromResult(ExitCodes.Success);
            },
        };
    }

    private static Verb Delete()
    {
        var name = Arguments.Named("CONTEXT", "Its name, as convoy context list shows it");
        return new Verb("delete", "Forget a server and its saved token; the token itself stays valid")
        {
            Examples = ["convoy context delete laptop"],
            Arguments = { name },
            SeeAlso = ["token revoke"],
            Body = (call, _) =>
            {
                var (saved, context) = Find(call.Get(name));
                new Contexts(saved.Current == context.Name ? null : saved.Current, [.. saved.Items.Where(other => other != context)]).Write(Contexts.DefaultFile());
                call.Say($"context {Printable.Of(context.Name)} is forgotten; its token is valid until it is revoked or expires");
                if (saved.Current == context.Name) call.Say($"no context is current now; choose one with `convoy context use NAME`");
                return Task.FromResult(ExitCodes.Success);
            },
        };
    }

    private static (Contexts Saved, SavedContext Context) Find(string name)
    {
        var saved = Contexts.Read(Contexts.DefaultFile());
        return saved.Items.FirstOrDefault(context => context.Name == name) is { } found
            ? (saved, found)
            : throw new CommandException(ExitCodes.NotFound, "NoContext", $"there is no context '{Printable.Of(name)}'; `convoy context list` shows them");
    }

    private static ContextView View(Contexts saved, SavedContext context) => new(
        context.Name, context.Name == saved.Current, context.Server, context.Token is not null ? "saved" : context.TokenFile is { } file ? $"in {file}" : "none");
}
