using Convoy.Cli.Terminals;

namespace Convoy.Cli.Output;

/// <summary>The terminal that standard output goes to, if it goes to one. Asked of the system: System.Console would first set the keyboard's mode, aloud.</summary>
internal static class Terminal
{
    private const int UsualWidth = 80;
    private const int UsualHeight = 24;

    /// <summary>In cells; null where standard output is no terminal.</summary>
    public static int? Width => Console.IsOutputRedirected ? null : LocalTerminal.Size?.Columns ?? UsualWidth;

    public static int Height => LocalTerminal.Size?.Rows ?? UsualHeight;

    /// <summary>Whether the cursor can be moved about on it.</summary>
    public static bool TakesDrawings => !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <summary>Where messages go.</summary>
    public static int ErrorWidth => LocalTerminal.ErrorSize?.Columns ?? UsualWidth;
}
