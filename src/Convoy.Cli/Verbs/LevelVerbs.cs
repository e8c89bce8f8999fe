using System.CommandLine;
using System.Globalization;
using Convoy.Cli.Output;
using Convoy.Client.Wire;
using Convoy.Core.Resources;

namespace Convoy.Cli.Verbs;

internal static class LevelVerbs
{
    private const string None = "none";

    private static readonly Listing<LevelView, LevelView> Levels = Listing.Of(
        Rendering.Indented.LevelView,
        level => level.Name,
        new("NAME", level => level.Name),
        new("RANK", level => $"{level.Rank}") { IsRight = true },
        new("MAX-GPUS", level => Text(level.MaxGpus)) { IsRight = true },
        new("MAX-GPUS-PER-JOB", level => Text(level.MaxGpusPerJob)) { IsRight = true },
        new("MAX-RUNNING", level => Text(level.MaxRunning)) { IsRight = true },
        new("MAX-SUBMITTED", level => Text(level.MaxSubmitted)) { IsRight = true, Spare = 3 },
        new("MAX-DURATION", level => level.MaxDuration) { IsRight = true, Spare = 1 },
        new("MAX-STORED", level => level.MaxStored) { IsRight = true, Spare = 6 },
        new("MAY-PREEMPT", level => Column.YesNo(level.MayPreempt)) { IsSaid = true, Spare = 4 },
        new("PREEMPTIBLE", level => Column.YesNo(level.Preemptible)) { IsSaid = true, Spare = 5 },
        new("MIN-RUN-TIME", level => level.MinRunTime) { IsRight = true, Spare = 2 });

    public static Command Build() => new("level", "Levels: people's standing and its caps") { List(), Update() };

    private static Verb List()
    {
        var format = new ListOptions().Format;
        return new Verb("list", "List levels, the highest first")
        {
            Examples = ["convoy level list", "convoy level list -o yaml"],
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var levels = await call.Client.ListLevelsAsync(cancellationToken);
                return await Levels.WriteAsync(call, format, levels with { Items = [.. levels.Items.OrderByDescending(level => level.Rank)] });
            },
        };
    }

    private static Verb Update()
    {
        var name = Arguments.Named("LEVEL", "The level");
        var gpus = Cap("--max-gpus", "Devices of all running jobs of one person");
        var gpusPerJob = Cap("--max-gpus-per-job", "Devices of one job");
        var running = Cap("--max-running", "Running jobs of one person");
        var submitted = Cap("--max-submitted", "Unfinished jobs of one person");
        var duration = Options.Text("--max-duration", "D|none", "How long a job may run, such as 48h; none removes the cap");
        duration.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && text != None && !DurationText.TryParse(text, out _)) result.Refuse($"--max-duration takes a duration such as 48h, or none, not '{text}'");
        });
        var stored = Options.Text("--max-stored", "SIZE|none", "What all data sets of one person may have stored, such as 10Ti; none removes the cap");
        stored.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && text != None && !ByteSize.TryParse(text, out _)) result.Refuse($"--max-stored takes a size such as 10Ti, or none, not '{text}'");
        });
        var mayPreempt = Options.Choice("--may-preempt", "Whether its jobs may evict those of lower levels", "BOOL", "true", "false");
        var preemptible = Options.Choice("--preemptible", "Whether its jobs may be evicted", "BOOL", "true", "false");
        var minRunTime = Options.Duration("--min-run-time", "How long its jobs run undisturbed by a higher level, such as 10m");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("update", "Change a level (for administrators); what is not given stays as it is")
        {
            Examples = ["convoy level update intern --max-gpus 4 --max-running 2", "convoy level update intern --max-gpus none", "convoy level update intern --max-stored 2Ti", "convoy level update engineer --min-run-time 10m"],
            Arguments = { name },
            Options = { gpus, gpusPerJob, running, submitted, duration, stored, mayPreempt, preemptible, minRunTime, format },
            Body = async (call, cancellationToken) =>
            {
                (Option<string?> Option, string Cap)[] caps = [(gpus, "maxGpus"), (gpusPerJob, "maxGpusPerJob"), (running, "maxRunning"), (submitted, "maxSubmitted"), (duration, "maxDuration"), (stored, "maxStored")];
                Option[] rules = [mayPreempt, preemptible, minRunTime];
                if (!caps.Any(cap => call.Has(cap.Option)) && !rules.Any(call.Has)) throw CommandException.Usage("nothing to change; give a cap, such as --max-gpus 4");
                var cleared = caps.Where(cap => call.Get(cap.Option) == None).Select(cap => cap.Cap).ToArray();
                var update = new LevelUpdate(
                    Number(call.Get(gpus)), Number(call.Get(gpusPerJob)), Number(call.Get(running)), Number(call.Get(submitted)),
                    call.Get(duration) is { } text and not None ? text : null, cleared.Length == 0 ? null : cleared)
                {
                    MayPreempt = Truth(call.Get(mayPreempt)),
                    Preemptible = Truth(call.Get(preemptible)),
                    MaxStored = call.Get(stored) is { } size and not None ? size : null,
                    MinRunTime = call.Get(minRunTime) is { } least ? DurationText.Format(least) : null,
                };
                var level = await call.Client.UpdateLevelAsync(call.Get(name), update, cancellationToken);
                return call.Get(format) == "table"
                    ? await Levels.WriteAsync(call, format, new LevelListView([level], null))
                    : call.Write(call.Get(format), level, Rendering.Indented.LevelView, static _ => { });
            },
        };
    }

    private static Option<string?> Cap(string name, string description)
    {
        var option = Options.Text(name, "N|none", $"{description}; none removes the cap");
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && text != None && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _)) result.Refuse($"{name} takes a number, or none, not '{text}'");
        });
        return option;
    }

    private static int? Number(string? text) => text is null or None ? null : int.Parse(text, CultureInfo.InvariantCulture);

    private static bool? Truth(string? text) => text is null ? null : text == "true";

    private static string? Text(int? cap) => cap?.ToString(CultureInfo.InvariantCulture);
}
