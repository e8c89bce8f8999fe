using Convoy.Cli.Datasets;
using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Datasets;
using Convoy.Client.Wire;
using Convoy.Core.Datasets;
using Convoy.Core.Languages;

namespace Convoy.Cli.Verbs;

internal static class DatasetPushVerb
{
    private const string StandardInput = "-";

    public static Verb Build()
    {
        var name = Arguments.Named("NAME", "What the data set is called: a-z, 0-9 and -");
        var source = Arguments.Named("DIR", "The folder whose files are the new version; - reads a tar from standard input");
        var tag = Options.Text("--tag", "TAG", "Point this tag to the version too");
        var readers = Options.Text("--readers", "WHO,WHO", "Who may read it: users, queues (their members), or everybody (default: only you)");
        var description = Options.Text("--description", "TEXT", "What it is");
        var like = DatasetVerbs.LikeOption();
        var format = Options.Format("table", "json", "yaml", "name");
        return new Verb("push", "Publish a folder as the next version of a data set; repeat it to go on where it broke off")
        {
            About = "Only bytes that no version has travel. The version is there when all of its bytes are, and never changes. Where nothing has changed there is no new version.",
            Examples = ["convoy dataset push kitti ./kitti", "convoy dataset push kitti ./kitti --tag stable --readers vision", "convoy dataset push kitti-small ./subset --like kitti", "tar -C /data/kitti -c . | convoy dataset push kitti -", "curl -s https://example.org/kitti.tar.gz | convoy dataset push kitti -"],
            SeeAlso = ["dataset get", "dataset diff"],
            Arguments = { name, source },
            Options = { tag, like, readers, description, format },
            Body = async (call, cancellationToken) =>
            {
                var dataset = call.Get(name);
                if (!DatasetName.TryParse(dataset, out _)) throw CommandException.Usage($"'{dataset}' is no data set's name: up to 63 of a-z, 0-9 and -, without - at either end");
                if (call.Get(tag) is { } wanted && !DatasetTag.TryParse(wanted, out _)) throw CommandException.Usage($"'{wanted}' is no tag: up to 63 of a-z, 0-9, ., _ and -, and not like a version");

                // Before anything is made: what cannot be published makes no data set.
                var folder = call.Get(source);
                var bar = new PushBar(call, folder == StandardInput ? null : FolderSize.Of(folder));
                var made = await call.Client.Datasets.SaveAsync(dataset, new DatasetRequest(call.Get(description), DatasetVerbs.People(call.Get(readers))), cancellationToken);
                if (!made.MayWrite) throw new CommandException(ExitCodes.NotAllowed, "NotAllowed", $"you may read data set '{dataset}' and not change it; ask {made.Owner}");
                await using var latest = made.Latest is null ? null : await FetchedManifest.OpenAsync(call, made.Latest, cancellationToken);
                await using var others = await FetchedManifests.OpenAsync(call, call.Get(like), cancellationToken);
                var push = new DatasetPush(call.Client.Datasets, dataset, bar.Show);
                (DatasetVersionView Version, PushProgress Done) pushed;
                try
                {
                    await using var input = folder == StandardInput ? Console.OpenStandardInput() : Stream.Null;
                    pushed = await push.RunAsync(folder == StandardInput ? SourceTar.Read(input) : SourceFolder.Walk(folder), [.. latest is null ? [] : new[] { latest.Manifest }, .. others.Manifests], call.Get(tag), cancellationToken);
                }
                finally
                {
                    bar.Clear();
                }

                return Tell(call, call.Get(format)!, made, pushed.Version, pushed.Done);
            },
        };
    }

    private static int Tell(Call call, string format, DatasetView before, DatasetVersionView version, PushProgress done)
    {
        var isNew = before.Latest?.Version != version.Version;
        call.Write(format, new PushedDataset(version, isNew, done.NewFiles, done.NewBytes, done.PacksSent, done.BytesSent), CliJson.Default.PushedDataset, _ => call.Print($"{version.Dataset}@{version.Version}"));
        call.Say(isNew
            ? $"{Spans.Count(version.Files, "file")}, {Spans.Bytes(version.Bytes)}; new: {Spans.Count(done.NewFiles, "file")}, {Spans.Bytes(done.NewBytes)}; sent: {Spans.Bytes(done.BytesSent)}"
            : (Text)$"nothing has changed: {Spans.Count(version.Files, "file")}, {Spans.Bytes(version.Bytes)}, are {version.Version} already");
        return ExitCodes.Success;
    }
}
