using System.Text;
using Convoy.Core.Languages;

namespace Convoy.Core.Datasets;

/// <summary>What is wrong with a path, in words. Bytes that are no UTF-8 stand as U+FFFD.</summary>
public static class ManifestProblems
{
    public static Text Of(PathProblem problem, ReadOnlySpan<byte> path)
    {
        var shown = Encoding.UTF8.GetString(path.Length > 300 ? path[..300] : path).Replace('\0', '␀');
        return problem switch
        {
            PathProblem.Empty => (Text)$"a file has no name",
            PathProblem.Absolute => $"'{shown}' starts with a slash; paths are relative to the data set",
            PathProblem.TooLong => $"'{shown}…' is longer than 4095 bytes",
            PathProblem.PartTooLong => $"'{shown}' has a name of over 255 bytes",
            PathProblem.EmptyPart => $"'{shown}' has an empty name between two slashes or at its end",
            PathProblem.DotPart => $"'{shown}' goes through '.' or '..'",
            PathProblem.Nul => $"'{shown}' has a zero byte",
            PathProblem.NotUtf8 => $"'{shown}' is not UTF-8; rename it first",
            _ => throw new ArgumentOutOfRangeException(nameof(problem)),
        };
    }
}
