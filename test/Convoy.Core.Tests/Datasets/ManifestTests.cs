using System.Text;
using Convoy.Core.Datasets;
using CsCheck;

namespace Convoy.Core.Tests.Datasets;

public sealed class ManifestTests
{
    private static readonly Gen<string> Names = Gen.OneOf(
        Gen.Char['a', 'e'].Array[1, 3].Select(letters => new string(letters)), OneOf("\u00e9", "e\u0301", "🚚", "a\nb", " ", "A", "a", "-", "!", "~", "\u007f", "名"));

    private static readonly Gen<(string Path, byte[] Content)[]> Files =
        Gen.Select(Names.Array[1, 4].Select(parts => string.Join('/', parts)), Gen.Frequency((20, Gen.Byte.Array[0, 300]), (1, Gen.Int[1 << 20, 9 << 20].Select(length => Drawn(length)))))
            .Array[0, 40].Select(files => WithoutClashes(files));

    [Fact]
    public void Every_file_is_found_by_its_path_with_every_byte() => Files.Sample(
        files =>
        {
            var (bytes, packs) = Manifests.Pack(files);
            var manifest = Manifest.Read(bytes);
            var packsOf = packs.ToDictionary(pack => Sha256.Of(pack));
            manifest.Files.ShouldBe(files.Length);
            manifest.Bytes.ShouldBe(files.Sum(file => (long)file.Content.Length));
            foreach (var (path, content) in files)
            {
                var file = manifest.FindFile(Encoding.UTF8.GetBytes(path)).ShouldNotBeNull();
                Encoding.UTF8.GetString(manifest.PathOf(file)).ShouldBe(path);
                manifest.FileSize(file).ShouldBe(content.Length);
                manifest.FileHash(file).ShouldBe(Sha256.Of(content));
                ReadOf(manifest, packsOf, file).AsSpan().SequenceEqual(content).ShouldBeTrue();
            }
        },
        iter: 40, threads: 1);

    [Fact]
    public void What_is_not_there_is_not_found() => Gen.Select(Files, Names.Array[1, 4]).Sample(
        (files, parts) =>
        {
            var path = string.Join('/', parts);
            var manifest = Manifest.Read(Manifests.Pack(files).Manifest);
            (manifest.FindFile(Encoding.UTF8.GetBytes(path)) is not null).ShouldBe(files.Any(file => file.Path == path));
        },
        iter: 40, threads: 1);

    [Fact]
    public void The_order_in_which_files_come_changes_only_where_their_bytes_lie()
    {
        var files = new[] { ("b/x", 5L), ("a", 7L), ("b/a/c", 9L), ("b!", 1L), ("b/a!", 0L) };
        var paths = PathsOf(Manifests.OfSizes(files));
        PathsOf(Manifests.OfSizes([.. files.Reverse()])).ShouldBe(paths);
        paths.ShouldBe(["a", "b!", "b/a!", "b/x", "b/a/c"]);
    }

    [Fact]
    public void A_pack_that_no_file_needs_is_not_named()
    {
        var builder = new ManifestBuilder();
        for (var i = 0; i < 3; i++) builder.SetPack(builder.AddPack(), Sha256.Of([(byte)i]), 100, [default]);
        builder.AddFile("b"u8, default, [new Chunk(0, 0, 100, 0)]);
        builder.AddFile("a"u8, default, [new Chunk(2, 0, 100, 0)]);
        var manifest = Manifest.Read(builder.Build().SelectMany(piece => piece.ToArray()).ToArray());
        Enumerable.Range(0, manifest.Packs).Select(pack => manifest.PackAt(pack).Sha256).ShouldBe([Sha256.Of([2]), Sha256.Of([0])]);
    }

    [Fact]
    public void A_path_may_be_as_long_as_the_system_takes_and_no_longer()
    {
        var longest = string.Join('/', Enumerable.Repeat(new string('x', 255), 15)) + "/" + new string('y', 255);
        longest.Length.ShouldBe(FilePath.LongestPath);
        Manifests.OfSizes((longest, 1)).FindFile(Encoding.UTF8.GetBytes(longest)).ShouldBe(0);
        Should.Throw<BadManifestException>(() => Manifests.OfSizes((longest[..^255] + "/" + new string('y', 255), 1)));
    }

    [Fact]
    public void Children_of_a_directory_are_ranges_in_the_order_of_their_names()
    {
        var manifest = Manifests.OfSizes(("t/cat/1", 1), ("t/ant/2", 1), ("t/z", 1), ("t/a", 1), ("r", 1));
        var directory = manifest.FindDirectory(0, "t"u8).ShouldNotBeNull();
        var entry = manifest.DirectoryAt(directory);
        (entry.Parent, entry.Directories, entry.Files).ShouldBe((0, 2, 2));
        NamesOf(manifest.DirectoryNamesFrom(entry.FirstDirectory), entry.Directories).ShouldBe(["ant", "cat"]);
        NamesOf(manifest.FileNamesFrom(entry.FirstFile), entry.Files).ShouldBe(["a", "z"]);
        manifest.FindFile(directory, "ant"u8).ShouldBeNull();
    }

