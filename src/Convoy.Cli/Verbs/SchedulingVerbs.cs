using System.CommandLine;
using Convoy.Cli.Output;
using Convoy.Client.Wire;

namespace Convoy.Cli.Verbs;

internal static class SchedulingVerbs
{
    public static Command Build() => new("scheduling", "Pause what the scheduler does, and let it go on (for administrators)") { Pause(), Resume(), Status() };

    private static Verb Pause()
    {
        var evictions = Options.Switch("--evictions", "Only evictions: jobs go on starting, and none makes way for another");
        var reason = Options.Text("--reason", "TEXT", "Why, for those who wait");
        var format = Options.Format("table", "json", "yaml");
        return new Verb("pause", "Let nothing new start; what runs goes on")
        {
            Examples = ["convoy scheduling pause --reason 'new switches until 18:00'", "convoy scheduling pause --evictions"],
            Options = { evictions, reason, format },
            Body = async (call, cancellationToken) =>
                Write(call, call.Get(format), await call.Client.PauseAsync(new PauseRequest(call.Get(evictions), call.Get(reason)), cancellationToken)),
        };
    }

    private static Verb Resume()
    {
        var format = Options.Format("table", "json", "yaml");
        return new Verb("resume", "Let everything go on")
        {
            Examples = ["convoy scheduling resume"],
            Options = { format },
            Body = async (call, cancellationToken) => Write(call, call.Get(format), await call.Client.ResumeSchedulingAsync(cancellationToken)),
        };
    }

    private static Verb Status()
    {
        var format = Options.Format("table", "json", "yaml");
        return new Verb("status", "What is paused, by whom and why")
        {
            Examples = ["convoy scheduling status", "convoy scheduling status -o json | jq -r '.notices[].code'"],
            Options = { format },
            Body = async (call, cancellationToken) => Write(call, call.Get(format), await call.Client.GetPauseAsync(cancellationToken)),
        };
    }

    private static int Write(Call call, string? format, PauseView pause) => call.Write(format, pause, Rendering.Indented.PauseView, _ =>
    {
        if (pause.Notices.Count == 0) call.Output.Tell("jobs start, and make way for each other, as levels and queues say");
        foreach (var notice in pause.Notices) call.Output.Tell($"{notice.Code}: {Printable.Of(notice.Message)}");
    });
}
