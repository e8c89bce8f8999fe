using System.Globalization;
using Convoy.Core.Jobs;
using Convoy.Core.Tasks;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>From an interactive job to its task's console.</summary>
internal static class TaskConsoles
{
    private const string Rows = "LINES", Columns = "COLUMNS";

    /// <summary>Null where nobody types into the job. What only a terminal needs is put into the environment, or taken out of it.</summary>
    public static TaskConsole? Of(JobSpec spec, SortedDictionary<string, string> environment)
    {
        if (spec.Interactive is not { } interactive) return null;
        var idle = (long)interactive.IdleTimeout.TotalMilliseconds;
        if (!interactive.Terminal) return new TaskConsole(IsTerminal: false, 0, 0, idle);
        environment.TryAdd("TERM", "xterm");
        var console = new TaskConsole(IsTerminal: true, Number(environment, Rows, 24), Number(environment, Columns, 80), idle);
        // They say how large the window is when the program starts. Left there, curses would believe them after every change of its size.
        environment.Remove(Rows);
        environment.Remove(Columns);
        return console;
    }

    private static int Number(SortedDictionary<string, string> environment, string name, int usual) =>
        environment.TryGetValue(name, out var text) && ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : usual;
}
