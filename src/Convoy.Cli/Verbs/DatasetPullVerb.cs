using System.CommandLine;
using System.Text;
using Convoy.Cli.Datasets;
using Convoy.Cli.Downloads;
using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Datasets;
using Convoy.Core.Datasets;

namespace Convoy.Cli.Verbs;

internal static class DatasetPullVerb
{
    public static Verb Build()
    {
        var dataset = DatasetVerbs.Reference();
        var path = new Argument<string?>("PATH")
        {
            Description = "A file, a folder, or a pattern such as 'train/*.jpg' (default: everything)",
            Arity = ArgumentArity.ZeroOrOne,
            Validators =
            {
                result =>
                {
                    if (result.Tokens is [{ Value: var text }] && OutputPath.Parse(text) is null) result.Refuse($"PATH is the path of a file or folder of the data set, not '{text}'");
                },
            },
        };
        var to = Options.Folder("--to", "DIR", "Where to put it (default: ./NAME)");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("pull", "Bring files of a version into a folder; repeat it to go on where it broke off")
        {
            Examples = ["convoy dataset pull kitti@v3 --to /data/kitti", "convoy dataset pull kitti 'train/*.jpg'"],
            Arguments = { dataset, path },
            Options = { to, format },
            Body = async (call, cancellationToken) =>
            {
                await using var version = await FetchedManifest.OpenAsync(call, DatasetVerbs.Parse(call.Get(dataset)), cancellationToken);
                var (manifest, name) = (version.Manifest, version.Version.Dataset);
                var wanted = call.Get(path) is { } text ? OutputPath.Parse(text) : null;
                var files = Enumerable.Range(0, manifest.Files).Where(file => wanted?.Matches(Encoding.UTF8.GetString(manifest.PathOf(file))) != false).ToArray();
                if (files.Length == 0) throw new CommandException(ExitCodes.NotFound, "NoSuchFile", wanted is null ? (Text)$"{version.Name} has no files" : $"{version.Name} has no file that '{Printable.Of($"{wanted}")}' names");
                var (place, bytes) = (call.Get(to) ?? name, files.Sum(manifest.FileSize));
                OutputFile.CheckFolder(new NamedFile("--to", place));
                var bar = new ProgressBar(call, Text.Of("downloading").Said(), bytes);
                int unchanged;
                try
                {
                    unchanged = await new DatasetDownload(call.Client.Datasets, name, manifest, place)
                        .RunAsync(files, (come, done) => bar.Show(come, () => $"{Spans.Bytes(come)} of {Spans.Bytes(bytes)}, {done} of {Spans.Count(files.Length, "file")}"), cancellationToken);
                }
                finally
                {
                    bar.Clear();
                }

                call.Write(call.Get(format), new PulledDataset(name, version.Version.Version, place, files.Length, bytes, unchanged), CliJson.Default.PulledDataset, _ => call.Print(place));
                call.Say($"{Spans.Count(files.Length, "file")}, {Spans.Bytes(bytes)}{(unchanged == 0 ? Text.None : $", of which there already: {unchanged}")}");
                return ExitCodes.Success;
            },
        };
    }
}
