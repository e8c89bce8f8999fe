using System.Text;
using CsCheck;

namespace Convoy.Client.Tests;

public sealed class ContextsTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("convoy-contexts-").FullName;

    private string Saved => Path.Combine(root, "config", "convoy", "contexts.json");

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Contexts_come_back_as_they_were_written_and_only_their_owner_reads_them()
    {
        var written = Contexts.None.With(new SavedContext("a", "http://127.0.0.1:1", "cvy_a_b")).With(new SavedContext("b", "https://b.example", TokenFile: "/t"));
        written.Write(Saved);
        var read = Contexts.Read(Saved);
        read.Items.ShouldBe(written.Items);
        read.CurrentContext!.Name.ShouldBe("b");
        File.GetUnixFileMode(Saved).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Path.GetDirectoryName(Saved)!).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.GetFiles(Path.GetDirectoryName(Saved)!).ShouldBe([Saved]);
    }

    [Fact]
    public void No_file_is_no_context() => Contexts.Read(Saved).Items.ShouldBeEmpty();

    [Theory]
    [InlineData("/nowhere/at/all")]
    [InlineData("/proc/self")]
    [InlineData("a\0b")]
    [InlineData("")]
    public void A_token_file_that_cannot_be_read_gives_no_token(string file) => new SavedContext("a", "http://a", TokenFile: file).ReadToken().ShouldBeNull();

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"current\":")]
    [InlineData("{\"items\":[null]}")]
    [InlineData("{\"items\":[{\"server\":\"http://a\"}]}")]
    [InlineData("{\"items\":[{\"name\":\"a\",\"token\":\"cvy_secret\"}]}")]
    [InlineData("{\"items\":[{\"name\":\"a\",\"server\":\"b\",\"token\":[\"cvy_secret\"]}]}")]
    public void A_damaged_file_is_a_typed_error_that_names_the_file_and_no_token(string text)
    {
        var file = Path.Combine(root, "damaged.json");
        File.WriteAllText(file, text);
        var error = Should.Throw<Core.Documents.BadFileException>(() => Contexts.Read(file));
        error.Message.ShouldContain(file);
        error.ToString().ShouldNotContain("secret");
    }

    [Fact]
    public void Changed_files_give_contexts_or_a_typed_error()
    {
        var good = Encoding.UTF8.GetBytes("""{"current":"b","items":[{"name":"a","server":"http://127.0.0.1:1","token":"cvy_a_b"},{"name":"b","server":"https://b","tokenFile":"/t"}]}""");
        var file = Path.Combine(root, "changed.json");
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, 12]).Array[1, 4].Sample(
            changes =>
            {
                var bytes = good.ToList();
                foreach (var (at, value, cut) in changes)
                {
                    if (at >= bytes.Count) continue;
                    bytes[at] = value;
                    if (cut > 6) bytes.RemoveRange(at, Math.Min(cut, bytes.Count - at));
                }

                File.WriteAllBytes(file, [.. bytes]);
                try
                {
                    var read = Contexts.Read(file);
                    read.Items.ShouldAllBe(context => context.Name != null && context.Server != null);
                    _ = read.CurrentContext?.ReadToken();
                }
                catch (Core.Documents.BadFileException)
                {
                    // The one kind of error that callers know.
                }
            },
            iter: 2000,
            threads: 1);
    }
}
