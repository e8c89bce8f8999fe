using Convoy.Cli.Downloads;
using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class OutputGetVerb
{
    private const string StandardOutput = "-";

    public static Verb Build()
    {
        var job = Arguments.Job();
        var path = OutputVerbs.PathArgument();
        var to = Options.Folder("--to", "DIR|FILE", "Where to put it (default: a named file here, all else below ./NAME-outputs); - writes one file to standard output");
        var attempt = Options.Number("--attempt", "N", "Of this attempt (default: the newest that has any)", 1);
        var role = Options.Text("--role", "ROLE", "Only tasks of this role");
        var rank = Options.Number("--rank", "N", "Only this rank", 0);
        var force = Options.Switch("--force", "Replace files that are there and differ");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("get", "Download what a job's tasks left; repeat it to go on where it broke off")
        {
            Examples = ["convoy output get digits", "convoy output get digits model.pt --to models/digits.pt", "convoy output get digits 'checkpoints/*' --rank 0", "convoy output get digits metrics.json --to - | jq ."],
            Arguments = { job, path },
            Options = { to, attempt, role, rank, force, format },
            Body = async (call, cancellationToken) =>
            {
                var view = await call.Client.GetJobAsync(call.Get(job), cancellationToken);
                var query = new OutputQuery { Attempt = call.Get(attempt), Role = call.Get(role), Rank = call.Get(rank) };
                var wanted = call.Get(path) is { } text ? OutputPath.Parse(text) : null;
                var outputs = new Outputs(call, view, query, wanted);
                var first = await outputs.SettledAsync(cancellationToken);
                if (first.Running > 0) call.Say($"running still: {Spans.Count(first.Running, "task")} of job {view.Name}; what is left in CONVOY_OUTPUT_DIR can be downloaded after the end");

                // Whose files these are may not change while they come, though another attempt should end.
                outputs = new Outputs(call, view, query with { Attempt = first.Attempt ?? query.Attempt }, wanted);
                var plan = await DownloadPlan.MakeAsync(outputs.AllAsync(first, cancellationToken), file => wanted?.Names(file.Path) == true);
                if (plan.Files == 0) throw Nothing(view, first, wanted, plan);
                return call.Get(to) == StandardOutput
                    ? await WriteAsync(call, view, plan, cancellationToken)
                    : await SaveAsync(call, view, outputs, first, plan, call.Get(to), call.Get(force), call.Get(format), cancellationToken);
            },
        };
    }

    private static async Task<int> WriteAsync(Call call, JobView job, DownloadPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Single is not { } single) throw CommandException.Usage($"--to - takes one file by its name, and what is meant is {Spans.Count(plan.Files, "file")}; give its PATH, and --rank where several tasks left one");
        await new Download(call, job.Id, isForced: false, new TransferBar(call, 0, 0)).ToOutputAsync(single, cancellationToken);
        return ExitCodes.Success;
    }

    private static async Task<int> SaveAsync(
        Call call, JobView job, Downloads.Outputs outputs, OutputListView first, DownloadPlan plan, string? to, bool isForced, string? format, CancellationToken cancellationToken)
    {
        var bar = new TransferBar(call, plan.Files, plan.Bytes);
        var download = new Download(call, job.Id, isForced, bar);
        long unchanged = 0;
        string place;
        try
        {
            if (plan.Single is { } single)
            {
                place = FileFor(single, to);
                if (!isForced && Download.IsOther(place, single.Size)) throw Download.Differs(place);
                if (!await download.ToFileAsync(single, place, cancellationToken)) unchanged++;
            }
            else
            {
                place = to ?? $"{job.Name}-outputs";
                var target = new TargetFolder(place, plan.ByRank);
                OutputFile.CheckFolder(new NamedFile("--to", place));
                await DownloadPlan.CheckAsync(outputs.AllAsync(first, cancellationToken), target, isForced);
                await foreach (var file in outputs.AllAsync(first, cancellationToken))
                {
                    if (file.Sha256 is null) continue;
                    var at = target.PlaceOf(file);
                    target.MakeFolderOf(at);
                    if (!await download.ToFileAsync(file, at, cancellationToken)) unchanged++;
                    bar.FileDone();
                }
            }
        }
        finally
        {
            bar.Clear();
        }

        call.Write(format, new DownloadedOutputs(job.Id, job.Name, place, plan.Files, plan.Bytes, unchanged, plan.LeftBehind), CliJson.Default.DownloadedOutputs, _ => call.Print(place));
        call.Say($"{Spans.Count(plan.Files, "file")}, {Spans.Bytes(plan.Bytes)}{(unchanged == 0 ? Text.None : $", of which there already: {unchanged}")}");
        if (plan.LeftBehind > 0) call.Say($"{Spans.Count(plan.LeftBehind, "entry", "entries")} could not be kept by the platform; see `convoy output list {job.Id}`");
        return ExitCodes.Success;
    }

    private static string FileFor(OutputFileView file, string? to)
    {
        var name = Path.GetFileName(new TargetFolder(".", byRank: false).PlaceOf(file));
        if (to is null) return name;
        if (Directory.Exists(to) || Path.EndsInDirectorySeparator(to))
        {
            OutputFile.MakeFolder(to);
            return Path.Combine(to, name);
        }

        OutputFile.CheckPlace(new NamedFile("--to", to));
        return to;
    }

    private static CommandException Nothing(JobView job, OutputListView first, OutputPath? wanted, DownloadPlan plan)
    {
        if (first.Totals is { Files: 0 }) return new CommandException(ExitCodes.NotFound, "NoOutputs", $"job {job.Name} ({job.Id}) left no files in CONVOY_OUTPUT_DIR{(first.Running > 0 ? (Text)" so far" : "")}; see `convoy output list {job.Id} --attempt all`");
        return plan.LeftBehind > 0
            ? new CommandException(ExitCodes.NotFound, "NoSuchOutput", $"what '{Printable.Of($"{wanted}")}' names was left by job {job.Name} ({job.Id}) and could not be kept; `convoy output list {job.Id}` says why")
            : new CommandException(ExitCodes.NotFound, "NoSuchOutput", $"job {job.Name} ({job.Id}) left nothing that '{Printable.Of($"{wanted}")}' names; see `convoy output list {job.Id}`");
    }
}
