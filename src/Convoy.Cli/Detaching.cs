namespace Convoy.Cli;

/// <summary>Ctrl-C ends the watching, never the job.</summary>
internal static class Detaching
{
    public static int Say(Call call, string id, string name)
    {
        call.Say($"\ndetached: job {name} ({id}) goes on; follow it with `convoy logs {id} -f`, wait with `convoy wait {id}`, stop it with `convoy cancel {id}`");
        return ExitCodes.Detached;
    }
}
