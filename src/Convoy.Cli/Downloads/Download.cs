using System.Security.Cryptography;
using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Languages;

namespace Convoy.Cli.Downloads;

/// <summary>
/// One file from the platform to a place: under another name until it is whole and its hash is right, and taken up where an earlier try
/// broke off.
/// </summary>
internal sealed class Download(Call call, string job, bool isForced, TransferBar bar)
{
    private const int BufferBytes = 1 << 17;
    private const int HashInName = 16;

    /// <summary>Whether what is there is another file, as far as can be told without reading it.</summary>
    public static bool IsOther(string place, long size)
    {
        var file = new FileInfo(place);
        return Directory.Exists(place) || file.LinkTarget is not null || (file.Exists && file.Length != size);
    }

    /// <summary>False where the very file is there already.</summary>
    public async Task<bool> ToFileAsync(OutputFileView file, string place, CancellationToken cancellationToken)
    {
        try
        {
            if (!IsOther(place, file.Size) && File.Exists(place))
            {
                if (await HashAsync(place, cancellationToken) == file.Sha256)
                {
                    bar.Add(file.Size);
                    return false;
                }

                if (!isForced) throw Differs(place);
            }

            if (file.Sha256 is not { Length: 64 } sha256 || !sha256.All(char.IsAsciiHexDigit)) throw Damaged(file);
            var part = Path.Combine(Path.GetDirectoryName(place)!, $".{sha256[..HashInName]}.convoy-part");
            if (new FileInfo(part).LinkTarget is not null) File.Delete(part);
            if (!await FetchAsync(file, part, cancellationToken)) throw Damaged(file);
            File.SetLastWriteTimeUtc(part, file.ModifiedAt.UtcDateTime);
            if (file.Executable && !OperatingSystem.IsWindows()) File.SetUnixFileMode(part, File.GetUnixFileMode(part) | UnixFileMode.UserExecute);
            File.Move(part, place, overwrite: isForced);
            return true;
        }
        catch (Exception e) when (FileException.Explains(e))
        {
            throw FileException.Writing(Text.Verbatim(place)!, place, e);
        }
    }

    /// <summary>As data. What was wrong is known only at the end.</summary>
    public async Task ToOutputAsync(OutputFileView file, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await call.Client.Outputs.CopyAsync(job, file, 0, (bytes, _) => Take(bytes, call.RawOutput), cancellationToken);
        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != file.Sha256) throw Damaged(file);

        ValueTask Take(ReadOnlyMemory<byte> bytes, Stream output)
        {
            hash.AppendData(bytes.Span);
            output.Write(bytes.Span);
            return ValueTask.CompletedTask;
        }
    }

    public static CommandException Differs(string place) =>
        new(ExitCodes.Invalid, "FileExists", $"{place} is there and differs; it was not touched; give --force to replace it, or another --to");

    /// <summary>False where it is not what it should be: nothing of it is kept then.</summary>
    private async Task<bool> FetchAsync(OutputFileView file, string part, CancellationToken cancellationToken)
    {
        for (var isFresh = false; ; isFresh = true)
        {
            await using var target = new FileStream(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, BufferBytes, useAsync: true);
            if (target.Length > file.Size || isFresh) target.SetLength(0);
            isFresh |= target.Length == 0;
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await AppendAsync(hash, target, cancellationToken);
            bar.Add(target.Length);
            await call.Client.Outputs.CopyAsync(
                job,
                file,
                target.Length,
                async (bytes, stop) =>
                {
                    hash.AppendData(bytes.Span);
                    await target.WriteAsync(bytes, stop);
                    bar.Add(bytes.Length);
                },
                cancellationToken);
            if (Convert.ToHexStringLower(hash.GetHashAndReset()) == file.Sha256) return true;
            bar.Add(-file.Size);
            File.Delete(part);
            if (isFresh) return false;
        }
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, useAsync: true);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
    }

    private static async Task AppendAsync(IncrementalHash hash, FileStream file, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        while (await file.ReadAsync(buffer, cancellationToken) is > 0 and var read) hash.AppendData(buffer, 0, read);
    }

    private static CommandException Damaged(OutputFileView file) =>
        new(ExitCodes.Unreachable, "HashMismatch", $"{Printable.Of(file.Path)} came with another SHA-256 than the server said: it was damaged on its way; nothing of it was kept; try again");
}
