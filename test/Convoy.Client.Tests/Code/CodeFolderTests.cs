using Convoy.Client.Code;

namespace Convoy.Client.Tests.Code;

public sealed class CodeFolderTests : IDisposable
{
    private static readonly string[] Names = ["a", "b", "ab", "a.log", "b.py", "[x]", "a b", "-", "é", "!c", "#d", "a]"];
    private static readonly string[] Pieces = ["a", "b", "ab", "*", "**", "?", "/", "/", "[ab]", "[!a]", "[^b]", "[a-c]", "[]x]", "[[:alpha:]]", "[[:punct:]]", "\\*", "\\[", "\\a", ".log", ".py", "**/", "/**", "/**/", " ", "\\ ", "!", "#", "[", "]", "é", "\\", "[a", "[--a]", "[\\]x]", "a**"];
    private readonly CodeTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void What_git_would_add_is_what_is_packed()
    {
        Assert.SkipUnless(CodeTree.HasGit, "git is not installed");
        var random = new Random(20261124);
        for (var round = 0; round < 150; round++)
        {
            using var made = new CodeTree();
            var folders = new List<string> { "" };
            for (var i = random.Next(1, 5); i > 0; i--) folders.Add(folders[random.Next(folders.Count)] + "d" + Names[random.Next(Names.Length)] + "/");
            for (var i = random.Next(4, 14); i > 0; i--) made.Add(folders[random.Next(folders.Count)] + Names[random.Next(Names.Length)]);
            var rules = "";
            foreach (var folder in folders.Distinct())
            {
                if (folder.Length > 0 && random.Next(3) > 0) continue;
                var lines = string.Join(random.Next(8) == 0 ? "\r\n" : "\n", Enumerable.Range(0, random.Next(1, 5)).Select(_ => Pattern(random)));
                made.Add(folder + ".gitignore", lines);
                rules += $"\n--- {folder}.gitignore\n{lines}";
            }

            CodeFolder.Scan(made.Root).Files.Select(file => file.Path).ShouldBe(made.SeenByGit(), $"round {round}{rules}");
        }
    }

    [Fact]
    public void Patterns_of_many_stars_cost_no_exponential_time()
    {
        tree.Add(".gitignore", string.Concat(Enumerable.Repeat("**/a*", 40)) + "b").Add(string.Join('/', Enumerable.Repeat("aaaaaaaaaa", 12)) + "/" + new string('a', 100));
        CodeFolder.Scan(tree.Root).Files.Count.ShouldBe(2);
    }

    [Fact]
    public void Convoyignore_speaks_after_gitignore()
    {
        tree.Add(".gitignore", "*.bin\n").Add(".convoyignore", "!need.bin\nnotes\n").Add("need.bin").Add("other.bin").Add("notes").Add("train.py").Add(".git/config").Add("sub/.git/config").Add("sub/.convoyignore", "y").Add("sub/y");
        CodeFolder.Scan(tree.Root).Files.Select(file => file.Path).ShouldBe([".convoyignore", ".gitignore", "need.bin", "sub/.convoyignore", "train.py"]);
    }

    [Fact]
    public void Links_to_outside_stay_behind_with_a_reason()
    {
        tree.Add("a/b/file");
        Directory.CreateSymbolicLink($"{tree.Root}/a/b/up", "../..");
        Directory.CreateSymbolicLink($"{tree.Root}/out", "a/b/up/../x");
        File.CreateSymbolicLink($"{tree.Root}/absolute", "/etc/passwd");
        File.CreateSymbolicLink($"{tree.Root}/inside", "a/b/file");
        var folder = CodeFolder.Scan(tree.Root);
        folder.Files.Select(file => file.Path).ShouldBe(["a/b/file", "a/b/up", "inside"]);
        folder.Skipped.Select(file => file.Path).ShouldBe(["absolute", "out"]);
    }

    [Fact]
    public void Links_that_unpacking_refuses_stay_behind_with_a_reason()
    {
        tree.Add("a/b/file");
        File.CreateSymbolicLink($"{tree.Root}/again", "a/../a/b/file");
        File.CreateSymbolicLink($"{tree.Root}/a/fine", "../a/b/file");
        var folder = CodeFolder.Scan(tree.Root);
        folder.Files.Select(file => file.Path).ShouldBe(["a/b/file", "a/fine"]);
        folder.Skipped.Single().Path.ShouldBe("again");
    }

    [Fact]
    public void Sockets_stay_behind_with_a_reason()
    {
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint($"{tree.Root}/s"));
        CodeFolder.Scan(tree.Root).Skipped.Single().Path.ShouldBe("s");
    }

    [Fact]
    public void A_missing_folder_is_named() => Should.Throw<CodeFolderException>(() => CodeFolder.Scan(tree.Root + "/none")).Message.ShouldContain("/none");

    [Fact]
    public void The_summary_counts_files_and_bytes()
    {
        tree.Add("a", new string('x', 1024 * 1024)).Add("b", new string('x', 210_000));
        CodeFolder.Scan(tree.Root).Summary.ShouldBe("2 files, 1.2 MiB");
    }

    private static string Pattern(Random random) =>
        (random.Next(4) == 0 ? "!" : "") + string.Concat(Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(6) == 0 ? "d" + Names[random.Next(Names.Length)] : Pieces[random.Next(Pieces.Length)])) + (random.Next(5) == 0 ? "/" : "");
}
