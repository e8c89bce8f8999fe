using System.Text.Unicode;

namespace Convoy.Core.Datasets;

/// <summary>
/// What a file of a data set may be called. Names come from anybody and become paths on other people's machines, so they are checked where
/// a version is published and again where a manifest is read.
/// </summary>
public static class FilePath
{
    /// <summary>NAME_MAX of Linux, in bytes.</summary>
    public const int LongestPart = 255;

    /// <summary>PATH_MAX of Linux without its end, in bytes.</summary>
    public const int LongestPath = 4095;

    /// <summary>Of a whole path below the data set's root, with slashes. Null where nothing is wrong.</summary>
    public static PathProblem? Check(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty) return PathProblem.Empty;
        if (path[0] == (byte)'/') return PathProblem.Absolute;
        if (path.Length > LongestPath) return PathProblem.TooLong;
        foreach (var part in path.Split((byte)'/'))
        {
            if (CheckPart(path[part]) is { } problem) return problem;
        }

        return null;
    }

    /// <summary>Of the name of a file or directory within its directory.</summary>
    public static PathProblem? CheckPart(ReadOnlySpan<byte> part)
    {
        if (part.IsEmpty) return PathProblem.EmptyPart;
        if (part.SequenceEqual("."u8) || part.SequenceEqual(".."u8)) return PathProblem.DotPart;
        if (part.Length > LongestPart) return PathProblem.PartTooLong;
        if (part.Contains((byte)0)) return PathProblem.Nul;
        if (part.Contains((byte)'/')) return PathProblem.EmptyPart;
        return Utf8.IsValid(part) ? null : PathProblem.NotUtf8;
    }
}

/// <summary>Why a path cannot be in a data set.</summary>
public enum PathProblem
{
    Empty,
    Absolute,

    /// <summary>Over 4095 bytes.</summary>
    TooLong,

    /// <summary>Over 255 bytes between two slashes.</summary>
    PartTooLong,

    /// <summary>Nothing between two slashes, or at the end.</summary>
    EmptyPart,

    /// <summary><c>.</c> or <c>..</c>.</summary>
    DotPart,

    Nul,
    NotUtf8,
}
