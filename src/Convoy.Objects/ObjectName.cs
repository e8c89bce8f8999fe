using System.Buffers;

namespace Convoy.Objects;

/// <summary>What a name of an object in a bucket may be: no name leads out of the bucket, and each fits into a file system and into S3.</summary>
internal static class ObjectName
{
    /// <summary>S3 takes 1024 bytes, of which the bucket's own prefix needs some.</summary>
    private const int MostLetters = 900;

    /// <summary>A file system takes 255 bytes, of which a folder of <see cref="Disk.DiskBucket"/> needs one.</summary>
    private const int MostLettersOfPart = 200;

    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    public static bool IsValid(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > MostLetters) return false;
        foreach (var part in name.Split('/'))
        {
            if (!IsPart(name[part])) return false;
        }

        return true;
    }

    public static string Checked(string name) => IsValid(name)
        ? name
        : throw new ArgumentException("an object's name is a path of a-z A-Z 0-9 . _ - without an empty part and without one that starts with a dot", nameof(name));

    /// <summary>What names may start with: nothing, a name, or a name that breaks off anywhere.</summary>
    public static string CheckedStart(string start) => start.Length == 0 || IsValid(start.EndsWith('/') ? start.AsSpan(0, start.Length - 1) : start)
        ? start
        : throw new ArgumentException("no object's name starts so", nameof(start));

    private static bool IsPart(ReadOnlySpan<char> part) => part.Length is > 0 and <= MostLettersOfPart && part[0] != '.' && !part.ContainsAnyExcept(Letters);
}
