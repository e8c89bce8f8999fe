using System.Diagnostics;
using System.Globalization;

namespace Convoy.EndToEnd.Tests.Guide;

/// <summary>
/// A machine for one reader of the guide: its own network, processes, /var/lib and /mnt, in which the installed programs and default ports and folders are
/// what the pages say. Nothing of it is seen outside, and nothing outlives it.
/// </summary>
internal sealed class GuideSandbox : IAsyncDisposable
{
    private const string Python = "/usr/bin/python3";

    /// <summary>Is the first process in there: sets the loopback up, and runs a script for each line that it reads.</summary>
    private const string Init = """
        /usr/bin/python3 -c 'import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sH14x", b"lo", 1))'
        mount -t tmpfs -o mode=755 tmpfs /var/lib
        mount -t tmpfs -o mode=755 tmpfs /mnt
        echo ready
        while read -r script; do code=0; bash "$script" < /dev/null > "$script.log" 2>&1 || code=$?; echo $code; done
        """;

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("convoy-guide-");
    private readonly Process init;
    private int scripts;

    private GuideSandbox(string samples)
    {
        // Tasks under other uids pass through.
        File.SetUnixFileMode(Root, (UnixFileMode)0x1ED);
        File.SetUnixFileMode(Directory.CreateDirectory(Path.Combine(Root, "tmp")).FullName, (UnixFileMode)0x3FF);
        var programs = Directory.CreateDirectory(Path.Combine(Root, "programs")).FullName;
        foreach (var program in new[] { BuiltPrograms.Cli, BuiltPrograms.Server, BuiltPrograms.Task }) Copy(Path.GetDirectoryName(program)!, programs);
        Copy(Path.Combine(samples, "..", "python", "convoy"), Path.Combine(programs, "python", "convoy"));

        var start = new ProcessStartInfo("unshare", ["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-euc", Init]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        start.Environment["PATH"] = $"{programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["HOME"] = Directory.CreateDirectory(Path.Combine(Root, "home")).FullName;
        start.Environment["TMPDIR"] = Path.Combine(Root, "tmp");
        start.Environment["LANG"] = "C.UTF-8";
        start.Environment["TERM"] = "xterm";
        start.Environment["SHELL"] = "/bin/sh";
        start.Environment["SAMPLES"] = samples;
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { } dotnet) start.Environment["DOTNET_ROOT"] = dotnet;
        init = Process.Start(start)!;
    }

    public string Root => root.FullName;

    /// <summary>Skips the test where a machine like that cannot be had.</summary>
    public static async Task<GuideSandbox> StartAsync(string samples)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: the guide is read on a network and with folders of one's own");
        Assert.SkipUnless(File.Exists(Python), $"needs {Python}");
        var sandbox = new GuideSandbox(samples);
        if (await sandbox.init.StandardOutput.ReadLineAsync() == "ready") return sandbox;
        var why = await sandbox.init.StandardError.ReadToEndAsync();
        await sandbox.DisposeAsync();
        Assert.Skip($"namespaces are not permitted here: {why}");
        return null;
    }

    /// <summary>The exit code, and what the script printed itself.</summary>
    public async Task<(int ExitCode, string Log)> RunAsync(string script)
    {
        var file = Path.Combine(Root, $"script.{++scripts}");
        await File.WriteAllTextAsync(file, script);
        await init.StandardInput.WriteLineAsync(file);
        await init.StandardInput.FlushAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(8));
        try
        {
            var code = await init.StandardOutput.ReadLineAsync(limit.Token);
            return (int.Parse(code ?? "-1", CultureInfo.InvariantCulture), await File.ReadAllTextAsync($"{file}.log", limit.Token));
        }
        catch (OperationCanceledException)
        {
            return (-1, "it does not end");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!init.HasExited) init.Kill();
        await init.WaitForExitAsync();
        init.Dispose();
        root.Delete(recursive: true);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.GetDirectories(from)) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }
}
