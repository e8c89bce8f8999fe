using System.Diagnostics;

namespace Convoy.EndToEnd.Tests;

/// <summary>A file system of its own, in a file.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string image;

    private SmallDisk(string folder, string image) => (Folder, this.image) = (folder, image);

    public string Folder { get; }

    /// <summary>Skips the test where mounting is not permitted.</summary>
    public static async Task<SmallDisk> MakeAsync(int mebibytes)
    {
        var folder = Directory.CreateTempSubdirectory("convoy-disk-").FullName;
        var image = folder + ".ext4";
        await using (var file = File.Create(image)) file.SetLength((long)mebibytes << 20);
        var disk = new SmallDisk(folder, image);

        // Small blocks and many files, as on a large disk.
        if (await RunAsync("mkfs.ext4", "-q", "-F", "-m", "0", "-i", "4096", image) != 0 || await RunAsync("mount", "-o", "loop", image, folder) != 0)
        {
            await disk.DisposeAsync();
            Assert.Skip("mounting a file as a disk is not permitted here");
        }

        File.SetUnixFileMode(folder, (UnixFileMode)0x1ED);
        return disk;
    }

    public long Free => new DriveInfo(Folder).AvailableFreeSpace;

    /// <summary>Something that takes the room. It goes when it is disposed of, lest a failed test hang on a full disk.</summary>
    public Filler Fill() => new(Path.Combine(Folder, "filler"), this);

    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", "--lazy", Folder);
        if (Directory.Exists(Folder)) Directory.Delete(Folder);
        File.Delete(image);
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            await process.WaitForExitAsync();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}

internal sealed class Filler(string file, SmallDisk disk) : IDisposable
{
    /// <summary>All of what is left but so much.</summary>
    public void GrowUpTo(long free)
    {
        using var stream = new FileStream(file, FileMode.Append);
        var block = new byte[64 << 10];
        try
        {
            for (var left = disk.Free; left > free; left -= block.Length) stream.Write(block);
            stream.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Dispose() => File.Delete(file);
}
