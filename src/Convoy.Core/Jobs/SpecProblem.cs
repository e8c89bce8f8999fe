using Convoy.Core.Languages;

namespace Convoy.Core.Jobs;

/// <summary>
/// One thing wrong with a job file. <paramref name="Path"/> is <c>roles.worker.resources.gpu</c>, and empty for the whole of it; line and column count from 1 and are 0
/// where the source has none (JSON, flags).
/// </summary>
public sealed record SpecProblem(string Path, string Code, Text Message, int Line = 0, int Column = 0)
{
    public override string ToString() => In(Language.English);

    public string In(Language language) => $"{(Line > 0 ? $"{Line}:{Column}: " : "")}{(Path.Length > 0 ? $"{Path}: " : "")}{Message.In(language)}";
}
