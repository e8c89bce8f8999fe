using System.Runtime.InteropServices;

namespace Convoy.Client.Code;

/// <summary>Tells plain files from pipes, sockets and devices: to open a pipe would wait for its other end.</summary>
internal static partial class FileKind
{
    private const int CurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const uint AskType = 1;
    private const int ModeOffset = 28; // of stx_mode in struct statx, the same on every architecture

    public static bool IsPlain(string path)
    {
        if (!OperatingSystem.IsLinux()) return true;
        var answer = new byte[256];
        if (Statx(CurrentFolder, path, NoFollow, AskType, answer) != 0) return true;
        return (BitConverter.ToUInt16(answer, ModeOffset) & 0xF000) == 0x8000;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte[] answer);
}
