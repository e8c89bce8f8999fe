using System.Globalization;
using System.Text;

namespace Convoy.Supervision;

internal static class CgroupFile
{
    public static bool TryWrite(string path, string text)
    {
        var file = Libc.Open(path, Libc.OpenWrite | Libc.CloseOnExec);
        if (file < 0) return false;
        var error = Libc.WriteAll(file, Encoding.ASCII.GetBytes(text), out _);
        _ = Libc.Close(file);
        return error == 0;
    }

    /// <summary>Empty where it cannot be read.</summary>
    public static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Of a file of lines <c>name number</c>; 0 where the name is not in it.</summary>
    public static long Number(string path, string name) => Lines(path)
        .Where(line => line.StartsWith(name + " ", StringComparison.Ordinal))
        .Select(line => long.Parse(line.AsSpan(name.Length + 1), CultureInfo.InvariantCulture))
        .FirstOrDefault();
}
