using System.CommandLine;

namespace Convoy.Cli;

internal static class Arguments
{
    public static Argument<string> Job() => Named("JOB", "Id or name; a name means its newest job");

    /// <summary>Never empty: that is an unset variable of a script, not a name.</summary>
    public static Argument<string> Named(string name, string description)
    {
        var argument = new Argument<string>(name) { Description = description };
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: "" }]) result.AddError($"{name} is empty");
        });
        return argument;
    }
}
