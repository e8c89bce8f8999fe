namespace Convoy.Server.Tests;

public sealed class StateFolderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("convoy-state-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_folder_held_by_a_server_is_refused_to_a_second_one()
    {
        using var held = StateFolder.Open(folder);
        Should.Throw<StateFolderException>(() => StateFolder.Open(folder)).Message.ShouldContain("in use by another convoy-server");
    }

    [Fact]
    public void A_folder_that_cannot_be_locked_is_refused_by_name()
    {
        Directory.CreateDirectory(Path.Combine(folder, "server", "lock"));
        Should.Throw<StateFolderException>(() => StateFolder.Open(folder)).Message.ShouldContain(folder);
    }

    [Fact]
    public void A_path_that_is_a_file_is_refused_by_name()
    {
        var file = Path.Combine(folder, "file");
        File.WriteAllText(file, "");
        Should.Throw<StateFolderException>(() => StateFolder.Open(file)).Message.ShouldContain(file);
    }
}