    [Fact]
    public void A_directory_of_many_files_finds_each_of_them_and_no_other()
    {
        var manifest = Manifests.OfSizes([.. Enumerable.Range(0, 5000).Select(i => ($"d/{i:x}.jpg", 0L)), ("e/0.jpg", 0L), ("a", 0L)]);
        var directory = manifest.FindDirectory(0, "d"u8).ShouldNotBeNull();
        for (var i = 0; i < 5000; i++)
        {
            var file = manifest.FindFile(directory, Encoding.UTF8.GetBytes($"{i:x}.jpg")).ShouldNotBeNull();
            Encoding.UTF8.GetString(manifest.PathOf(file)).ShouldBe($"d/{i:x}.jpg");
            manifest.FindFile(directory, Encoding.UTF8.GetBytes($"{i:x}.png")).ShouldBeNull();
        }
    }

    [Theory]
    [InlineData("", "a file has no name")]
    [InlineData("/etc/passwd", "'/etc/passwd' starts with a slash; paths are relative to the data set")]
    [InlineData("../x", "'../x' goes through '.' or '..'")]
    [InlineData("a/./b", "'a/./b' goes through '.' or '..'")]
    [InlineData("a//b", "'a//b' has an empty name between two slashes or at its end")]
    [InlineData("a/", "'a/' has an empty name between two slashes or at its end")]
    [InlineData("a\0b", "'a␀b' has a zero byte")]
    public void A_hostile_path_is_refused_where_a_version_is_made(string path, string message) =>
        Should.Throw<BadManifestException>(() => Manifests.BytesOfSizes((path, 1))).Message.ShouldBe(message);

    [Fact]
    public void A_path_that_no_file_system_takes_is_refused_where_a_version_is_made()
    {
        Should.Throw<BadManifestException>(() => Manifests.BytesOfSizes((new string('x', 256), 1))).Message.ShouldContain("over 255 bytes");
        Should.Throw<BadManifestException>(() => Manifests.BytesOfSizes((string.Join('/', Enumerable.Repeat(new string('x', 200), 21)), 1))).Message.ShouldContain("longer than 4095 bytes");
        Should.Throw<BadManifestException>(() => new ManifestBuilder().AddFile([0xff, 0xfe], default, [])).Message.ShouldContain("is not UTF-8");
        FilePath.Check(Encoding.UTF8.GetBytes(new string('é', 127))).ShouldBeNull();
        FilePath.Check(Encoding.UTF8.GetBytes(new string('é', 128))).ShouldBe(PathProblem.PartTooLong);
    }

    [Fact]
    public void A_name_is_a_files_or_a_directorys_and_only_once()
    {
        Should.Throw<BadManifestException>(() => Manifests.BytesOfSizes(("a", 1), ("a", 2))).Message.ShouldBe("there are two files of the path 'a'");
        Should.Throw<BadManifestException>(() => Manifests.BytesOfSizes(("a/b", 1), ("b", 1), ("a", 2))).Message.ShouldBe("'a' is both a file and a directory");
        Should.NotThrow(() => Manifests.BytesOfSizes(("a/b", 1), ("a!", 1), ("a.b/c", 1)));
    }

    /// <summary>Names of equal length are put into the place of good ones, as somebody would who makes a manifest by hand.</summary>
    [Theory]
    [InlineData("ab", "..")]
    [InlineData("ab", "a/")]
    [InlineData("ab", "a\0")]
    [InlineData("ab", "/b")]
    [InlineData("ab", "//")]
    [InlineData("cd", "ab")]
    [InlineData("cd", "aa")]
    [InlineData("ef", "dd")]
    [InlineData("dd", "ab")]
    public void A_hostile_name_is_refused_where_a_manifest_is_read(string name, string hostile)
    {
        var bytes = Manifests.BytesOfSizes(("ab", 1), ("cd", 1), ("dd/x", 1), ("ef/x", 1));
        Manifest.Read(bytes).Files.ShouldBe(4);
        var at = bytes.AsSpan().LastIndexOf((byte[])[0, 2, .. Encoding.ASCII.GetBytes(name)]);
        at.ShouldBeGreaterThan(0);
        Encoding.ASCII.GetBytes(hostile).CopyTo(bytes, at + 2);
        Should.Throw<BadManifestException>(() => Manifest.Read(bytes));
    }

