using Convoy.Core.Documents;

namespace Convoy.Core.Jobs.Reading;

/// <summary>A valid spec, or everything that is wrong with it.</summary>
public sealed record SpecReading(JobSpec? Spec, IReadOnlyList<SpecProblem> Problems);

/// <summary>Reads a job file or a request's body: both have the same keys, rules and messages.</summary>
public static class JobSpecReader
{
    public static SpecReading Read(DocumentNode document) => Read(document, new NodeBinder());

    private static SpecReading Read(DocumentNode document, NodeBinder binder)
    {
        var spec = new JobSpecBinder(binder).Bind(document);
        binder.AddMeanings(JobSpecValidator.Problems(spec));
        return Answer(spec, binder);
    }

    /// <summary>Reads a spec from JSON.</summary>
    public static SpecReading ReadJson(ReadOnlySpan<byte> json) => JsonDocumentNodes.Read(json) is { Root: { } root } ? Read(root) : Broken(json);

    /// <summary>Reads a spec that another of Convoy's programs wrote: keys that only its version knows are passed over.</summary>
    public static SpecReading ReadKnown(ReadOnlySpan<byte> json) => JsonDocumentNodes.Read(json) is { Root: { } root } ? Read(root, new NodeBinder(passesOverUnknownKeys: true)) : Broken(json);

    /// <summary>Reads the body of a submission, <c>{"spec": …}</c>; paths are those within the spec.</summary>
    public static SpecReading ReadRequest(ReadOnlySpan<byte> json)
    {
        if (JsonDocumentNodes.Read(json) is not { Root: { } root }) return Broken(json);
        var binder = new NodeBinder();
        var members = binder.Members(root, "", ["spec"], []);
        binder.Require(members, "", "spec", root);
        return binder.Problems.Count > 0 ? new SpecReading(null, binder.Problems) : Read(members["spec"]);
    }

    private static SpecReading Broken(ReadOnlySpan<byte> json) => new(null, [JsonDocumentNodes.Read(json).Problem!]);

    private static SpecReading Answer(JobSpec spec, NodeBinder binder) => binder.Problems.Count == 0
        ? new SpecReading(spec, [])
        : new SpecReading(null, [.. binder.Problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)]);
}
