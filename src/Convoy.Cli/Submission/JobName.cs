using System.Text;

namespace Convoy.Cli.Submission;

/// <summary>A name for a job that was given none: its script, or else its program.</summary>
internal static class JobName
{
    private const int Longest = 40;
    private static readonly string[] Launchers = ["env", "nice", "time", "bash", "sh", "python", "python3", "torchrun", "uv", "poetry"];

    public static string From(IReadOnlyList<string> command)
    {
        var program = Path.GetFileName(command[0]);
        if (!Launchers.Contains(program) && !program.StartsWith("python3.", StringComparison.Ordinal)) return Label(Path.GetFileNameWithoutExtension(program));
        var script = command.FirstOrDefault(word => word.EndsWith(".py", StringComparison.Ordinal) || word.EndsWith(".sh", StringComparison.Ordinal));
        var module = command.SkipWhile(word => word != "-m").Skip(1).FirstOrDefault();
        return Label(script is not null ? Path.GetFileNameWithoutExtension(script) : module ?? program);
    }

    /// <summary>A DNS label of what can stay; <c>job</c> where nothing can.</summary>
    private static string Label(string text)
    {
        var label = new StringBuilder();
        foreach (var c in text.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c)) label.Append(c);
            else if (label.Length > 0 && label[^1] != '-') label.Append('-');
        }

        var name = label.ToString(0, Math.Min(label.Length, Longest)).Trim('-');
        return name.Length == 0 ? "job" : name;
    }
}
