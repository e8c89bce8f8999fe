using Convoy.Core.Jobs;
using Microsoft.Extensions.Logging;

namespace Convoy.Clusters.LocalProcesses;

public sealed partial class LocalCluster
{
    [LoggerMessage(1, LogLevel.Warning, "Job {Job} cannot go on for now: {Problem}")]
    private static partial void LogTrouble(ILogger logger, JobId job, string problem);

    [LoggerMessage(2, LogLevel.Warning, "{Folder} is left out: {Problem}")]
    private static partial void LogUnreadable(ILogger logger, string folder, string problem);

    [LoggerMessage(3, LogLevel.Information, "Taken: {Wish}")]
    private static partial void LogTaken(ILogger logger, ClusterAssignment wish);

    [LoggerMessage(4, LogLevel.Warning, "The node agent cannot be started: {Problem}")]
    private static partial void LogNoNodeAgent(ILogger logger, string problem);
}
