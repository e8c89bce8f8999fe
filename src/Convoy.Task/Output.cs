using System.Text;

namespace Convoy.Supervision;

/// <summary>System.Console takes longer to start than all the rest.</summary>
internal static class Output
{
    public static void Line(string text) => _ = Libc.WriteAll(1, Encoding.UTF8.GetBytes(text + "\n"), out _);

    public static void Error(string text) => _ = Libc.WriteAll(2, Encoding.UTF8.GetBytes($"convoy-task: {text}\n"), out _);
}
