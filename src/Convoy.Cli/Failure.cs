using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Code;
using Convoy.Client.Datasets;
using Convoy.Core.Datasets;
using Convoy.Core.Documents;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;

namespace Convoy.Cli;

/// <summary>What went wrong, as people and scripts see it.</summary>
/// <param name="Code">Stable word, never translated.</param>
internal sealed record Failure(int ExitCode, string Code, Text Message, string? RequestId = null, IReadOnlyList<SpecProblem>? Problems = null, string? Source = null)
{
    /// <summary>Null where the program itself is wrong: that should crash with its stack trace.</summary>
    public static Failure? Of(Exception exception) => exception switch
    {
        CommandException e => new Failure(e.ExitCode, e.Code, e.Explanation),
        InvalidSpecException e => new Failure(ExitCodes.Invalid, "InvalidSpec", $"the job has {Spans.Count(e.Problems.Count, "problem")}; nothing was submitted", null, e.Problems, e.File),
        InvalidFileException e => new Failure(ExitCodes.Invalid, "InvalidFile", e.Explanation, null, e.Problems, e.File),
        ConvoyException e => new Failure(ExitOf(e), e.Code, e.Explanation, e.RequestId, e.Problem.Problems),
        ServerUnreachableException e => new Failure(ExitCodes.Unreachable, "ServerUnreachable", $"{e.Explanation}; {Hint(e.Server)}"),
        CodeFolderException e => new Failure(ExitCodes.Invalid, "CodeFolder", e.Explanation),
        SourceException e => new Failure(ExitCodes.Invalid, "BadSource", e.Explanation),
        BadManifestException e => new Failure(ExitCodes.Invalid, "BadManifest", e.Explanation),
        BadFileException e => new Failure(ExitCodes.Invalid, "BadFile", e.Explanation),
        FileException e => new Failure(ExitCodes.Invalid, "FileError", e.Explanation),
        IOException or UnauthorizedAccessException => new Failure(ExitCodes.Invalid, "FileError", Text.Verbatim(exception.Message)),
        _ => null,
    };

    public async Task WriteAsync(TextWriter writer)
    {
        foreach (var problem in Problems ?? []) await writer.WriteLineAsync(Line(problem));
        var request = string.IsNullOrEmpty(RequestId) ? Text.None : $" (request {RequestId})";
        await writer.WriteLineAsync($"error[{Code}]: {Message.Said()}{request.Said()}");
    }

    private string Line(SpecProblem problem)
    {
        var where = problem.Line > 0 ? $"{Source ?? "job"}:" : "";
        return $"{where}{Printable.Of(problem.In(Speech.Language))} [{problem.Code}]";
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

    private static Text Hint(Uri server) => server.IsLoopback ? (Text)"is it running? start one with `convoy up`" : "check the address (--server, CONVOY_SERVER, `convoy login URL`) and your network";
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
internal sealed class InvalidFileException(string file, IReadOnlyList<SpecProblem> problems, int count, Text done, Text? hint = null)
    : Exception($"{file} has {count} problems"), IExplained
{
    public Text Explanation { get; } =
        $"{file} has {Spans.Count(count, "problem")}{(count > problems.Count ? (Text)$", of which these are the first {problems.Count}" : "")}; nothing was {done}{(hint is null ? Text.None : $"; {hint}")}";

    public string File { get; } = file;

    public IReadOnlyList<SpecProblem> Problems { get; } = problems;
}
