using System.Text;

namespace Convoy.Clusters.LocalProcesses;

/// <summary>
/// Where people have uids of their own from now on: what their tasks left under the platform's becomes theirs, and the way there lets
/// them through. Those tasks may have put a link in any place, so everything is done in open folders. Repeating it is harmless.
/// </summary>
internal static class HandOver
{
    /// <summary>What lies deeper stays the platform's: nobody made it for use.</summary>
    private const int Deepest = 1_000;

    private const uint Passage = 0b111_101_000;

    /// <param name="uidOf">By a person's number.</param>
    /// <exception cref="IOException">The platform may not give files away.</exception>
    public static void ToPeople(StateLayout layout, Func<int, int> uidOf)
    {
        foreach (var number in StateLayout.NumbersIn(layout.People))
        {
            var uid = (uint)uidOf(number);
            using var person = OpenFolder.Open(layout.Person(number).Root);
            // It is the last to be given, so it tells of everything below.
            if (!person.IsInvalid && NativeFiles.Status(person).Gid != uid) Through(OfPerson)(person, uid);
        }
    }

    private static Giving OfPerson(string name) => name switch
    {
        "tmp" => Through(_ => Own),
        "jobs" => Through(_ => Through(OfJob)),
        _ => Own,
    };

    private static Giving OfJob(string name) => name switch
    {
        PersonLayout.OutputsName => Through(_ => Through(_ => Own)),
        "code" => Through(_ => Own),
        _ => Own,
    };

    private static Giving Through(Func<string, Giving> next) => (folder, uid) => Let(folder, uid, next);

    /// <summary>A folder of the platform's that only lets the person through; see <see cref="PersonLayout"/>.</summary>
    private static void Let(OpenFolder folder, uint uid, Func<string, Giving> next)
    {
        foreach (var name in folder.Names())
        {
            // No link has a place in a folder of the platform's: it would lead what is done there elsewhere.
            if (!Inside(folder, name, child => next(Encoding.UTF8.GetString(name.AsSpan(..^1)))(child, uid))) _ = NativeFiles.TryRemoveFile(folder, name);
        }

        NativeFiles.ChangeOwner(folder, 0, uid);
        NativeFiles.ChangeMode(folder, Passage);
    }

    private static void Own(OpenFolder folder, uint uid) => Own(folder, uid, 0);

    private static void Own(OpenFolder folder, uint uid, int depth)
    {
        if (depth == Deepest) return;
        foreach (var name in folder.Names())
        {
            if (Inside(folder, name, child => Own(child, uid, depth + 1))) continue;

            if (NativeFiles.Status(folder, name) is not { } status) continue;

            // Another name of it may be one of the platform's own files: what it holds becomes theirs, and the file itself does not.
            if (status is { IsFile: true, Names: > 1 }) Replace(folder, name, status);
            NativeFiles.ChangeOwner(folder, name, uid);
        }

        NativeFiles.ChangeOwner(folder, uid, uid);
    }

    private static void Replace(OpenFolder folder, byte[] name, FileStatus status)
    {
        byte[] copyName = [.. Encoding.UTF8.GetBytes($".handed-over-{Guid.NewGuid():N}"), 0];
        using (var content = NativeFiles.OpenFile(folder, name))
        using (var copy = NativeFiles.CreateFile(folder, copyName))
        {
            if (content.IsInvalid || copy.IsInvalid) throw NativeFiles.LastError(OpenFolder.Text(name));
            TreeCopy.CopyContent(content, copy, status.Size);
            File.SetUnixFileMode(copy, (UnixFileMode)status.Mode);
        }

        if (!NativeFiles.TryMove(folder, copyName, folder, name)) throw NativeFiles.LastError(OpenFolder.Text(name));
    }

    /// <summary>False where it is no folder.</summary>
    private static bool Inside(OpenFolder folder, byte[] name, Action<OpenFolder> give)
    {
        using var child = folder.OpenChild(name);
        if (child.IsInvalid) return false;
        give(child);
        return true;
    }

    private delegate void Giving(OpenFolder folder, uint uid);
}
