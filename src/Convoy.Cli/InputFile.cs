using System.Text;
using Convoy.Cli.Output;
using Convoy.Client;
using Convoy.Core.Documents;

namespace Convoy.Cli;

/// <summary>Files that people name to be read.</summary>
internal static class InputFile
{
    private const string StandardInput = "-";

    /// <summary>The file in messages.</summary>
    public static string NameOf(string file) => file == StandardInput ? Text.Of("standard input").Said() : file;

    /// <param name="file"><c>-</c> reads standard input.</param>
    /// <param name="what">What it should be, for who named another file.</param>
    public static async Task<string> ReadTextAsync(string file, long largest, Text what, CancellationToken cancellationToken)
    {
        var bytes = await ReadAsync(file, largest, what, cancellationToken);
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            throw new BadFileException($"{NameOf(file)} is not UTF-8 text; is it a {what}?");
        }
    }

    public static async Task<ReadOnlyMemory<byte>> ReadAsync(string file, long largest, Text what, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = file == StandardInput ? Console.OpenStandardInput() : File.OpenRead(file);
            var bytes = new MemoryStream();
            var buffer = new byte[64 << 10];
            for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                await bytes.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                if (bytes.Length > largest) throw new BadFileException($"{NameOf(file)} is larger than {Spans.Bytes(largest)}; is it a {what}?");
            }

            return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
        }
        catch (Exception e) when (FileException.Explains(e))
        {
            throw FileException.Reading($"the {what} {NameOf(file)}", file, e);
        }
    }
}
