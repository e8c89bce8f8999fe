using System.Formats.Tar;
using System.IO.Compression;
using Convoy.Client.Code;

namespace Convoy.Client.Tests.Code;

public sealed class CodePackTests : IDisposable
{
    private readonly CodeTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void Equal_files_give_equal_bytes_whenever_and_wherever_they_were_made()
    {
        using var other = new CodeTree();
        Fill(tree, ["b", "a/c", new string('n', 150) + "/long"]);
        Fill(other, [new string('n', 150) + "/long", "a/c", "b"]);
        File.SetLastWriteTimeUtc($"{other.Root}/b", new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetUnixFileMode($"{other.Root}/a/c", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Pack(tree).ShouldBe(Pack(other));
    }

    [Fact]
    public void What_was_packed_comes_out_again()
    {
        tree.Add("run.sh", "#!").Add("src/train.py", "print()").Add("empty", "");
        File.SetUnixFileMode($"{tree.Root}/run.sh", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.CreateSymbolicLink($"{tree.Root}/link", "src/train.py");
        using var tar = new TarReader(new GZipStream(new MemoryStream(Pack(tree)), CompressionMode.Decompress));
        var found = new List<string>();
        while (tar.GetNextEntry() is { } entry)
        {
            var text = entry.DataStream is { } data ? new StreamReader(data).ReadToEnd() : entry.LinkName;
            found.Add($"{entry.EntryType} {Convert.ToString((int)entry.Mode, 8)} {entry.Name} {text}");
        }

        found.ShouldBe(["RegularFile 644 empty ", "SymbolicLink 755 link src/train.py", "RegularFile 755 run.sh #!", "RegularFile 644 src/train.py print()"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("longer than it was before")]
    public void A_file_that_changed_since_the_scan_is_named(string now)
    {
        var folder = CodeFolder.Scan(tree.Add("model.py", "ten  bytes").Root);
        tree.Add("model.py", now);
        Should.Throw<CodeFolderException>(() => CodePack.Write(folder, new MemoryStream())).Message.ShouldContain("model.py changed");
    }

    [Fact]
    public void A_file_that_went_since_the_scan_is_named()
    {
        var folder = CodeFolder.Scan(tree.Add("model.py").Root);
        File.Delete($"{tree.Root}/model.py");
        Should.Throw<CodeFolderException>(() => CodePack.Write(folder, new MemoryStream())).Message.ShouldContain("model.py");
    }

    [Fact]
    public void More_than_unpacking_allows_is_refused_before_anything_is_written_and_the_largest_are_named()
    {
        tree.Add("train.py");
        using (var file = File.OpenWrite($"{tree.Root}/data.bin")) file.SetLength(CodePack.MaxUnpackedBytes + 1);
        using var packed = new MemoryStream();
        var refusal = Should.Throw<CodeFolderException>(() => CodePack.Write(CodeFolder.Scan(tree.Root), packed)).Message;
        refusal.ShouldContain("data.bin");
        refusal.ShouldContain(".convoyignore");
        packed.Length.ShouldBe(0);
    }

    [Fact]
    public void A_pack_above_the_limit_is_refused_and_the_largest_are_named()
    {
        var noise = new byte[200_000];
        new Random(1).NextBytes(noise);
        tree.Add("train.py").Add("weights.bin", Convert.ToBase64String(noise)).Add("zeros", new string('0', 100_000));
        using var packed = new MemoryStream();
        var refusal = Should.Throw<CodeFolderException>(() => CodePack.Write(CodeFolder.Scan(tree.Root), packed, maxBytes: 100_000)).Message;
        refusal.ShouldStartWith("The code folder packs to more than 97.7 KiB; largest: weights.bin (260.4 KiB)");
        packed.Length.ShouldBeLessThanOrEqualTo(100_000);
    }

    private static void Fill(CodeTree tree, string[] names)
    {
        foreach (var name in names) tree.Add(name, "text of " + name);
    }

    private static byte[] Pack(CodeTree tree)
    {
        using var packed = new MemoryStream();
        CodePack.Write(CodeFolder.Scan(tree.Root), packed);
        return packed.ToArray();
    }
}
