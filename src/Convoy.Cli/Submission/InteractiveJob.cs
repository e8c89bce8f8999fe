using Convoy.Cli.Terminals;
using Convoy.Cli.Verbs;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Submission;

/// <summary>From the flags of run to a job that somebody types into.</summary>
internal static class InteractiveJob
{
    private const string ShellName = "shell";

    /// <summary>
    /// A login shell where bash is there. Where a Python environment came along, one that is no login shell: /etc/profile
    /// sets the PATH anew on many systems, and the environment would be lost.
    /// </summary>
    private static readonly string[] Shell =
    [
        "/bin/sh", "-c", "if ! command -v bash > /dev/null; then exec sh -i; elif [ -n \"$VIRTUAL_ENV$CONDA_PREFIX\" ]; then exec bash -i; else exec bash -l; fi",
    ];

    /// <summary>What programs look up to know what the person's terminal can do and which language they read.</summary>
    private static readonly string[] Travelling = ["TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE"];

    public static SubmitVerb.Draft Draft(Call call, JobFlags flags, TimeSpan? idleTimeout)
    {
        var isTerminal = LocalTerminal.IsThere;
        var isShell = call.Trailing is not { Length: > 0 };
        var asked = flags.Apply(call, null, Shell);
        var interactive = new InteractiveSpec { Terminal = isTerminal };
        var spec = asked with
        {
            Name = isShell && !call.Has(flags.Name) ? ShellName : asked.Name,
            Env = isTerminal ? WithTerminal(asked.Env) : asked.Env,
            Interactive = idleTimeout is { } idle ? interactive with { IdleTimeout = idle } : interactive,
        };
        var problems = JobSpecValidator.Problems(spec);
        if (problems.Count > 0) throw new InvalidSpecException(problems, null);
        if (isShell && !isTerminal) call.Say("no terminal here: the shell reads its commands from standard input");

        // Somebody who only wants a shell often sits in their home folder: that is no reason to send it, nor to refuse.
        if (!call.Has(flags.Workdir) && !call.Get(flags.NoCode) && CodeArchive.IsBroad(Environment.CurrentDirectory))
        {
            call.Say($"code: none, as {Environment.CurrentDirectory} is too broad to be sent; --workdir DIR sends a folder");
            return new SubmitVerb.Draft(spec, null);
        }

        return new SubmitVerb.Draft(spec, CodeArchive.Choose(call, flags, null, ""));
    }

    private static Dictionary<string, string> WithTerminal(IReadOnlyDictionary<string, string> given)
    {
        var variables = new Dictionary<string, string>(given);
        foreach (var name in Travelling)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value) variables.TryAdd(name, value);
        }

        if (LocalTerminal.Size is not { } size) return variables;
        variables["LINES"] = $"{size.Rows}";
        variables["COLUMNS"] = $"{size.Columns}";
        return variables;
    }
}
