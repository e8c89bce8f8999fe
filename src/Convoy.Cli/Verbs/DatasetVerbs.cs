using System.CommandLine;
using System.Globalization;
using System.Text;
using Convoy.Cli.Datasets;
using Convoy.Cli.Output;
using Convoy.Client.Datasets;
using Convoy.Client.Wire;
using Convoy.Core.Datasets;
using Convoy.Core.Languages;

namespace Convoy.Cli.Verbs;

internal static class DatasetVerbs
{
    private static readonly Listing<DatasetView, DatasetView> Datasets = Listing.Of(
        Rendering.Indented.DatasetView,
        dataset => dataset.Name,
        new("NAME", dataset => dataset.Name),
        new("LATEST", dataset => dataset.Latest?.Version),
        new("FILES", dataset => dataset.Latest is { } latest ? Digits(latest.Files) : null) { IsRight = true },
        new("SIZE", dataset => dataset.Latest is { } latest ? Spans.Bytes(latest.Bytes) : null) { IsRight = true, CsvCell = dataset => dataset.Latest is { } latest ? Digits(latest.Bytes) : null },
        new("PUBLISHED", (dataset, now) => dataset.Latest is { } latest ? Text.Of($"{Spans.Since(latest.PublishedAt, now)} ago").Said() : null) { In = Forms.People },
        Column.DataTime<DatasetView>("publishedAt", dataset => dataset.Latest?.PublishedAt),
        new("OWNER", dataset => dataset.Owner),
        new("DESCRIPTION", dataset => dataset.Description) { In = Forms.Wide | Forms.Csv });

    private static readonly Listing<DatasetVersionView, DatasetVersionView> Versions = Listing.Of(
        Rendering.Indented.DatasetVersionView,
        version => $"{version.Dataset}@{version.Version}",
        new("VERSION", version => version.Version),
        new("FILES", version => Digits(version.Files)) { IsRight = true },
        new("SIZE", version => Spans.Bytes(version.Bytes)) { IsRight = true, CsvCell = version => Digits(version.Bytes) },
        new("PACKS", version => Digits(version.Packs)) { IsRight = true, In = Forms.Wide | Forms.Csv },
        new("PUBLISHED", (version, now) => Text.Of($"{Spans.Since(version.PublishedAt, now)} ago").Said()) { In = Forms.People },
        Column.DataTime<DatasetVersionView>("publishedAt", version => version.PublishedAt),
        new("BY", version => version.PublishedBy),
        new("TAGS", version => string.Join(", ", version.Tags)));

    public static Command Build() => new("dataset", "Data sets: publish, look at and bring down versions that never change")
    {
        DatasetPushVerb.Build(), List(), Get(), VersionList(), DatasetPullVerb.Build(), Diff(), Tag(), Share(), DatasetWarmVerb.Build(), DatasetReplicateVerb.Build(), DatasetReplicateVerb.Stores(), DatasetUsageVerb.Build(), Delete(),
    };

    /// <summary><c>NAME[@VERSION|TAG]</c>.</summary>
    public static Argument<string> Reference(string name = "DATASET") => Checked(new Argument<string>(name) { Description = "A name, and after @ a version or tag (default: latest)" });

    /// <summary>Given as often as wanted.</summary>
    public static Option<string[]> LikeOption() => new("--like")
    {
        Description = "Another data set that has some of these files: they are not sent again",
        HelpName = "DATASET",
        Validators =
        {
            result =>
            {
                if (result.Tokens.FirstOrDefault(token => !DatasetReference.TryParse(token.Value, out _)) is { } bad) result.Refuse($"{"--like"} is NAME or NAME@VERSION, such as kitti, kitti@v3 or kitti@stable, not '{bad.Value}'");
            },
        },
    };

