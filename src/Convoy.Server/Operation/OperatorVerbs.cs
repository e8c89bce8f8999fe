using Convoy.Client;
using Convoy.Clusters.LocalProcesses;
using Convoy.Core.Languages;
using Convoy.Core.Resources;
using Convoy.Store;

namespace Convoy.Server.Operation;

/// <summary>What the program does instead of serving. Each works on a state folder, beside a running server or without one.</summary>
public static class OperatorVerbs
{
    public const string Usage = """
        Usage: convoy-server backup --state DIR --to DIR
                 copies the platform's state while it runs; again to the same folder copies what is new,
                 and replaces the backup there when all is done
               convoy-server restore --from DIR --state NEWDIR
                 makes a new state folder of a backup; it starts with scheduling paused
               convoy-server token --state DIR [--user NAME] [--revoke-others]
                 makes a new token for an administrator who has lost theirs
        """;

    private static readonly Dictionary<string, (string[] Needed, string[] TakingValue, string[] Switches)> Verbs = new(StringComparer.Ordinal)
    {
        ["backup"] = (["--to"], ["--state", "--to"], []),
        ["restore"] = (["--from", "--state"], ["--from", "--state"], []),
        ["token"] = ([], ["--state", "--user"], ["--revoke-others"]),
    };

    /// <summary>Null where the arguments name no such verb.</summary>
    public static async Task<int?> RunAsync(string[] args, TimeProvider time, CancellationToken cancellationToken)
    {
        if (args.Length == 0 || !Verbs.TryGetValue(args[0], out var known)) return null;
        var language = ProgramArguments.LanguageOf(args);
        var errors = new List<Text>();
        var values = ProgramArguments.Read(args[1..], known.Switches, [.. known.TakingValue, "--lang"], errors);
        errors.AddRange(known.Needed.Where(name => !values.ContainsKey(name)).Select(name => Text.Of($"convoy-server {args[0]} needs {name}; see --help")));
        if (errors.Count > 0)
        {
            foreach (var error in errors) await Console.Error.WriteLineAsync($"error[Usage]: {error.In(language)}");
            return 2;
        }

        var state = Path.GetFullPath(values.GetValueOrDefault("--state") ?? ServerOptions.DefaultState());
        try
        {
            switch (args[0])
            {
                case "backup":
                    var (made, copied) = await Backup.RunAsync(state, values["--to"], text => Console.Error.WriteLine(text.In(language)), time, cancellationToken);
                    Say($"backed up {state} to {made}: {Sentences.Count(copied.Files, "file")} of jobs, {new ByteSize(copied.Bytes).ToRoundedText()}");
                    if (copied.Unnameable > 0) await Console.Error.WriteLineAsync(Text.Of($"warning[Unnameable]: {Sentences.Count(copied.Unnameable, "entry")} with names that are no text, or too deep in folders, were left out").In(language));
                    if (copied.LeftOut == 0) break;
                    foreach (var path in copied.FirstLeftOut) await Console.Error.WriteLineAsync(Text.Of($"warning[LeftOut]: {path} could not be read").In(language));
                    await Console.Error.WriteLineAsync(Text.Of($"error[Incomplete]: {Sentences.Count(copied.LeftOut, "file")} are not in the backup; the last complete one stays beside it; is this the user that the server runs as, or root?").In(language));
                    return 3;
                case "restore":
                    var (interrupted, warnings) = await Restore.RunAsync(values["--from"], state, text => Console.Error.WriteLine(text.In(language)), time, cancellationToken);
                    foreach (var warning in warnings) await Console.Error.WriteLineAsync($"warning[Backup]: {warning.In(language)}");
                    Say($"restored {state}; {Sentences.Count(interrupted, "job")} that had machines will start again; scheduling is paused: start the server, see that the platform it was made of is gone, and run `convoy scheduling resume`");
                    break;
                default:
                    var (file, revoked) = await Recovery.RunAsync(state, values.GetValueOrDefault("--user"), values.ContainsKey("--revoke-others"), time, cancellationToken);
                    Say($"a new token lies in {file}{(revoked > 0 ? (Text)$"; {Sentences.Count(revoked, "other token")} revoked" : "")}");
                    break;
            }

            return 0;
        }
        catch (Exception e) when (e is BackupException or StateFolderException or StoreException or LocalClusterException or IOException or UnauthorizedAccessException)
        {
            var code = e switch { BackupException => "Backup", StateFolderException => "StateFolder", _ => FullDisk.IsCauseOf(e) ? DiskShortage.Code : "StorageUnavailable" };
            await Console.Error.WriteLineAsync($"error[{code}]: {(e is IExplained explained ? explained.Explanation.In(language) : e.Message)}");
            return 3;
        }

        void Say(Text text) => Console.WriteLine(text.In(language));
    }
}
