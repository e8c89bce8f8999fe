using Convoy.Core.Jobs;

namespace Convoy.Core.People;

/// <summary>What a list of levels must be like. Every problem is found, with its path such as <c>levels[1].maxGpus</c>.</summary>
public static class LevelValidator
{
    public static IReadOnlyList<SpecProblem> Problems(IReadOnlyList<Level> levels)
    {
        var problems = new List<SpecProblem>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < levels.Count; i++)
        {
            var (level, path) = (levels[i], $"levels[{i}]");
            Check(JobSpecValidator.IsDnsLabel(level.Name), $"{path}.name", "must be 1 to 63 of a-z, 0-9 and '-', with '-' neither first nor last");
            Check(names.Add(level.Name), $"{path}.name", $"'{level.Name}' comes twice");
            foreach (var (cap, key) in new[] { (level.MaxGpus, "maxGpus"), (level.MaxGpusPerJob, "maxGpusPerJob"), (level.MaxRunning, "maxRunning"), (level.MaxSubmitted, "maxSubmitted") })
            {
                Check(cap is null or >= 0, $"{path}.{key}", "must not be negative");
            }

            Check(level.MaxDuration is null || level.MaxDuration > TimeSpan.Zero, $"{path}.maxDuration", "must be longer than nothing");
        }

        return problems;

        void Check(bool holds, string path, string message)
        {
            if (!holds) problems.Add(new SpecProblem(path, "BadValue", message));
        }
    }
}
