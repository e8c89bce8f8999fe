using System.Globalization;

namespace Convoy.Supervision;

/// <param name="StartTicks">Clock ticks from boot to the start; with the pid it names a process of this boot for good.</param>
internal sealed record ProcessStat(char State, int ParentPid, long StartTicks)
{
    /// <summary>Null where there is no such process any more.</summary>
    public static ProcessStat? Of(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            if (text.Length == 0) return null;
            // The second field is the program's name, in which anything may stand, blanks and brackets too. The third follows the last bracket.
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return new ProcessStat(fields[0][0], int.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
