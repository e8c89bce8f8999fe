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
        await new Upload(call, archive.Length).RunAsync(progress => call.Client.Code.UploadAsync(archive, hash, progress, cancellationToken));
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

    /// <summary>At a terminal a bar with size, rate and time; elsewhere one line when it is done. What the server has already is not told of.</summary>
    private sealed class Upload(Call call, long length) : IProgress<long>
    {
        private readonly ProgressBar bar = new(call, Text.Of("code:").Said(), length);
        private long first = -1;

        public async Task RunAsync(Func<IProgress<long>, Task> upload)
        {
            try
            {
                await upload(this);
            }
            finally
            {
                bar.Clear();
            }

            if (first >= 0) call.Say($"code: {Spans.Bytes(length)} uploaded in {Spans.Of(bar.Passed)}");
        }

        public void Report(long value)
        {
            // An upload that broke off goes on where it was: the rate is of what is sent now.
            if (first < 0) first = value;
            bar.Show(value, () => $"{Spans.Bytes(value)} of {Spans.Bytes(length)}{Rate(value - first)}");
        }

        private string Rate(long sent) => bar.Passed > TimeSpan.FromSeconds(1) ? $", {Spans.Bytes((long)(sent / bar.Passed.TotalSeconds))}/s" : "";
    }
}
