using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;

namespace Convoy.Server;

/// <summary>Answers that say no, as RFC 9457 problems. Codes are stable.</summary>
public static class Problems
{
    public static IResult NotSignedIn() => Of(401, "NotSignedIn", "no valid token came with the request; it is unknown, revoked or expired; ask an administrator for a new one, then `convoy login`");

    public static IResult NotAllowed() => Of(403, "NotAllowed", "your account may not do this; ask an administrator");

    /// <param name="what">Something that people own.</param>
    public static IResult NotFound(Text what) => Of(404, "NotFound", $"there is no {what}, or it is not yours");

    /// <param name="what">Something that everybody may know of.</param>
    public static IResult NoSuch(Text what) => Of(404, "NotFound", $"there is no {what}");

    public static IResult Invalid(string code, Text detail) => Of(422, code, detail);

    public static IResult InvalidSpec(IReadOnlyList<SpecProblem> problems) => Of(422, "InvalidSpec", $"the job has {Sentences.Count(problems.Count, "problem")}", problems);

    public static IResult InvalidOrganisation(IReadOnlyList<SpecProblem> problems) => Of(422, "InvalidOrganisation", $"the organisation has {Sentences.Count(problems.Count, "problem")}; nothing was changed", problems);

    public static IResult BadRequest(string code, Text detail) => Of(400, code, detail);

    public static IResult Conflict(string code, Text detail) => Of(409, code, detail);

    public static IResult OverCap(string code, Text detail) => Of(403, code, detail);

    /// <param name="what">What is lacking.</param>
    public static IResult DiskFull(Text what) => Of(507, DiskShortage.Code, $"{what}; nothing of the request was kept, and what runs goes on; try again later; an administrator can free space there, remove finished jobs, or keep less with --retention");

    public static IResult DiskFull(DiskShortage shortage) => DiskFull($"the platform's disk is nearly full: {shortage.FreeText} free, and {shortage.ReservedText} kept for what runs");

    /// <param name="what">Such as logs.</param>
    /// <param name="cluster">Where the job has been.</param>
    public static IResult NotKept(Text what, JobId job, string cluster) =>
        Conflict("NotKept", $"{what} of job {job} are not kept here: it ran on cluster '{cluster}', and that hands none out; look there");

    /// <summary>What an answer that says no says.</summary>
    public static (int Status, string Code, Text Detail, IReadOnlyList<SpecProblem>? Problems) Said(IResult refusal) => refusal is Answer answer
        ? (answer.Status, answer.Code, answer.Detail, answer.SpecProblems)
        : throw new ArgumentException("no problem", nameof(refusal));

    public static IResult Of(int status, string code, Text detail, IReadOnlyList<SpecProblem>? problems = null) => new Answer(status, code, detail, problems);

    private sealed record Answer(int Status, string Code, Text Detail, IReadOnlyList<SpecProblem>? SpecProblems) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = Status;
            httpContext.Response.Headers[RequestIds.Header] = RequestIds.Of(httpContext);
            var title = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(Status);
            var problem = new Problem($"urn:convoy:problem:{Code}", title, Status, Detail, Code, RequestIds.Of(httpContext), SpecProblems);
            return httpContext.Response.WriteAsJsonAsync(problem, RequestLanguage.Json.Problem, "application/problem+json", httpContext.RequestAborted);
        }
    }
}
