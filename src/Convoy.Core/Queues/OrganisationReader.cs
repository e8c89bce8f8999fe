using Convoy.Core.Documents;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using Convoy.Core.People;

namespace Convoy.Core.Queues;

/// <summary>A sound organisation, or everything that is wrong with it.</summary>
public sealed record OrganisationReading(Organisation? Organisation, IReadOnlyList<SpecProblem> Problems);

/// <summary>Reads an organisation's file or a request's body: both have the same keys, rules and messages.</summary>
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
        var organisation = new OrganisationBinder(binder).Bind(document);
        binder.AddMeanings([.. QueueTreeValidator.Problems(organisation.Queues), .. LevelValidator.Problems(organisation.Levels)]);
        return binder.Problems.Count == 0
            ? new OrganisationReading(organisation, [])
            : new OrganisationReading(null, [.. binder.Problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)]);
    }
}