    /// <summary>A name is written as what it shares with the one before and what it does not: together these may be more than a file system takes.</summary>
    [Fact]
    public void A_name_of_three_hundred_bytes_is_refused_where_a_manifest_is_read()
    {
        var bytes = Manifests.BytesOfSizes((new string('x', 250), 1), (new string('x', 200) + new string('y', 55), 1));
        Manifest.Read(bytes).Files.ShouldBe(2);
        var at = bytes.AsSpan().LastIndexOf((byte[])[200, 55, (byte)'y']);
        at.ShouldBeGreaterThan(0);
        bytes[at] = 245;
        Should.Throw<BadManifestException>(() => Manifest.Read(bytes));
    }

    [Fact]
    public void A_name_that_is_no_text_is_refused_where_a_manifest_is_read()
    {
        var bytes = Manifests.BytesOfSizes(("ab", 1));
        var at = bytes.AsSpan().LastIndexOf("ab"u8);
        (bytes[at], bytes[at + 1]) = (0xff, 0xfe);
        Should.Throw<BadManifestException>(() => Manifest.Read(bytes));
    }

    /// <summary>Reading what a changed manifest says never leaves it, and never runs on for ever: it is refused, or it is a manifest.</summary>
    [Fact]
    public void Changed_bytes_are_refused_or_make_another_whole_manifest()
    {
        var bytes = Manifests.BytesOfSizes([.. Enumerable.Range(0, 60).Select(i => ($"{i % 3}/{i % 7}/{i}", i * 30_000L))]);
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte).Array[1, 4].Sample(
            changes =>
            {
                var changed = (byte[])bytes.Clone();
                foreach (var (at, to) in changes) changed[at] = to;
                try
                {
                    var manifest = Manifest.Read(changed);
                    for (var file = 0; file < manifest.Files; file++) manifest.FindFile(manifest.PathOf(file)).ShouldBe(file);
                }
                catch (BadManifestException)
                {
                }
            },
            iter: 4_000);
    }

    [Fact]
    public void A_manifest_that_is_cut_short_is_refused()
    {
        var bytes = Manifests.BytesOfSizes(("a/b", 100), ("c", 5_000_000));
        for (var length = 0; length < bytes.Length; length++) Should.Throw<BadManifestException>(() => Manifest.Read(bytes.AsMemory(0, length)));
    }

    [Fact]
    public void Versions_differ_in_the_files_that_came_went_or_changed() => Gen.Select(Files, Files).Sample(
        (old, now) =>
        {
            var (before, after) = (Manifest.Read(Manifests.Pack(old).Manifest), Manifest.Read(Manifests.Pack(now).Manifest));
            var expected = old.Concat(now).Select(file => file.Path).Distinct(StringComparer.Ordinal)
                .Where(path => !old.Where(file => file.Path == path).Select(file => Sha256.Of(file.Content)).SequenceEqual(now.Where(file => file.Path == path).Select(file => Sha256.Of(file.Content))));
            ManifestDiff.Between(before, after).Select(change => Encoding.UTF8.GetString(change.Path)).ShouldBe(expected, ignoreOrder: true);
        },
        iter: 20, threads: 1);

    private static Gen<string> OneOf(params string[] words) => Gen.Int[0, words.Length - 1].Select(i => words[i]);

    private static byte[] ReadOf(Manifest manifest, Dictionary<Sha256, byte[]> packs, int file)
    {
        var content = new List<byte>();
        for (var chunk = manifest.FirstChunk(file); chunk < manifest.FirstChunk(file + 1); chunk++)
        {
            var piece = manifest.ChunkAt(chunk);
            var bytes = packs[manifest.PackAt(piece.Pack).Sha256].AsSpan(piece.Offset, piece.Length);
            Crc32C.Of(bytes).ShouldBe(piece.Crc);
            content.AddRange(bytes);
        }

        return [.. content];
    }

    private static string[] PathsOf(Manifest manifest) => [.. Enumerable.Range(0, manifest.Files).Select(file => Encoding.UTF8.GetString(manifest.PathOf(file)))];

    private static List<string> NamesOf(NameReader names, int count)
    {
        var read = new List<string>();
        while (read.Count < count && names.MoveNext()) read.Add(Encoding.UTF8.GetString(names.Current));
        return read;
    }

    private static byte[] Drawn(int length)
    {
        var content = new byte[length];
        for (var i = 0; i < length; i += 997) content[i] = (byte)(i * 31);
        return content;
    }

    private static (string Path, byte[] Content)[] WithoutClashes((string Path, byte[] Content)[] files)
    {
        var kept = new List<(string Path, byte[] Content)>();
        foreach (var file in files)
        {
            if (!kept.Any(other => other.Path == file.Path || other.Path.StartsWith(file.Path + "/", StringComparison.Ordinal) || file.Path.StartsWith(other.Path + "/", StringComparison.Ordinal))) kept.Add(file);
        }

        return [.. kept];
    }
}
