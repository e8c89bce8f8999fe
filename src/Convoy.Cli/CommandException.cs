namespace Convoy.Cli;

/// <summary>Ends the command: one line on standard error and an exit code.</summary>
/// <param name="code">Stable word for programs.</param>
/// <param name="message">What happened; why; what to do.</param>
internal sealed class CommandException(int exitCode, string code, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public string Code { get; } = code;

    public static CommandException Usage(string message) => new(ExitCodes.Usage, "Usage", message);
}
