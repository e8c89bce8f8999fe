namespace Convoy.Core.Tests;

/// <summary>Files that lie beside the checkout, such as the public traces; tests that need them are skipped elsewhere.</summary>
internal static class SharedFile
{
    public static string? Find(string path)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var file = Path.Combine(folder.FullName, "shared", path);
            if (File.Exists(file)) return file;
        }

        return null;
    }
}
