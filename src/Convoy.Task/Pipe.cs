namespace Convoy.Supervision;

/// <summary>Both ends lie above the descriptors that a child finds fixed, and close on exec.</summary>
internal readonly unsafe record struct Pipe(int ReadEnd, int WriteEnd)
{
    private const int AboveFixed = 64;

    public static Pipe Make()
    {
        var ends = stackalloc int[2];
        if (Libc.Pipe(ends, Libc.CloseOnExec) < 0) throw new CannotStartException($"pipe: {Libc.Explain(Libc.LastError)}");
        return new Pipe(Raise(ends[0]), Raise(ends[1]));
    }

    /// <summary>The same file under a number that no child finds fixed; the old number is closed.</summary>
    public static int Raise(int descriptor)
    {
        var raised = Libc.Control(descriptor, Libc.FileDuplicateCloseOnExec, AboveFixed);
        if (raised < 0) throw new CannotStartException($"fcntl: {Libc.Explain(Libc.LastError)}");
        _ = Libc.Close(descriptor);
        return raised;
    }
}
