using System.Security.Cryptography;
using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Code;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Submission;

/// <summary>The folder that goes with a job.</summary>
internal static class CodeArchive
{
    private const int MostNamed = 5;

    /// <summary>The folder to send, or null. Nothing is sent yet.</summary>
    /// <param name="file">The job file's spec; null where flags alone describe the job.</param>
    /// <param name="fileFolder">What a folder named in the job file is relative to.</param>
    public static CodeFolder? Choose(Call call, JobFlags flags, JobSpec? file, string fileFolder)
    {
        if (call.Get(flags.NoCode)) return null;
        if (call.Get(flags.Workdir) is { } given) return CodeFolder.Scan(given);
        if (file?.Code?.Workdir is { } named) return CodeFolder.Scan(Path.Combine(fileFolder, named));
        if (file is not null) return null;
        if (!IsBroad(Environment.CurrentDirectory)) return CodeFolder.Scan(".");
        throw new CommandException(
            ExitCodes.Invalid, "BroadFolder", $"the current folder {Environment.CurrentDirectory} would be sent with the job, all of it; give --workdir DIR for the folder to send, or --no-code to send none");
    }

    public static void Describe(Call call, CodeFolder folder)
    {
        call.Say($"code: {folder.Summary} from {folder.Root}");
        foreach (var skipped in folder.Skipped.Take(MostNamed)) call.Say($"code: left behind {Printable.Of(skipped.Path)}: {skipped.Reason}");
        if (folder.Skipped.Count > MostNamed) call.Say($"code: left behind {folder.Skipped.Count - MostNamed} more");
    }

    /// <summary>Packs, uploads what the server does not have, and returns its name there.</summary>
    public static async Task<CodeSpec> UploadAsync(Call call, CodeFolder folder, CancellationToken cancellationToken)
    {
        var file = Path.Combine(Path.GetTempPath(), $"convoy-code-{Guid.NewGuid():N}.tar.gz");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var archive = Pack(folder, file, options);
        archive.Position = 0;
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(archive, cancellationToken));
        await call.Client.Code.UploadAsync(archive, hash, Console.IsErrorRedirected ? null : new Percentage(call, archive.Length), cancellationToken);
        return new CodeSpec { Archive = hash };
    }

    private static FileStream Pack(CodeFolder folder, string file, FileStreamOptions options)
    {
        FileStream? archive = null;
        try
        {
            archive = new FileStream(file, options);
            CodePack.Write(folder, archive);
            archive.Flush();
            return archive;
        }
        catch (Exception e) when (FileException.Explains(e))
        {
            archive?.Dispose();
            throw FileException.Writing($"the archive of the code, {file},", file, e);
        }
    }

    /// <summary>Somebody's whole home, or the whole machine.</summary>
    public static bool IsBroad(string folder)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Path.GetPathRoot(folder) == folder || (home.Length > 0 && Path.TrimEndingDirectorySeparator(home) == folder);
    }

    /// <summary>One line that is drawn again, for archives that take a while.</summary>
    private sealed class Percentage(Call call, long length) : IProgress<long>
    {
        private const long WorthShowing = 4 << 20;

        public void Report(long value)
        {
            if (length >= WorthShowing) call.Error.Write($"\rcode: {Spans.Bytes(value)} of {Spans.Bytes(length)} uploaded{(value == length ? "\n" : "")}");
        }
    }
}
