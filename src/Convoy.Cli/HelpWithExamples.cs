using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Convoy.Cli;

/// <summary>The library's help, then examples to copy.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is Verb verb)
        {
            output.WriteLine("Examples:");
            foreach (var example in verb.Examples) output.WriteLine($"  {example}");
            output.WriteLine();
        }

        return ExitCodes.Success;
    }
}
