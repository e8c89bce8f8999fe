using Convoy.Core.Queues;

namespace Convoy.Core.Tests.Queues;

/// <summary>Short ways to say which queues there are.</summary>
internal static class Trees
{
    public static QueueTree Tree(params QueueSpec[] queues) => QueueTree.Of(queues).Tree.ShouldNotBeNull();

    /// <summary>Where something is wrong.</summary>
    public static string[] Problems(params QueueSpec[] queues) => [.. QueueTree.Of(queues).Problems.Select(problem => problem.Path)];

    /// <summary>What the one problem is.</summary>
    public static string Message(params QueueSpec[] queues) => QueueTree.Of(queues).Problems.ShouldHaveSingleItem().Message.ToString();

    public static Dictionary<string, Quota> Of(string type, Quota quota) => new() { [type] = quota };
}
