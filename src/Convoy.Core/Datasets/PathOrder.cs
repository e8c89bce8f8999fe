namespace Convoy.Core.Datasets;

/// <summary>The order of whole paths in which what is in a directory stands together: by bytes, a slash before all others.</summary>
internal static class PathOrder
{
    public static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var same = left.CommonPrefixLength(right);
        if (same == left.Length || same == right.Length) return left.Length.CompareTo(right.Length);
        return Rank(left[same]).CompareTo(Rank(right[same]));
    }

    private static int Rank(byte letter) => letter == (byte)'/' ? -1 : letter;
}
