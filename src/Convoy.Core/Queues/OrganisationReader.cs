using Convoy.Core.Documents;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using Convoy.Core.People;
using static Convoy.Core.Jobs.Reading.NodeBinder;

namespace Convoy.Core.Queues;

/// <summary>A sound organisation, or everything that is wrong with it.</summary>
public sealed record OrganisationReading(Organisation? Organisation, IReadOnlyList<SpecProblem> Problems);

/// <summary>Reads an organisation's file or a request's body: both have the same keys, rules and messages.</summary>
/// <remarks><c>queues</c> (<see cref="QueueSpecBinder"/>), which is required, and <c>levels</c> (<see cref="LevelBinder"/>).</remarks>
public static class OrganisationReader
{
    public static OrganisationReading Read(DocumentNode document) => Read(document, new NodeBinder());

    public static OrganisationReading ReadJson(ReadOnlySpan<byte> json) => ReadJson(json, new NodeBinder());

    /// <summary>What was stored, by this version or another: keys that only a newer one knows are passed over.</summary>
    public static OrganisationReading ReadStored(ReadOnlySpan<byte> json) => ReadJson(json, new NodeBinder(passesOverUnknownKeys: true));

    private static OrganisationReading ReadJson(ReadOnlySpan<byte> json, NodeBinder binder)
    {
        var document = JsonDocumentNodes.Read(json);
        return document.Root is { } root ? Read(root, binder) : new OrganisationReading(null, [document.Problem!]);
    }

    private static OrganisationReading Read(DocumentNode document, NodeBinder binder)
    {
        var members = binder.Members(document, "", ["queues", "levels"], []);
        if (document is MappingNode) binder.Require(members, "", "queues", document);
        var queues = Of(members, "", "queues", new QueueSpecBinder(binder).Bind) ?? [];
        var levels = Of(members, "", "levels", new LevelBinder(binder).Bind) ?? [];
        binder.AddMeanings([.. QueueTreeValidator.Problems(queues), .. LevelBinder.Problems(levels, "levels")]);
        return binder.Problems.Count == 0
            ? new OrganisationReading(new Organisation(queues, levels), [])
            : new OrganisationReading(null, [.. binder.Problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)]);
    }
}
