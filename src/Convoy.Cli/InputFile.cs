using System.CommandLine;
using System.Text;
using Convoy.Cli.Output;

namespace Convoy.Cli;

/// <summary>A file that somebody wrote, or standard input.</summary>
internal static class InputFile
{
    private const long LargestFile = 4 << 20;

    public static Option<string?> Option(string description) => new("--file", "-f") { Description = description, HelpName = "FILE" };

    /// <param name="what">What the file should be, such as <c>a job file</c>.</param>
    public static async Task<string> ReadAsync(string file, string what, CancellationToken cancellationToken)
    {
        await using var stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
        var bytes = new MemoryStream();
        var buffer = new byte[64 << 10];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            await bytes.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            if (bytes.Length > LargestFile) throw new InvalidDataException($"{file} is larger than {Spans.Bytes(LargestFile)}; is it {what}?");
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException($"{file} is not UTF-8 text; is it {what}?");
        }
    }
}
