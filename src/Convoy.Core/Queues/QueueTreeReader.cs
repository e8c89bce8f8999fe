using Convoy.Core.Documents;
using Convoy.Core.Jobs.Reading;

namespace Convoy.Core.Queues;

/// <summary>Reads an organisation's file, whose one key is <c>queues</c>.</summary>
public static class QueueTreeReader
{
    public static QueueTreeReading Read(DocumentNode document)
    {
        var binder = new NodeBinder();
        var members = binder.Members(document, "", ["queues"], []);
        if (document is MappingNode) binder.Require(members, "", "queues", document);
        var queues = members.TryGetValue("queues", out var list) ? new QueueSpecBinder(binder).Bind(list, "queues") : [];
        binder.AddMeanings(QueueTreeValidator.Problems(queues));
        return binder.Problems.Count == 0
            ? QueueTree.Of(queues)
            : new QueueTreeReading(null, [.. binder.Problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)]);
    }
}
