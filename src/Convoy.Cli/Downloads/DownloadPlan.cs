using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Downloads;

/// <summary>What a download would bring and where it would go. Made whole before the first byte, so that what cannot work writes nothing.</summary>
internal sealed class DownloadPlan
{
    private const int MostNamed = 5;
    private readonly HashSet<int> ranks = [];

    private DownloadPlan()
    {
    }

    public long Files { get; private set; }

    public long Bytes { get; private set; }

    public long LeftBehind { get; private set; }

    /// <summary>Where a single file was named and there is but one of that name.</summary>
    public OutputFileView? Single { get; private set; }

    public bool ByRank => ranks.Count > 1;

    /// <param name="isNamed">Whether a file is what was named, and not in it.</param>
    public static async Task<DownloadPlan> MakeAsync(IAsyncEnumerable<OutputFileView> files, Func<OutputFileView, bool> isNamed)
    {
        var plan = new DownloadPlan();
        await foreach (var file in files)
        {
            if (file.Sha256 is null)
            {
                plan.LeftBehind++;
                continue;
            }

            plan.Single = plan.Files == 0 && isNamed(file) ? file : null;
            plan.Files++;
            plan.Bytes += file.Size;
            plan.ranks.Add(file.Rank);
        }

        return plan;
    }

    /// <summary>Throws where a file cannot be put, or another is there already.</summary>
    public static async Task CheckAsync(IAsyncEnumerable<OutputFileView> files, TargetFolder target, bool isForced)
    {
        var others = new List<string>();
        var count = 0;
        await foreach (var file in files)
        {
            if (file.Sha256 is null) continue;
            var place = target.PlaceOf(file);
            if (isForced || !Download.IsOther(place, file.Size)) continue;
            if (count++ < MostNamed) others.Add(place);
        }

        if (count > 0) throw new CommandException(ExitCodes.Invalid, "FileExists", $"{Spans.Count(count, "file")} below {target.Root} {(count == 1 ? "is" : "are")} there and differ: {string.Join(", ", others)}{(count > MostNamed ? ", …" : "")}; nothing was downloaded; give --force to replace them, or another --to");
    }
}
