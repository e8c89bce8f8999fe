using System.CommandLine;
using Convoy.Cli.Completion;
using Convoy.Client;
using Convoy.Core.Resources;

namespace Convoy.Cli.Verbs;

internal static class CompletionVerbs
{
    private static readonly string[] Shells = ["bash", "zsh", "fish"];

    /// <summary>Who presses a key does not wait for a server that is far away or gone.</summary>
    private static TimeSpan Patience => DurationText.TryParse(Environment.GetEnvironmentVariable("CONVOY_COMPLETION_WAIT") ?? "", out var wait) && wait < TimeSpan.FromDays(1) ? wait : TimeSpan.FromSeconds(1);

    public static Command Build()
    {
        var shell = Shell();
        return new Verb("completion", "Print what makes a shell complete verbs, flags and names")
        {
            Examples =
            [
                "convoy completion bash                       # then: source <(convoy completion bash)",
                "convoy completion bash > ~/.local/share/bash-completion/completions/convoy",
                "convoy completion zsh > \"${fpath[1]}/_convoy\"",
                "convoy completion fish > ~/.config/fish/completions/convoy.fish",
            ],
            About = "Names of jobs, queues, nodes, people and levels are asked of the server, which has a second to answer, or as long as CONVOY_COMPLETION_WAIT says (such as 300ms); without one, only what this program knows is offered.",
            Arguments = { shell },
            Body = async (call, cancellationToken) =>
            {
                await call.Output.WriteAsync(ShellScripts.Of(call.Get(shell)).AsMemory(), cancellationToken);
                return ExitCodes.Success;
            },
        };
    }

    /// <summary>What the scripts call.</summary>
    public static Command BuildComplete()
    {
        var shell = Shell();
        return new Verb("__complete", "What may stand at the end of a command line")
        {
            Examples = ["convoy __complete fish -- logs ''"],
            Hidden = true,
            TakesCommand = true,
            Arguments = { shell },
            Body = async (call, cancellationToken) =>
            {
                var isBash = call.Get(shell) == "bash";
                var line = isBash ? CommandWords.Of(call.Trailing is [_, var text, ..] ? text : "") : null;
                string[] words = line is null ? call.Trailing ?? [] : [.. line.Words.Skip(1)];
                var found = Completer.Of(CommandLine.Build(), words);
                var typed = words.Length == 0 ? "" : words[^1][found.Prefix.Length..];
                var candidates = (await AllAsync(call, found, words, typed, cancellationToken)).Where(each => each.Value.StartsWith(typed, StringComparison.Ordinal) && !each.Value.Any(char.IsControl));
                var lines = candidates.Select(each => line is null ? $"{found.Prefix}{each.Value}\t{Output.Printable.Of(each.Description ?? "")}".TrimEnd() : BashWord.Of(found.Prefix + each.Value, line.Typed, call.Trailing![0]));
                await call.Output.WriteAsync(string.Concat(lines.Prepend($":{found.Kind.ToString().ToLowerInvariant()}").Select(text => text + "\n")).AsMemory(), cancellationToken);
                return ExitCodes.Success;
            },
        };
    }

    private static Argument<string> Shell()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish", CompletionSources = { Shells } };
        shell.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !Shells.Contains(text)) result.Refuse($"there is completion for bash, zsh and fish, not for '{text}'");
        });
        return shell;
    }

    private static async Task<IReadOnlyList<Candidate>> AllAsync(Call call, Completions found, string[] words, string typed, CancellationToken cancellationToken)
    {
        if (found.Named is not { } kind) return found.Candidates;
        using var late = new CancellationTokenSource(Patience, call.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        var typedSoFar = CommandLine.Parse(CommandLine.Build(), [.. words.SkipLast(1)]);
        ConvoyClient? client = null;
        try
        {
            return [.. found.Candidates, .. await ServerNames.OfAsync(kind, Open, typed, either.Token)];
        }
#pragma warning disable CA1031 // Whatever is wrong (no server, no token, a damaged file): a prompt is no place to say it.
        catch
#pragma warning restore CA1031
        {
            return found.Candidates;
        }
        finally
        {
            client?.Dispose();
        }

        ConvoyClient Open() => client = Connection.Open(typedSoFar.GetValue(Call.ServerOption), typedSoFar.GetValue(Call.TokenOption), call.Time);
    }
}
