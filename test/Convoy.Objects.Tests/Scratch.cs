namespace Convoy.Objects.Tests;

/// <summary>A folder of its own, gone with the test.</summary>
public sealed class Scratch : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("convoy-objects-").FullName;

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