    private static Argument<string> Checked(Argument<string> argument)
    {
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !DatasetReference.TryParse(text, out _)) result.Refuse($"{argument.Name} is NAME or NAME@VERSION, such as kitti, kitti@v3 or kitti@stable, not '{text}'");
        });
        return argument;
    }

    public static DatasetReference Parse(string text) => DatasetReference.TryParse(text, out var reference) ? reference : throw new FormatException($"'{text}' names no data set");

    private static Verb List()
    {
        var options = new ListOptions();
        return new Verb("list", "List the data sets that you may read")
        {
            Examples = ["convoy dataset list", "convoy dataset list -o json | jq -r '.items[].name'"],
            Options = { options.Limit, options.After, options.Format },
            Body = (call, cancellationToken) => Datasets.WriteAsync(call, options, (size, from) => call.Client.Datasets.ListAsync(from, size, cancellationToken)),
        };
    }

    private static Verb VersionList()
    {
        var name = Named();
        var options = new ListOptions();
        return new Verb("versions", "List a data set's versions, newest first")
        {
            Examples = ["convoy dataset versions kitti"],
            Arguments = { name },
            Options = { options.Limit, options.After, options.Format },
            Body = (call, cancellationToken) => Versions.WriteAsync(call, options, (size, from) => call.Client.Datasets.ListVersionsAsync(call.Get(name), from, size, cancellationToken)),
        };
    }

    private static Verb Get()
    {
        var name = Named();
        var format = Options.Format("table", "json", "yaml");
        return new Verb("get", "Show a data set: its newest version, its tags, and who may use it")
        {
            Examples = ["convoy dataset get kitti", "convoy dataset get kitti -o json | jq .latest.bytes"],
            SeeAlso = ["dataset versions", "dataset pull"],
            Arguments = { name },
            Options = { format },
            Body = async (call, cancellationToken) =>
            {
                var dataset = await call.Client.Datasets.GetAsync(call.Get(name), cancellationToken);
                return call.Write(call.Get(format), dataset, Rendering.Indented.DatasetView, _ => Describe(call.Output, dataset));
            },
        };
    }

    private static Verb Diff()
    {
        var (from, to) = (Reference("FROM"), Reference("TO"));
        var limit = Options.Number("--limit", "N", "At most so many files (default 1000)", 1);
        var format = Options.Format("table", "json");
        return new Verb("diff", "Show which files differ between two versions: + came, - went, ~ changed")
        {
            Examples = ["convoy dataset diff kitti@v2 kitti@v3", "convoy dataset diff kitti@stable kitti"],
            Arguments = { from, to },
            Options = { limit, format },
            Body = async (call, cancellationToken) =>
            {
                await using var before = await FetchedManifest.OpenAsync(call, Parse(call.Get(from)), cancellationToken);
                await using var after = await FetchedManifest.OpenAsync(call, Parse(call.Get(to)), cancellationToken);
                var most = call.Get(limit) ?? 1000;
                var changes = ManifestDiff.Between(before.Manifest, after.Manifest).Take(most + 1).Select(change => View(change, before.Manifest, after.Manifest)).ToList();
                var isMore = changes.Count > most;
                if (isMore) changes.RemoveAt(most);
                call.Write(call.Get(format), new DatasetDiff(before.Name, after.Name, changes, isMore), CliJson.Default.DatasetDiff, _ =>
                {
                    foreach (var change in changes) call.Print($"{Sign(change)} {Printable.Of(change.Path)}  {Spans.Bytes(change.SizeAfter ?? change.SizeBefore ?? 0)}");
                });
                if (changes.Count == 0) call.Say($"{before.Name} and {after.Name} have the same files");
                if (isMore) call.Say($"these are the first {most}; --limit shows more");
                return ExitCodes.Success;
            },
        };
    }

    private static Verb Tag()
    {
        var dataset = Reference();
        var tag = Arguments.Named("TAG", "The tag: a-z, 0-9, ., _ and -");
        var remove = Options.Switch("--remove", "Remove the tag instead");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("tag", "Point a tag to a version; who named the tag before keeps what it meant then")
        {
            Examples = ["convoy dataset tag kitti@v3 stable", "convoy dataset tag kitti stable --remove"],
            Arguments = { dataset, tag },
            Options = { remove, format },
            Body = async (call, cancellationToken) =>
            {
                var meant = Parse(call.Get(dataset));
                if (call.Get(remove))
                {
                    await call.Client.Datasets.RemoveTagAsync(meant.Name.Value, call.Get(tag), cancellationToken);
                    return call.Write(call.Get(format), new RemovedTag(meant.Name.Value, call.Get(tag), true), CliJson.Default.RemovedTag, _ => call.Output.Tell($"tag {call.Get(tag)} of data set {meant.Name} is removed"));
                }

                var version = await call.Client.Datasets.MoveTagAsync(meant.Name.Value, call.Get(tag), meant.Wanted, cancellationToken);
                return call.Write(call.Get(format), version, Rendering.Indented.DatasetVersionView, _ => call.Output.Tell($"{version.Dataset}@{call.Get(tag)} is {version.Version} now"));
            },
        };
    }

    private static Verb Share()
    {
        var name = Named();
        var readers = Options.Text("--readers", "WHO,WHO", "Who may read it: users, queues (their members), or everybody; none takes it back");
        var writers = Options.Text("--writers", "WHO,WHO", "Who may publish versions of it");
        var description = Options.Text("--description", "TEXT", "What it is");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("share", "Say who may use a data set, and what it is")
        {
            Examples = ["convoy dataset share kitti --readers vision,lane", "convoy dataset share kitti --readers everybody --description 'KITTI, cleaned'", "convoy dataset share kitti --readers none"],
            Arguments = { name },
            Options = { readers, writers, description, format },
            Body = async (call, cancellationToken) =>
            {
                // Not for a name that was mistyped: that would make a data set.
                await call.Client.Datasets.GetAsync(call.Get(name), cancellationToken);
                var dataset = await call.Client.Datasets.SaveAsync(call.Get(name), new DatasetRequest(call.Get(description), People(call.Get(readers)), People(call.Get(writers))), cancellationToken);
                return call.Write(call.Get(format), dataset, Rendering.Indented.DatasetView, _ => Describe(call.Output, dataset));
            },
        };
    }

    private static Verb Delete()
    {
        var dataset = Checked(new Argument<string>("DATASET") { Description = "A name, or NAME@VERSION for one version of it" });
        var yes = Options.Switch("--yes", "Do not ask", "-y");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("delete", "Delete a version, or a data set with all of them; there is no way back")
        {
            Examples = ["convoy dataset delete kitti@v1", "convoy dataset delete kitti --yes"],
            Arguments = { dataset },
            Options = { yes, format },
            Body = async (call, cancellationToken) =>
            {
                var text = call.Get(dataset);
                var (meant, isWhole) = (Parse(text), !text.Contains('@', StringComparison.Ordinal));
                if (!isWhole && !DatasetVersion.TryParse(meant.Wanted, out _)) throw CommandException.Usage($"'{meant.Wanted}' is a tag; give the version to delete, or `convoy dataset tag {meant.Name} {meant.Wanted} --remove`");
                if (!call.Get(yes) && !Console.IsInputRedirected)
                {
                    call.Say(isWhole ? $"this removes all versions of {meant.Name} for good; delete? [y/N]" : (Text)$"this removes {meant} for good; delete? [y/N]");
                    if ((await Console.In.ReadLineAsync(cancellationToken))?.Trim() is not ("y" or "Y" or "yes")) throw new CommandException(ExitCodes.Usage, "NotConfirmed", "nothing was deleted; answer y, or give --yes");
                }

                if (isWhole) await call.Client.Datasets.RemoveAsync(meant.Name.Value, cancellationToken);
                else await call.Client.Datasets.RemoveVersionAsync(meant.Name.Value, meant.Wanted, cancellationToken);
                return call.Write(call.Get(format), new DeletedDataset(meant.Name.Value, isWhole ? null : meant.Wanted, true), CliJson.Default.DeletedDataset, _ => call.Output.Tell($"{text} is deleted"));
            },
        };
    }

    private static Argument<string> Named() => Arguments.Named("DATASET", "The data set's name");

    /// <summary>Null where nothing was said.</summary>
    public static IReadOnlyList<string>? People(string? text) => text is null ? null
        : [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(who => who != "none").Select(who => who == "everybody" ? "*" : who)];

    private static ChangedFile View(FileChange change, Manifest before, Manifest after) => new(
        Encoding.UTF8.GetString(change.Path), change.Before is null ? "Added" : change.After is null ? "Removed" : "Changed",
        change.Before is { } old ? before.FileSize(old) : null, change.After is { } now ? after.FileSize(now) : null);

    private static char Sign(ChangedFile change) => change.Change switch { "Added" => '+', "Removed" => '-', _ => '~' };

    private static void Describe(TextWriter writer, DatasetView dataset)
    {
        var facts = new Facts();
        facts.Add("name", dataset.Name);
        facts.Add("description", dataset.Description);
        facts.Add("owner", dataset.Owner);
        if (dataset.Latest is { } latest)
        {
            facts.Add("latest", latest.Version);
            facts.Tell("files", $"{Spans.Count(latest.Files, "file")} in {Spans.Count(latest.Directories, "directory", "directories")}, {Spans.Bytes(latest.Bytes)}");
            facts.Tell("stored", $"{Spans.Bytes(latest.PackBytes)} in {Spans.Count(latest.Packs, "pack")}");
            facts.Tell("published", $"{Spans.Time(latest.PublishedAt)} by {latest.PublishedBy}");
        }
        else
        {
            facts.Tell("latest", "nothing was published yet");
        }

        facts.Add("tags", string.Join(", ", dataset.Tags.Select(tag => $"{tag.Key} ({tag.Value})")));
        facts.Add("readers", Named(dataset.Readers));
        facts.Add("writers", Named(dataset.Writers));
        facts.Write(writer);
    }

    private static string Named(IReadOnlyList<string> people) => string.Join(", ", people.Select(who => who == "*" ? Text.Of("everybody").Said() : who));

    private static string Digits(long number) => number.ToString(CultureInfo.InvariantCulture);
}
