using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Convoy.Objects.Tests;

public sealed class CodeArchiveTests : IDisposable
{
    private readonly Scratch scratch = new();

    public CodeArchiveTests() => Directory.CreateDirectory(Target);

    private string Target => Path.Combine(scratch.Folder, "code");

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task Files_links_and_modes_arrive()
    {
        await Unpack(File_("./src/train.py", "print()", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.SetUser | UnixFileMode.OtherWrite), File_("run.sh", "#!", (UnixFileMode)0b111_101_000), Link("src/up", "../run.sh"));
        (await File.ReadAllTextAsync($"{Target}/src/train.py")).ShouldBe("print()");
        ((int)File.GetUnixFileMode($"{Target}/src/train.py")).ShouldBe(Convert.ToInt32("600", 8));
        ((int)File.GetUnixFileMode($"{Target}/run.sh")).ShouldBe(Convert.ToInt32("700", 8));
        ((int)File.GetUnixFileMode($"{Target}/src")).ShouldBe(Convert.ToInt32("700", 8));
        (await File.ReadAllTextAsync($"{Target}/src/up")).ShouldBe("#!");
    }

    public static TheoryData<string, TarEntry[]> Hostile() => new()
    {
        { "absolute path", [File_("/etc/x", "x")] },
        { "dots", [File_("a/../../x", "x")] },
        { "absolute link", [Link("x", "/etc")] },
        { "link out", [Link("a/x", "../..")] },
        { "link out through a link that looks harmless", [Link("a/b/s", "../.."), Link("t", "a/b/s/../x")] },
        { "write through a link", [Link("x", "."), File_("x/y", "y")] },
        { "file over a link", [Link("x", "y"), File_("x", "y")] },
        { "twice", [File_("x", "1"), File_("./x", "2")] },
        { "hard link out", [Hard("x", "../y")] },
        { "hard link to nothing", [Hard("x", "y")] },
        { "pipe", [new PaxTarEntry(TarEntryType.Fifo, "x")] },
        { "device", [new PaxTarEntry(TarEntryType.CharacterDevice, "x") { DeviceMajor = 1, DeviceMinor = 5 }] },
        { "long name", [File_(new string('x', 256), "x")] },
        { "long path", [File_(string.Join('/', Enumerable.Repeat(new string('x', 200), 30)), "x")] },
        { "huge header record", [File_(string.Join('/', Enumerable.Repeat("x", 40_000)), "x")] },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task What_could_escape_is_refused_and_nothing_is_left(string what, TarEntry[] entries)
    {
        await Should.ThrowAsync<CodeArchiveException>(() => Unpack(entries), what);
        Directory.GetFileSystemEntries(scratch.Folder, "*", SearchOption.AllDirectories).ShouldBe([Target]);
    }

    [Fact]
    public async Task Limits_hold_for_bombs_of_bytes_and_of_entries()
    {
        var small = new CodeArchiveLimits(Entries: 3, Bytes: 1 << 20);
        await Should.ThrowAsync<CodeArchiveException>(() => Unpack(Pack([File_("x", new string('0', 2 << 20))]), small));
        await Should.ThrowAsync<CodeArchiveException>(() => Unpack(Pack([.. "abcd".Select(name => File_(name.ToString(), ""))]), small));
        Directory.GetFileSystemEntries(scratch.Folder, "*", SearchOption.AllDirectories).ShouldBe([Target]);
    }

    [Fact]
    public async Task Damaged_archives_are_refused_or_unpacked_never_anything_else()
    {
        var random = new Random(20261124);
        var packed = Pack([File_("a/b", "text"), Link("l", "a/b"), File_("run", "#!", (UnixFileMode)0b111_101_101)]);
        using var plain = new MemoryStream();
        await using (var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress)) await gzip.CopyToAsync(plain);
        var refused = 0;
        for (var round = 0; round < 600; round++)
        {
            var bytes = round % 3 == 0 ? packed.ToArray() : plain.ToArray();
            for (var change = random.Next(1, 4); change > 0; change--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (round % 5 == 0) bytes = bytes[..random.Next(bytes.Length)];
            if (round % 3 != 0) bytes = Zip(bytes);
            try
            {
                await Unpack(bytes, CodeArchiveLimits.Default);
                Directory.Delete(Target, recursive: true);
                Directory.CreateDirectory(Target);
            }
            catch (CodeArchiveException)
            {
                refused++;
            }

            Directory.GetFileSystemEntries(scratch.Folder, "*", SearchOption.AllDirectories).ShouldBe([Target], $"round {round}");
        }

        refused.ShouldBeGreaterThan(100);
    }

    private static TarEntry File_(string name, string text, UnixFileMode mode = UnixFileMode.UserRead) =>
        new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)), Mode = mode };

    private static TarEntry Link(string name, string target) => new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target };

    private static TarEntry Hard(string name, string target) => new PaxTarEntry(TarEntryType.HardLink, name) { LinkName = target };

    private static byte[] Pack(TarEntry[] entries)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            foreach (var entry in entries) writer.WriteEntry(entry);
        }

        return Zip(tar.ToArray());
    }

    private static byte[] Zip(byte[] bytes)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
        return zipped.ToArray();
    }

    private Task Unpack(params TarEntry[] entries) => Unpack(Pack(entries), CodeArchiveLimits.Default);

    private Task Unpack(byte[] targz, CodeArchiveLimits limits) => CodeArchive.UnpackAsync(new MemoryStream(targz), Target, limits, default);
}
