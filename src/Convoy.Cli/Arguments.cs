using System.CommandLine;

namespace Convoy.Cli;

internal static class Arguments
{
    public static Argument<string> Job() => Named("JOB", "Id or name; a name means its newest job");

    /// <summary>One or more to act upon.</summary>
    public static Argument<string[]> Jobs(string what) => NotEmpty(new Argument<string[]>("JOB") { Description = what, Arity = ArgumentArity.OneOrMore });

    /// <summary>Never empty: that is an unset variable of a script, not a name.</summary>
    public static Argument<string> Named(string name, string description) => NotEmpty(new Argument<string>(name) { Description = description });

    private static T NotEmpty<T>(T argument)
        where T : Argument
    {
        argument.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value.Length == 0)) result.Refuse($"{argument.Name} is empty");
        });
        return argument;
    }
}
