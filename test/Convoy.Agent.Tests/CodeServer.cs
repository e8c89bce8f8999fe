using System.IO.Compression;
using System.Formats.Tar;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Convoy.Agent.Tests;

/// <summary>Answers requests for a job's code one after the other, as it is told to, and keeps what was asked. Answered all, it listens no more.</summary>
internal sealed class CodeServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly List<string> requests = [];
    private readonly Task answering;

    public CodeServer(params byte[][] answers)
    {
        listener.Start();
        answering = AnswerAsync(answers);
    }

    public Uri Url => new($"http://{listener.LocalEndpoint}");

    /// <summary>Request line and headers of each.</summary>
    public IReadOnlyList<string> Requests => requests;

    public static byte[] Status(int code) => Encoding.ASCII.GetBytes($"HTTP/1.1 {code} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

    public static byte[] Content(byte[] body) => [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), .. body];

    /// <summary>An archive as people's command line makes it.</summary>
    public static byte[] Archive(params (string Name, string Text, bool IsProgram)[] files)
    {
        using var packed = new MemoryStream();
        using (var tar = new TarWriter(new GZipStream(packed, CompressionLevel.NoCompression, leaveOpen: true)))
        {
            foreach (var (name, text, isProgram) in files)
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { Mode = (UnixFileMode)(isProgram ? 0x1C0 : 0x180), DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
            }
        }

        return packed.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await answering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task AnswerAsync(byte[][] answers)
    {
        foreach (var answer in answers)
        {
            using var client = await listener.AcceptTcpClientAsync();
            var read = new StringBuilder();
            var buffer = new byte[4096];
            while (!read.ToString().Contains("\r\n\r\n", StringComparison.Ordinal)) read.Append(Encoding.ASCII.GetString(buffer, 0, await client.GetStream().ReadAsync(buffer)));
            requests.Add(read.ToString());
            await client.GetStream().WriteAsync(answer);
        }

        listener.Stop();
    }
}
