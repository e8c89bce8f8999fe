using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Code;
using Convoy.Core.Jobs;

namespace Convoy.Cli;

/// <summary>What went wrong, as people and scripts see it.</summary>
/// <param name="Code">Stable word, never translated.</param>
internal sealed record Failure(int ExitCode, string Code, string Message, string? RequestId = null, IReadOnlyList<SpecProblem>? Problems = null, string? Source = null)
{
    /// <summary>Null where the program itself is wrong: that should crash with its stack trace.</summary>
    public static Failure? Of(Exception exception) => exception switch
    {
        CommandException e => new Failure(e.ExitCode, e.Code, e.Message),
        InvalidSpecException e => new Failure(ExitCodes.Invalid, "InvalidSpec", $"the job has {Spans.Count(e.Problems.Count, "problem")}; nothing was submitted", null, e.Problems, e.File),
        InvalidFileException e => new Failure(ExitCodes.Invalid, "InvalidFile", e.Message, null, e.Problems, e.File),
        ConvoyException e => new Failure(ExitOf(e), e.Code, e.Message, e.RequestId, e.Problem.Problems),
        ServerUnreachableException e => new Failure(ExitCodes.Unreachable, "ServerUnreachable", $"{e.Message}; {Hint(e.Server)}"),
        CodeFolderException e => new Failure(ExitCodes.Invalid, "CodeFolder", e.Message),
        InvalidDataException e => new Failure(ExitCodes.Invalid, "BadFile", e.Message),
        IOException or UnauthorizedAccessException => new Failure(ExitCodes.Invalid, "FileError", exception.Message),
        _ => null,
    };

    public async Task WriteAsync(TextWriter writer)
    {
        foreach (var problem in Problems ?? []) await writer.WriteLineAsync(Line(problem));
        await writer.WriteLineAsync($"error[{Code}]: {Message}{(string.IsNullOrEmpty(RequestId) ? "" : $" (request {RequestId})")}");
    }

    private string Line(SpecProblem problem)
    {
        var where = problem.Line > 0 ? $"{Source ?? "job"}:" : "";
        return $"{where}{problem with { Message = Printable.Of(problem.Message) }} [{problem.Code}]";
    }

    private static int ExitOf(ConvoyException e) => e switch
    {
        _ when e.Code.StartsWith("Exceeds", StringComparison.Ordinal) => ExitCodes.OverCap,
        { Status: 401 or 403 } => ExitCodes.NotAllowed,
        { Status: 404 or 410 } => ExitCodes.NotFound,
        { Status: 409 } => ExitCodes.Conflict,
        { Status: >= 500 } => ExitCodes.Unreachable,
        _ => ExitCodes.Invalid,
    };

    private static string Hint(Uri server) => server.IsLoopback ? "is it running? start one with `convoy up`" : "check the address (--server, CONVOY_SERVER, `convoy login URL`) and your network";
}

/// <summary>All that is wrong with a job, before anything was sent.</summary>
/// <param name="file">Where lines and columns count; null for flags.</param>
internal sealed class InvalidSpecException(IReadOnlyList<SpecProblem> problems, string? file) : Exception("the job is not valid")
{
    public IReadOnlyList<SpecProblem> Problems { get; } = problems;

    public string? File { get; } = file;
}

/// <summary>What is wrong with a file that is no job's.</summary>
/// <param name="problems">The first of them.</param>
/// <param name="count">All of them.</param>
/// <param name="done">What was not done for it, such as <c>changed</c>.</param>
/// <param name="hint">Where such a file comes from.</param>
internal sealed class InvalidFileException(string file, IReadOnlyList<SpecProblem> problems, int count, string done, string hint = "")
    : Exception($"{file} has {Spans.Count(count, "problem")}{(count > problems.Count ? $", of which these are the first {problems.Count}" : "")}; nothing was {done}{(hint.Length > 0 ? $"; {hint}" : "")}")
{
    public string File { get; } = file;

    public IReadOnlyList<SpecProblem> Problems { get; } = problems;
}
