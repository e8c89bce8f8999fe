using System.Runtime.InteropServices;
using System.Text;

namespace Convoy.Supervision;

/// <summary>Strings for exec and spawn. Never freed: the process image is replaced, or starts one program in its life.</summary>
internal static unsafe class CString
{
    public static byte* Of(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var memory = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
        bytes.CopyTo(new Span<byte>(memory, bytes.Length));
        return memory;
    }

    /// <summary>Ended by a null pointer.</summary>
    public static byte** Array(IEnumerable<string> texts)
    {
        var list = texts.ToList();
        var memory = (byte**)NativeMemory.AllocZeroed((nuint)(list.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < list.Count; i++) memory[i] = Of(list[i]);
        return memory;
    }
}
