using Convoy.Client.Wire;
using Convoy.Core.Languages;

namespace Convoy.Client;

/// <summary>The server said no.</summary>
public sealed class ConvoyException(Problem problem) : Exception(problem.Detail?.ToString() ?? problem.Title), IExplained
{
    public Problem Problem { get; } = problem;

    public Text Explanation => Problem.Detail ?? Text.Verbatim(Problem.Title);

    public int Status => Problem.Status;

    /// <summary>Stable; for programs.</summary>
    public string Code => Problem.Code;

    /// <summary>Say it to the administrator: the server's log has it.</summary>
    public string RequestId => Problem.RequestId;
}

/// <summary>No answer came: nothing listens, the network or a proxy before the server is down.</summary>
public sealed class ServerUnreachableException(Uri server, Text why, Exception? inner = null) : Exception($"{server.GetLeftPart(UriPartial.Authority)}: {why}", inner), IExplained
{
    public Uri Server { get; } = server;

    public Text Explanation => Text.Of($"{Server.GetLeftPart(UriPartial.Authority)}: {why}");
}
