using Convoy.Clusters.LocalProcesses;

namespace Convoy.Clusters.Tests.LocalProcesses;

public sealed class PersonFoldersTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("convoy-person-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task Many_jobs_of_one_person_make_the_same_folders_at_once()
    {
        var home = Path.Combine(root, "people", "1", "home");
        Directory.CreateDirectory(Path.Combine(root, "people"));
        var folders = new PersonFolders(Environment.IsPrivilegedProcess ? 700_001 : null);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => folders.MakeOwn(home))));

        Directory.GetFileSystemEntries(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Order(StringComparer.Ordinal)
            .ShouldBe([Path.Combine(root, "people"), Path.Combine(root, "people", "1"), home]);
        File.GetUnixFileMode(home).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
