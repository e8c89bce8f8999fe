using Convoy.Core.Languages;

namespace Convoy.Cli;

/// <summary>Ends the command: one line on standard error and an exit code.</summary>
/// <param name="code">Stable word for programs.</param>
/// <param name="explanation">What happened; why; what to do.</param>
internal sealed class CommandException(int exitCode, string code, Text explanation) : Exception(explanation.ToString()), IExplained
{
    public int ExitCode { get; } = exitCode;

    public string Code { get; } = code;

    public Text Explanation { get; } = explanation;

    public static CommandException Usage(Text message) => new(ExitCodes.Usage, "Usage", message);
}
