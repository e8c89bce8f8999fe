namespace Convoy.Supervision;

/// <summary>A file that appears whole or not at all, and has reached the disk when the call returns.</summary>
internal static class DurableFile
{
    private const uint OwnerOnly = 0x180; // 0600

    public static void Write(string folder, string name, ReadOnlySpan<byte> content)
    {
        var final = Path.Combine(folder, name);
        var temporary = Path.Combine(folder, $".{name}.tmp");
        var file = Libc.Open(temporary, Libc.OpenWrite | Libc.OpenCreate | Libc.OpenTruncate | Libc.OpenNoFollow | Libc.CloseOnExec, OwnerOnly);
        Check(file, temporary);
        try
        {
            var error = Libc.WriteAll(file, content, out _);
            if (error != 0) throw new IOException($"{temporary}: {Libc.Explain(error)}", error);
            Check(Libc.Flush(file), temporary);
        }
        finally
        {
            _ = Libc.Close(file);
        }

        Check(Libc.Rename(temporary, final), final);
        FlushFolder(folder);
    }

    private static void FlushFolder(string folder)
    {
        var handle = Libc.Open(folder, Libc.OpenRead | Libc.CloseOnExec);
        Check(handle, folder);
        try
        {
            Check(Libc.Flush(handle), folder);
        }
        finally
        {
            _ = Libc.Close(handle);
        }
    }

    private static void Check(int result, string path)
    {
        if (result >= 0) return;
        var error = Libc.LastError;
        throw new IOException($"{path}: {Libc.Explain(error)}", error);
    }
}
