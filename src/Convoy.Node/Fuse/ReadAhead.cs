using System.Globalization;
using System.Text;

namespace Convoy.NodeAgent.Fuse;

/// <summary>
/// How far the kernel reads ahead in a file that is read from its start: 128 KiB where nobody says more, which makes eight requests of what can be
/// one. With 1 MiB the first reading of large files takes half the processor time.
/// </summary>
internal static class ReadAhead
{
    private const int Kibibytes = 1024;

    /// <summary>Where it cannot be set, as in a container whose /sys is read-only, reading is only slower.</summary>
    public static void Set(string mountPoint)
    {
        try
        {
            if (DeviceOf(mountPoint, File.ReadLines("/proc/self/mountinfo")) is { } device) File.WriteAllText($"/sys/class/bdi/{device}/read_ahead_kb", Kibibytes.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>Such as <c>0:38</c>, of what was mounted there last.</summary>
    private static string? DeviceOf(string mountPoint, IEnumerable<string> mounts)
    {
        var wanted = Escaped(Path.TrimEndingDirectorySeparator(Path.GetFullPath(mountPoint)));
        return mounts.Select(line => line.Split(' ')).LastOrDefault(fields => fields.Length > 4 && fields[4] == wanted)?[2];
    }

    private static string Escaped(string path)
    {
        var escaped = new StringBuilder(path.Length);
        foreach (var c in path)
        {
            _ = c switch
            {
                ' ' => escaped.Append("\\040"),
                '\t' => escaped.Append("\\011"),
                '\n' => escaped.Append("\\012"),
                '\\' => escaped.Append("\\134"),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }
}
