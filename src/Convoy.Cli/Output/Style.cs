using Convoy.Core.Jobs;

namespace Convoy.Cli.Output;

/// <summary>Colour, only for people at a terminal who want it.</summary>
internal static class Style
{
    public static bool IsWanted { get; } =
        !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    public static string Phase(string phase)
    {
        if (!IsWanted || !Enum.TryParse<JobPhase>(phase, out var known)) return phase;
        var colour = known switch
        {
            JobPhase.Running => 32,
            JobPhase.Succeeded => 36,
            JobPhase.Failed => 31,
            JobPhase.Pending or JobPhase.Starting or JobPhase.Stopping or JobPhase.Suspended => 33,
            _ => 2,
        };
        return $"\e[{colour}m{phase}\e[0m";
    }
}
