using System.CommandLine;
using Convoy.Cli.Output;

namespace Convoy.Cli.Verbs;

internal static class DeleteVerb
{
    public static Command Build()
    {
        var jobs = Arguments.Jobs(SteeredJobs.ActedUpon);
        var yes = Options.Switch("--yes", "Do not ask", "-y");
        var format = Options.Format("table", "json", "yaml", "name");
        return new Verb("delete", "Delete finished jobs with their logs, outputs, checkpoints and events; there is no way back")
        {
            Examples = ["convoy delete digits", "convoy delete --yes $(convoy list --phase Failed -o name)"],
            Arguments = { jobs },
            Options = { yes, format },
            Body = async (call, cancellationToken) =>
            {
                if (!call.Get(yes) && !Console.IsInputRedirected && !await AgreesAsync(call, call.Get(jobs), cancellationToken)) throw new CommandException(ExitCodes.Usage, "NotConfirmed", "nothing was deleted; answer y, or give --yes");
                return await SteeredJobs.DoAsync(
                    call, call.Get(jobs), call.Get(format), job => call.Client.DeleteJobAsync(job, cancellationToken), view => $"job {JobEnd.Name(view)} is deleted");
            },
        };
    }

    private static async Task<bool> AgreesAsync(Call call, string[] jobs, CancellationToken cancellationToken)
    {
        call.Say($"this removes logs, outputs, checkpoints and events of {string.Join(", ", jobs)} for good; delete? [y/N]");
        return (await Console.In.ReadLineAsync(cancellationToken))?.Trim() is "y" or "Y" or "yes";
    }
}
