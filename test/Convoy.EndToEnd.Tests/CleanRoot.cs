using System.Diagnostics;
using System.Globalization;

namespace Convoy.EndToEnd.Tests;

/// <summary>
/// This machine as it is without a trace of the platform: an overlay of its root in memory, with process ids and mounts of its own.
/// With the first process of it everything goes that was started or written there.
/// </summary>
internal sealed class CleanRoot : IAsyncDisposable
{
    // 1. The overlay, without what the machine's own platform may have left. 2. Places that are no files. 3. A first process that reaps,
    // and says so from inside: who enters earlier would be in the machine's own root.
    private const string Script = """
        set -e
        mount -t tmpfs -o mode=755 clean "$1"
        mkdir "$1/upper" "$1/work" "$1/root"
        mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" clean "$1/root"
        cd "$1/root"
        rm -rf var/lib/convoy etc/convoy usr/lib/convoy var/lib/man-db/auto-update
        mount -t proc clean proc
        mount --rbind /dev dev
        mount -t tmpfs -o mode=1777 clean tmp
        mount -t tmpfs -o mode=755 clean run
        mkdir -p packages && mount --bind "$2" packages
        exec chroot . sh -c 'echo ready; while :; do sleep 60; done'
        """;

    private readonly Process shell;
    private readonly string folder;
    private readonly int first;

    private CleanRoot(Process shell, string folder, int first) => (this.shell, this.folder, this.first) = (shell, folder, first);

    /// <summary>Skips the test where that is not permitted.</summary>
    /// <param name="packages">What is found there as <c>/packages</c>.</param>
    public static async Task<CleanRoot> MakeAsync(string packages)
    {
        if (!Environment.IsPrivilegedProcess) Assert.Skip("only root can make a root of its own");
        var folder = Directory.CreateTempSubdirectory("convoy-root-").FullName;
        var shell = Process.Start(new ProcessStartInfo("unshare", ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", Script, "clean-root", folder, packages])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var word = await shell.StandardOutput.ReadLineAsync();
        var root = new CleanRoot(shell, folder, word == "ready" ? ChildOf(shell.Id) : 0);
        if (word == "ready") return root;
        var reason = await shell.StandardError.ReadToEndAsync();
        await root.DisposeAsync();
        Assert.Skip($"a root of its own is not permitted here: {reason.Trim()}");
        return root;
    }

    /// <summary>What a shell in it printed; it has to succeed.</summary>
    public Task<string> RunAsync(string script) => MadePackages.RunAsync("nsenter", Arguments(script));

    public Task<EndedCommand> TryAsync(string script) => MadePackages.TryAsync("nsenter", Arguments(script));

    public async ValueTask DisposeAsync()
    {
        if (!shell.HasExited) shell.Kill();
        await shell.WaitForExitAsync();
        shell.Dispose();
        Directory.Delete(folder);
    }

    private static int ChildOf(int pid) => int.Parse(File.ReadAllText($"/proc/{pid}/task/{pid}/children"), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);

    /// <summary>In a clean environment, as after a login of root's.</summary>
    private string[] Arguments(string script) =>
        ["--target", $"{first}", "--mount", "--pid", "--root", "--wd", "env", "-i", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "sh", "-c", $"mkdir -p /root/work; cd /root/work; {script}"];
}
