using Convoy.Core.Documents;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using Convoy.Core.Languages;
using Convoy.Core.Resources;
using static Convoy.Core.Jobs.Reading.NodeBinder;

namespace Convoy.Core.People;

/// <summary>Which keys a list of levels has, of what type, and what its values must be like.</summary>
/// <remarks>Keys are the properties of <see cref="Level"/>; <c>name</c> and <c>rank</c> are required, durations are such as <c>48h</c>.</remarks>
internal sealed class LevelBinder(NodeBinder binder)
{
    private static readonly string[] Keys =
        ["name", "rank", "maxGpus", "maxGpusPerJob", "maxRunning", "maxSubmitted", "maxDuration", "mayPreempt", "preemptible", "minRunTime", "maxStored"];

    public IReadOnlyList<Level> Bind(DocumentNode node, string path) => binder.List(node, path, Level) ?? [];

    public static IEnumerable<SpecProblem> Problems(IReadOnlyList<Level> levels, string path)
    {
        for (var i = 0; i < levels.Count; i++)
        {
            var level = levels[i];
            if (!JobSpecValidator.IsDnsLabel(level.Name)) yield return Wrong("name", "must be 1 to 63 of a-z, 0-9 and '-', with '-' neither first nor last");
            if (levels.Take(i).Any(earlier => earlier.Name == level.Name)) yield return Wrong("name", $"'{level.Name}' comes twice");
            (string Key, int? Cap)[] caps = [("maxGpus", level.MaxGpus), ("maxGpusPerJob", level.MaxGpusPerJob), ("maxRunning", level.MaxRunning), ("maxSubmitted", level.MaxSubmitted)];
            foreach (var (key, cap) in caps)
            {
                if (cap < 0) yield return Wrong(key, "must not be negative");
            }

            if (level.MaxDuration <= TimeSpan.Zero) yield return Wrong("maxDuration", "must be longer than nothing");

            SpecProblem Wrong(string key, Text message) => new($"{path}[{i}].{key}", "BadValue", message);
        }
    }

    private Level Level(DocumentNode node, string path)
    {
        var members = binder.Members(node, path, Keys, []);
        if (node is MappingNode)
        {
            binder.Require(members, path, "name", node);
            binder.Require(members, path, "rank", node);
        }

        var usual = new Level("", 0);
        return new Level(
            Of(members, path, "name", binder.Text) ?? usual.Name,
            OfValue(members, path, "rank", binder.Whole) ?? usual.Rank,
            OfValue(members, path, "maxGpus", binder.Whole),
            OfValue(members, path, "maxGpusPerJob", binder.Whole),
            OfValue(members, path, "maxRunning", binder.Whole),
            OfValue(members, path, "maxSubmitted", binder.Whole),
            OfValue(members, path, "maxDuration", Duration))
        {
            MayPreempt = OfValue(members, path, "mayPreempt", binder.Truth) ?? usual.MayPreempt,
            Preemptible = OfValue(members, path, "preemptible", binder.Truth) ?? usual.Preemptible,
            MinRunTime = OfValue(members, path, "minRunTime", Duration) ?? usual.MinRunTime,
            MaxStored = OfValue(members, path, "maxStored", Size),
        };
    }

    private TimeSpan? Duration(DocumentNode node, string path) => binder.Parsed<TimeSpan>(node, path, DurationText.TryParse, "a duration such as 30s or 48h");

    private ByteSize? Size(DocumentNode node, string path) => binder.Parsed<ByteSize>(node, path, ByteSize.TryParse, "a size such as 512Gi");
}
