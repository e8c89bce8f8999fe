using Convoy.Core.Tasks;

namespace Convoy.Supervision;

/// <summary>What the supervisor holds of the program's standard streams.</summary>
/// <param name="Input">Where to write what is typed; null where nobody types. In a terminal the same as the output.</param>
/// <param name="Output">Where to read stdout and stderr.</param>
internal readonly record struct ProgramEnds(int? Input, int Output, bool IsTerminal);

/// <summary>The program's own ends, until it has been spawned.</summary>
/// <param name="Input">Null: empty.</param>
/// <param name="Output">Both stdout and stderr.</param>
internal readonly record struct ProgramStreams(int? Input, int Output, ProgramEnds Ends)
{
    /// <exception cref="CannotStartException">There are none to be had.</exception>
    public static ProgramStreams Make(TaskOrder order)
    {
        if (order.Console is { IsTerminal: true } console)
        {
            var pty = Pty.Open(order.Uid, new TerminalSize(console.Rows, console.Columns));
            return new ProgramStreams(pty.Slave, pty.Slave, new ProgramEnds(pty.Master, pty.Master, IsTerminal: true));
        }

        var output = Pipe.Make();
        if (order.Console is null) return new ProgramStreams(null, output.WriteEnd, new ProgramEnds(null, output.ReadEnd, IsTerminal: false));
        var input = Pipe.Make();
        return new ProgramStreams(input.ReadEnd, output.WriteEnd, new ProgramEnds(input.WriteEnd, output.ReadEnd, IsTerminal: false));
    }

    /// <summary>To be called once the program has them.</summary>
    public void Close()
    {
        _ = Libc.Close(Output);
        if (Input is { } input && input != Output) _ = Libc.Close(input);
    }
}
