using Convoy.Store.Sqlite;

namespace Convoy.Store.Tests.Sqlite;

/// <summary>A folder for one test's database.</summary>
internal sealed class DatabaseFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("convoy-store-");

    public string File => Path.Combine(folder.FullName, "convoy.db");

    public Task<SqliteStore> OpenAsync() => SqliteStore.OpenAsync(File, TimeProvider.System, CancellationToken.None);

    public void Dispose() => folder.Delete(recursive: true);
}
