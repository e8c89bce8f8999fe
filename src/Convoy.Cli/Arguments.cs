using System.CommandLine;

namespace Convoy.Cli;

internal static class Arguments
{
    public static Argument<string> Job() => new("JOB") { Description = "Id or name; a name means its newest job" };

    public static Argument<string> Named(string name, string description) => new(name) { Description = description };
}
