using System.Text.Json.Serialization;

namespace Convoy.Core.Tasks;

/// <summary>What somebody asks of the node agent, a JSON object on one line of a Unix socket. What was opened stays open until the connection ends.</summary>
public sealed record NodeRequest(OpenDataset? Open);

/// <param name="Server">The platform's address.</param>
/// <param name="Token">Of a person or a task that may read the data set; every holder's is looked at.</param>
/// <param name="Version">A version or a tag.</param>
/// <param name="Mount">Whether its files are wanted in a folder.</param>
public sealed record OpenDataset(string Server, string Token, string Dataset, string Version, bool Mount);

/// <summary>Its answer, on one line. Exactly one is set.</summary>
public sealed record NodeAnswer(OpenedDataset? Opened, NodeRefusal? Error);

/// <param name="Path">Where its files are; null where they were not wanted in a folder.</param>
public sealed record OpenedDataset(string Dataset, string Version, string? Path);

/// <param name="Code">A stable word such as <c>FuseUnavailable</c>.</param>
public sealed record NodeRefusal(string Code, string Message)
{
    public const string NoMounts = "FuseUnavailable";
}
