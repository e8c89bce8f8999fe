namespace Convoy.Cli.Output;

/// <summary>The terminal that standard output goes to, if it goes to one.</summary>
internal static class Terminal
{
    private const int UsualWidth = 80;
    private const int UsualHeight = 24;

    /// <summary>In cells; null where standard output is no terminal.</summary>
    public static int? Width => Console.IsOutputRedirected ? null : Console.WindowWidth is > 0 and var width ? width : UsualWidth;

    public static int Height => Console.WindowHeight is > 0 and var height ? height : UsualHeight;

    /// <summary>Whether the cursor can be moved about on it.</summary>
    public static bool TakesDrawings => !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <summary>Where messages go.</summary>
    public static int ErrorWidth => Console.WindowWidth is > 0 and var width ? width : UsualWidth;
}
