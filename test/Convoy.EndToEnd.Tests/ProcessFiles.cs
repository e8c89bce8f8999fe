using System.Globalization;

namespace Convoy.EndToEnd.Tests;

/// <summary>Processes as /proc shows them.</summary>
internal static class ProcessFiles
{
    /// <summary>Not a zombie either.</summary>
    public static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Living processes that name this folder in their arguments or environment.</summary>
    public static IEnumerable<int> Of(string folder) => Directory.EnumerateDirectories("/proc")
        .Select(entry => int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .Where(pid => pid > 0 && pid != Environment.ProcessId && (Names(pid, "cmdline", folder) || Names(pid, "environ", folder)) && IsAlive(pid));

    public static string[] ArgumentsOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static bool Names(int pid, string file, string folder)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}").Contains(folder, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
