using System.CommandLine;
using System.Globalization;
using Convoy.Cli.Downloads;
using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Languages;

namespace Convoy.Cli.Verbs;

internal static class OutputVerbs
{
    private static readonly Listing<OutputFileView, OutputFileView> Files = Listing.Of(
        Rendering.Indented.OutputFileView,
        file => file.Sha256 is null ? null : file.Path,
        new("ATTEMPT", file => Text(file.Attempt)) { IsRight = true, Spare = 2 },
        new("RANK", file => Text(file.Rank)) { IsRight = true },
        new("SIZE", file => Spans.Bytes(file.Size)) { IsRight = true, CsvCell = file => Text(file.Size) },
        Column.Time<OutputFileView>("MODIFIED", file => file.ModifiedAt) with { CsvName = "modifiedAt", Spare = 3 },
        new("PATH", file => file.Path),
        new("NOTE", file => Note(file)?.Said()) { In = Forms.People, Spare = 1 },
        new("ROLE", file => file.Role) { In = Forms.Wide | Forms.Csv },
        new("SHA256", file => file.Sha256) { In = Forms.Wide | Forms.Csv },
        Column.Data<OutputFileView>("leftBehind", file => file.LeftBehind),
        Column.Data<OutputFileView>("target", file => file.Target));

    public static Command Build() => new("output", "Files that a job's tasks left in CONVOY_OUTPUT_DIR") { List(), OutputGetVerb.Build() };

    public static Argument<string?> PathArgument() => new("PATH")
    {
        Description = "A file, a folder, or a pattern such as '*.pt' (default: everything)",
        Arity = ArgumentArity.ZeroOrOne,
        Validators =
        {
            result =>
            {
                if (result.Tokens is [{ Value: var text }] && OutputPath.Parse(text) is null) result.Refuse($"PATH is the path of a file or folder below CONVOY_OUTPUT_DIR, not '{text}'");
            },
        },
    };

    private static Verb List()
    {
        var job = Arguments.Job();
        var path = PathArgument();
        var attempt = new Option<string?>("--attempt")
        {
            Description = "Of this attempt, or of all (default: the newest that has any)",
            HelpName = "N|all",
            Validators =
            {
                result =>
                {
                    if (result.Tokens is [{ Value: not "all" and var text }] && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)) result.Refuse($"--attempt takes a number of at least 1, or all, not '{text}'");
                },
            },
        };
        var role = Options.Text("--role", "ROLE", "Only tasks of this role");
        var rank = Options.Number("--rank", "N", "Only this rank", 0);
        var options = new ListOptions();
        return new Verb("list", "List what a job's tasks left; it is kept however the job ended")
        {
            Examples = ["convoy output list digits", "convoy output list digits 'checkpoints/*' -o wide", "convoy output list digits --attempt all -o json | jq -r '.items[].path'"],
            Arguments = { job, path },
            Options = { attempt, role, rank, options.Limit, options.After, options.Format },
            Body = async (call, cancellationToken) =>
            {
                var asked = call.Get(attempt);
                var query = new OutputQuery
                {
                    AllAttempts = asked == "all",
                    Attempt = asked is null or "all" ? null : int.Parse(asked, CultureInfo.InvariantCulture),
                    Role = call.Get(role),
                    Rank = call.Get(rank),
                };
                var found = await call.Client.GetJobAsync(call.Get(job), cancellationToken);
                var outputs = new Outputs(call, found, query, call.Get(path) is { } text ? OutputPath.Parse(text) : null);
                OutputListView? first = null;
                var code = await Files.WriteAsync(call, options, async (size, from) =>
                {
                    while (true)
                    {
                        var page = await outputs.PageAsync(from, size, cancellationToken);
                        first ??= page;
                        if (page.Items.Count > 0 || page.Next is null) return page;
                        from = page.Next;
                    }
                });
                SayWhatIsMissing(call, first!);
                if (asked is null && found.Attempts is { Count: > 1 and var attempts } && first!.Items is [var one, ..]) call.Say($"this is attempt {one.Attempt} of {attempts}; --attempt all lists what each has left");
                return code;
            },
        };
    }

    /// <summary>What is not in the list, or not all of it.</summary>
    private static void SayWhatIsMissing(Call call, OutputListView list)
    {
        if (list.Totals is { Files: 0, LeftBehind: 0 } && list.Waiting + list.Running == 0) call.Say("no files were left in CONVOY_OUTPUT_DIR");
        if (list.Waiting > 0) call.Say($"the files of {Spans.Count(list.Waiting, "task")} are still being taken in");
        if (list.Running > 0) call.Say($"running still: {Spans.Count(list.Running, "task")}; what is left in CONVOY_OUTPUT_DIR is listed after the end");
        if (list.Totals is { LeftBehind: > 0 and var left }) call.Say($"{Spans.Count(left, "entry", "entries")} could not be kept; NOTE says why");
    }

    private static Text? Note(OutputFileView file) => file.LeftBehind switch
    {
        null => null,
        "Link" => (Text)$"not kept: a link to {file.Target}",
        "Special" => "not kept: a pipe, socket or device",
        "NotTheirs" => "not kept: somebody else's file",
        "OtherFileSystem" => "not kept: on another file system",
        "Unreadable" => "not kept: it could not be read",
        "TooDeep" => "not kept: too deep",
        "OverBytes" => "not kept: the task left more bytes than the platform keeps",
        "OverFiles" => "not kept, with all that is not listed: the task left more files than the platform keeps",
        var other => $"not kept: {other}",
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
